#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/random.h"
#include "journal/journal_fixture.h"
#include "journal/writer.h"
#include "support/fault_file_system.h"

namespace gasoline::test {

/// What a journal must hold, kept beside it as plain strings, and random operations on both.
///
/// Everything that turns out wrong is noted in `violation`, the first one only, so that a mutant
/// can be seen to fail where the journal itself must not.
class JournalModel {
 public:
  JournalModel(FaultFileSystem& disk, journal::WriterOptions options, uint64_t seed);

  /// Opens the writer. False if it cannot be opened.
  bool open();
  void close() { writer_.reset(); }
  /// Random operations, until the power goes or `steps` are done.
  void run(int steps);
  /// After the power came back: what was durable must be there, nothing else may differ from what
  /// was appended, and the journal must be usable.
  void check_after_power_cut();
  /// Nothing at all may be missing.
  void check_all_there();

  bool is_violated() const { return !violation_.empty(); }
  const std::string& violation() const { return violation_; }
  journal::Writer& writer() { return *writer_; }
  uint64_t errors() const { return errors_; }

 private:
  void append();
  void release();
  void drop();
  void reopen();
  void note_synced();
  /// Reads the journal and compares; everything in [released_, guaranteed_until) must be there.
  void compare(uint64_t guaranteed_until);
  void violate(const std::string& what);
  bool succeeded(const Status& status);

  FaultFileSystem& disk_;
  const journal::WriterOptions options_;
  SeededRandom random_;
  SeededRandom ids_;
  ManualClock clock_;
  std::unique_ptr<journal::Writer> writer_;
  std::map<uint64_t, std::string> appended_;
  uint64_t synced_ = 1;
  uint64_t released_ = 1;
  uint64_t payloads_ = 0;
  uint64_t errors_ = 0;
  uint64_t errors_when_synced_ = 0;
  /// Records whose sync may have failed when their writer was closed: the kernel has forgotten that
  /// they are not on the disk, so nobody can promise them.
  std::set<uint64_t> unsure_;
  std::string violation_;
};

}  // namespace gasoline::test
