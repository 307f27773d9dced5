#include "source/follower_rig.h"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/assert.h"

namespace gasoline::test {

bool FakeIntake::try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) {
  GASOLINE_ASSERT(batch.lines.size() <= kLinesMax && batch.text.size() <= kTextSizeBytesMax);
  if (queue_.size() >= room) return false;
  queue_.push_back({std::move(batch), std::move(done)});
  batches_waiting_most = std::max(batches_waiting_most, queue_.size());
  return true;
}

uint64_t FakeIntake::last_seq(std::string_view run_id) const {
  const auto found = marks.find(run_id);
  return found == marks.end() ? 0 : found->second;
}

void FakeIntake::hold(std::string_view run_id, bool is_held) {
  held[std::string(run_id)] = is_held ? 1 : 0;
}

void FakeIntake::answer() {
  while (!queue_.empty()) {
    Waiting waiting = std::move(queue_.front());
    queue_.pop_front();
    const source::LineBatch& batch = waiting.batch;
    uint64_t& mark = marks[batch.run_id];
    if (is_log_broken || mark < batch.after_seq) {
      waiting.done(source::Taken::kTryAgain);
      continue;
    }
    if (batch.tells_of_gap && batch.lines[0].seq > mark) {
      mark = batch.lines[0].seq;
      gaps.push_back(batch.metadata);
      waiting.done(source::Taken::kYes);
      continue;
    }
    services.push_back(batch.service);
    for (const source::LineBatch::Line& line : batch.lines) {
      if (line.seq <= mark) continue;
      mark = line.seq;
      lines.push_back(batch.text.substr(line.offset, line.size));
      metadata.push_back(batch.metadata);
    }
    waiting.done(source::Taken::kYes);
  }
}

Result<int> FewWatches::watch_file(int fd) {
  if (files_ >= limit_) return Error::from_errno(ENOSPC, "watch a file");
  ++files_;
  return real_->watch_file(fd);
}

FollowerRig::FollowerRig() {
  settings.name = "files";
  settings.paths = {at("*.log")};
  settings.start = config::Start::kBeginning;
  settings.poll_interval_us = 10'000;
}

void FollowerRig::begin(std::unique_ptr<source::Watcher> watcher) {
  answers = std::make_shared<source::LineAnswers>();
  follower = std::make_unique<source::Follower>(
      settings,
      source::Surroundings{intake, files, clock, random, diary, state.path()}, std::move(watcher),
      answers, timing);
  follower->load();
  follower->begin();
}

void FollowerRig::settle() {
  for (int quiet = 0; quiet < 30; ++quiet) {
    if (follower->work() == 0) quiet = 0;
    intake.answer();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool FollowerRig::until(const std::function<bool()>& claim) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    follower->work();
    intake.answer();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void FollowerRig::append(const std::string& name, const std::string& text) const {
  std::ofstream(at(name), std::ios::binary | std::ios::app) << text;
}

}  // namespace gasoline::test
