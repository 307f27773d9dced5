#include "daemon/daemon_rig.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/assert.h"
#include "base/ids.h"
#include "event/json_text.h"
#include "understand/rules.h"

namespace gasoline::test {
namespace {

std::shared_ptr<const understand::Rules> plain_rules() {
  static SilentLog log;
  static const std::shared_ptr<const understand::Rules> rules = [] {
    understand::Options options;
    options.mask_secrets = false;  // spares compiling the patterns
    return std::move(*understand::Rules::create(options, log));
  }();
  return rules;
}

}  // namespace

void RecordingLog::write(Severity, std::string_view text) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(text);
}

size_t RecordingLog::count_of(std::string_view part) const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const auto& line) {
    return line.find(part) != std::string::npos;
  }));
}

bool eventually(const std::function<bool()>& claim) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::string new_run_id(int64_t made_us) {
  SystemRandom random;
  return std::string(view(make_ulid(static_cast<uint64_t>(made_us / 1000),
                                    static_cast<uint16_t>(random.next_u64()), random.next_u64())));
}

std::string run_body(const std::string& run_id, uint64_t first_seq,
                     const std::vector<std::string>& messages) {
  std::string body = "{\"run_id\":\"" + run_id +
                     "\",\"service\":\"shop\",\"seq\":" + std::to_string(first_seq) +
                     ",\"events\":[";
  // Asked once: how long a busy machine takes between two bodies is not what they tell of.
  static const int64_t start_ms = SystemClock().wall_us() / 1'000'000 * 1000;
  for (size_t i = 0; i < messages.size(); ++i) {
    if (i > 0) body += ',';
    body += "{\"source\":\"stdout\",\"timestamp\":" +
            std::to_string(start_ms + static_cast<int64_t>(first_seq + i)) + ",\"message\":";
    event::append_json_string(body, messages[i]);
    body += '}';
  }
  return body + "]}";
}

std::vector<std::string> messages_of(const std::string& prefix, uint64_t first, uint64_t count) {
  std::vector<std::string> messages;
  for (uint64_t i = first; i < first + count; ++i) {
    messages.push_back(prefix + " " + std::to_string(i));
  }
  return messages;
}

PipelineRig::PipelineRig(io::FileSystem& files, const std::string& directory,
                         daemon::Pipeline::Options options, journal::SyncPolicy sync) {
  daemon::EventLog::Options log_options;
  log_options.directory = directory;
  log_options.sync = sync;
  auto opened = daemon::EventLog::open(files, log_options, clock, random, diary);
  GASOLINE_ASSERT(opened.has_value());
  log = std::move(*opened);
  store = std::make_unique<store::Store>(store::Options{}, clock);
  pipeline = std::make_unique<daemon::Pipeline>(*log, *store, plain_rules(), clock, random, diary,
                                                options);
}

daemon::Outcome PipelineRig::submit(const std::string& body, event::BatchForm form) {
  auto promise = std::make_shared<std::promise<daemon::Outcome>>();
  std::future<daemon::Outcome> future = promise->get_future();
  daemon::Pipeline::Job job;
  job.body = body;
  job.form = form;
  job.done = [promise](daemon::Outcome outcome) { promise->set_value(std::move(outcome)); };
  GASOLINE_ASSERT(pipeline->submit(job));
  return future.get();
}

std::vector<std::string> PipelineRig::stored() const {
  store::Query query;
  query.limit = store::Query::kLimitMax;
  const auto answer = store->timeline(query);
  GASOLINE_ASSERT(answer.has_value());
  std::vector<std::string> messages;
  for (const event::Event& event : answer->events) messages.emplace_back(event.message);
  return messages;
}

}  // namespace gasoline::test
