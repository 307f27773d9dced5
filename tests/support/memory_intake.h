#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "source/intake.h"

namespace gasoline::test {

/// An event log in memory: keeps what it takes, and knows what it has. Answers when deliver() is
/// called, as the pipeline does later and elsewhere. Takes no line before the one that it follows.
class MemoryIntake final : public source::Intake {
 public:
  struct Line {
    std::string text;
    uint64_t seq = 0;
    std::string metadata;
  };

  bool try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) override;
  uint64_t last_seq(std::string_view run_id) const override;
  bool is_ready() const override { return ready; }
  void hold(std::string_view, bool) override {}

  /// Answers what was submitted. Returns how many batches that were.
  size_t deliver();
  /// Every line of every origin, in the order of origins.
  std::vector<std::string> texts() const;
  size_t count() const;

  size_t undelivered() const { return undelivered_.size(); }

  bool ready = true;
  bool is_silent = false;  ///< deliver() does nothing
  std::function<bool()> is_full = [] { return false; };
  std::function<bool()> is_failing = [] { return false; };
  std::map<std::string, std::vector<Line>> lines;
  size_t batches = 0;
  size_t repeated_lines = 0;

 private:
  std::vector<std::pair<std::function<void(source::Taken)>, source::Taken>> undelivered_;
};

/// A log that keeps what it was told.
class KeptLog final : public Log {
 public:
  void write(Severity severity, std::string_view text) override {
    entries.emplace_back(severity, text);
  }
  size_t count(Severity severity) const;
  std::vector<std::pair<Severity, std::string>> entries;
};

}  // namespace gasoline::test
