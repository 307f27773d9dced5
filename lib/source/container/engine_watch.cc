#include "source/container/engine_watch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>
#include <utility>

#include "source/container/engine_trouble.h"
#include "source/kept_text.h"

namespace gasoline::source::container {
namespace {

constexpr std::string_view kHead = "gasoline-container 1\n";
constexpr int64_t kReadyLookUs = 50'000;
constexpr int64_t kAfterEventUs = 20'000;
// What was taken stands in the event log: a save only spares reading again, and waits for the disk.
constexpr int64_t kSaveIntervalUs = 5'000'000;
constexpr int64_t kDetailsRetryUs = 5'000'000;
constexpr size_t kKnownMax = 10'000;
constexpr int64_t kSecondNs = 1'000'000'000;

std::string_view take_word(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

int64_t number_of(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

http::Request get(std::string target) {
  http::Request request;
  request.method = "GET";
  request.target = std::move(target);
  return request;
}

}  // namespace

std::string find_socket(const config::SourceSettings& settings) {
  constexpr std::string_view kUnix = "unix://";
  if (!settings.socket.empty()) return settings.socket;
  const char* host = std::getenv("DOCKER_HOST");
  if (host != nullptr && std::string_view(host).starts_with(kUnix)) return host + kUnix.size();
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const std::string own = runtime == nullptr ? "/run/user/" + std::to_string(::geteuid()) : runtime;
  for (const std::string& path :
       {std::string("/var/run/docker.sock"), own + "/docker.sock", own + "/podman/podman.sock",
        std::string("/run/podman/podman.sock")}) {
    if (::access(path.c_str(), F_OK) == 0) return path;
  }
  return "/var/run/docker.sock";
}

EngineWatch::EngineWatch(loop::Loop& loop, std::string socket,
                         const config::SourceSettings& settings, const Surroundings& around,
                         Options options)
    : loop_(loop),
      socket_(std::move(socket)),
      settings_(settings),
      around_(around),
      options_(std::move(options)),
      control_(loop, http::Client::Target{socket_, "", 0}),
      events_(loop, http::Client::Target{socket_, "", 0}),
      retry_(1),
      events_retry_(2) {
  answers_->wake = options_.wake;
}

EngineWatch::~EngineWatch() {
  {
    const std::lock_guard lock(answers_->mutex);
    answers_->wake = nullptr;
  }
  if (!is_loaded_) return;
  take_answers(around_.clock.monotonic_us());
  save();
}

void EngineWatch::load() {
  is_loaded_ = true;
  const auto text = load_kept_text(around_.files, options_.checkpoint_path);
  std::string_view rest;
  if (!text) {
    around_.diary.error(fmt::format("{}: {}: its containers count as never seen", socket_,
                                    text.error().to_string()));
  } else if (text->starts_with(kHead)) {
    rest = std::string_view(*text).substr(kHead.size());
  }
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::string_view key = take_word(line);
    if (key == "first") first_look_ns_ = number_of(line);
    if (key != "log") continue;
    const std::string id(take_word(line));
    Known& known = known_[id];
    known.from_ns = number_of(take_word(line));
    known.safe_ns = number_of(line);
  }
  is_first_look_ = first_look_ns_ == 0;
  if (is_first_look_) first_look_ns_ = around_.clock.wall_us() * 1000;
}

void EngineWatch::save() {
  std::string lines = fmt::format("{}first {}\n", kHead, first_look_ns_);
  for (const auto& [id, entry] : entries_) {
    known_[id] = {entry.stream->from_ns(), entry.stream->safe_ns()};
  }
  for (const auto& [id, known] : known_) {
    lines += fmt::format("log {} {} {}\n", id, known.from_ns, known.safe_ns);
  }
  if (lines == saved_) return;
  if (Status kept = save_kept_text(around_.files, options_.checkpoint_path, lines); kept) {
    saved_ = std::move(lines);
  } else {
    problem_ = kept.error().to_string();
  }
}

int64_t EngineWatch::tick() {
  const int64_t now_us = around_.clock.monotonic_us();
  if (!around_.intake.is_ready()) return now_us + kReadyLookUs;
  if (!is_loaded_) load();
  take_answers(now_us);
  ask(now_us);
  listen(now_us);
  const bool is_busy = tick_streams(now_us);
  if (now_us >= next_save_us_) {
    next_save_us_ = now_us + kSaveIntervalUs;
    save();
  }
  return std::min(now_us + (is_busy ? kTickUs / 10 : kTickUs), std::max(now_us, list_due_us_));
}

void EngineWatch::ask(int64_t now_us) {
  if (control_.is_busy()) return;
  if (now_us >= list_due_us_) return ask_list();
  for (auto& [id, entry] : entries_) {
    if (now_us < entry.details_due_us) continue;
    entry.details_due_us = now_us + kDetailsRetryUs;
    return ask_details(id);
  }
}

void EngineWatch::ask_list() {
  list_due_us_ = around_.clock.monotonic_us() + options_.list_interval_us;
  control_.send(get("/containers/json?all=1"), kAnswerUs, [this](Result<http::Response> outcome) {
    if (!outcome) return fail(outcome.error());
    if (outcome->status != 200) {
      return fail(Error::of(
          Error::kInvalid, "list the containers of " + socket_,
          fmt::format("the engine answers {}: {}", outcome->status, error_message(outcome->body))));
    }
    const auto list = parse_list(outcome->body);
    if (!list) return fail(list.error());
    if (retry_.failures() > 0) {
      around_.diary.info(fmt::format("containers of {}: the engine answers again", socket_));
      for (auto& [id, entry] : entries_) entry.stream->retry_now();
    }
    retry_.succeed();
    problem_.clear();
    take_list(*list);
    options_.wake();
  });
}

void EngineWatch::ask_details(const std::string& id) {
  control_.send(get(fmt::format("/containers/{}/json", id)), kAnswerUs,
                [this, id](Result<http::Response> outcome) {
                  const auto entry = entries_.find(id);
                  if (entry == entries_.end() || !outcome || outcome->status != 200) return;
                  const auto details = parse_details(outcome->body);
                  if (!details) return;
                  entry->second.stream->set_details(*details);
                  entry->second.details_due_us =
                      around_.clock.monotonic_us() + options_.details_ttl_us;
                  options_.wake();
                });
}

void EngineWatch::fail(const Error& error) {
  const int64_t now_us = around_.clock.monotonic_us();
  list_due_us_ = retry_.fail(now_us);
  const EngineTrouble trouble = explain_engine(error, socket_);
  problem_ = trouble.remedy.empty() ? trouble.what : trouble.what + "; " + trouble.remedy;
  if (retry_.failures() == 10) around_.diary.warn(problem_);
  if (retry_.failures() == 30) around_.diary.error(problem_);
}

/// Events only say that it is time for a list: what they tell is in the list too.
void EngineWatch::listen(int64_t now_us) {
  if (events_.is_busy() || now_us < events_due_us_) return;
  events_.send_streaming(
      get("/events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D"),
      options_.limits.read_deadline_us,
      [this](const std::string&) {
        events_retry_.succeed();
        list_due_us_ = std::min(list_due_us_, around_.clock.monotonic_us() + kAfterEventUs);
        options_.wake();
      },
      [this](const Result<http::Response>& outcome) {
        const bool was_silent = !outcome && outcome.error().code == Error::kTimedOut;
        const int64_t ended_us = around_.clock.monotonic_us();
        events_due_us_ = was_silent ? ended_us : events_retry_.fail(ended_us);
        // What came between two connections is in the list.
        list_due_us_ = std::min(list_due_us_, events_due_us_);
      });
}

void EngineWatch::take_list(const std::vector<ContainerInfo>& list) {
  std::map<std::string, const ContainerInfo*> listed;
  for (const ContainerInfo& info : list) listed[info.id] = &info;
  for (auto& [id, entry] : entries_) {
    const auto found = listed.find(id);
    entry.stream->update(found == listed.end() ? nullptr : found->second);
  }
  for (const ContainerInfo& info : list) {
    if (entries_.count(info.id) == 0 && is_wanted(info, settings_)) add(info);
  }
  if (known_.size() > kKnownMax) {
    std::erase_if(known_, [&](const auto& known) { return listed.count(known.first) == 0; });
  }
  is_first_look_ = false;
}

void EngineWatch::add(const ContainerInfo& info) {
  Entry entry;
  entry.stream = std::make_unique<ContainerStream>(loop_, socket_, info, settings_, around_,
                                                   options_.limits, answers_);
  const auto known = known_.find(info.id);
  if (known != known_.end()) {
    entry.stream->begin(known->second.from_ns, known->second.safe_ns, true);
  } else if (!is_first_look_ && info.created_s >= first_look_ns_ / kSecondNs) {
    // It was created while we had an eye on them: all of it is new.
    entry.stream->begin(0, 0, true);
  } else {
    entry.stream->begin(around_.clock.wall_us() * 1000, 0, info.is_running);
  }
  entries_.emplace(info.id, std::move(entry));
  // From when on its lines are wanted must not be forgotten.
  next_save_us_ = 0;
}

bool EngineWatch::tick_streams(int64_t now_us) {
  size_t open = 0;
  is_waiting_for_streams_ = false;
  std::vector<std::string> over;
  for (auto& [id, entry] : entries_) {
    const bool has_room = open < options_.streams_max;
    is_waiting_for_streams_ |= !has_room;
    if (entry.stream->tick(now_us, has_room)) ++open;
    if (entry.stream->is_over()) over.push_back(id);
  }
  for (const std::string& id : over) {
    for (const std::string& origin : entries_.at(id).stream->origins()) {
      around_.intake.hold(origin, false);
    }
    entries_.erase(id);
    known_.erase(id);
  }
  return control_.is_busy() || !over.empty();
}

void EngineWatch::take_answers(int64_t now_us) {
  std::vector<BatchAnswers::Answer> answers;
  {
    const std::lock_guard lock(answers_->mutex);
    answers.swap(answers_->waiting);
  }
  constexpr std::string_view kPrefix = "container-";
  for (const BatchAnswers::Answer& answer : answers) {
    const size_t id_bytes = answer.origin.size() - kPrefix.size() - 2;
    const auto entry = entries_.find(answer.origin.substr(kPrefix.size(), id_bytes));
    if (entry != entries_.end()) entry->second.stream->take_answer(answer, now_us);
  }
}

Snapshot EngineWatch::snapshot() const {
  Snapshot snapshot;
  snapshot.problem = problem_;
  snapshot.note = fmt::format("{} containers of {}{}", entries_.size(), socket_,
                              is_waiting_for_streams_ ? "; some wait for a free connection" : "");
  for (const auto& [id, entry] : entries_) entry.stream->add_to(snapshot);
  return snapshot;
}

}  // namespace gasoline::source::container
