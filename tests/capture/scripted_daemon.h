#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file_descriptor.h"
#include "http/client.h"

namespace gasoline::test {

/// A batch as the daemon got it.
struct ReceivedBatch {
  size_t number = 0;  ///< of the request, from 0
  std::string run_id;
  uint64_t first_seq = 0;
  std::vector<std::string> messages;
  std::string body;
  int64_t monotonic_us = 0;  ///< when it came
};

/// What the daemon sends back, byte for byte.
struct RawAnswer {
  std::string bytes;
  bool takes_events = false;  ///< the events of the batch are stored
  bool closes = false;        ///< the connection ends after these bytes
};

RawAnswer taken(std::string_view ack = "written", std::string_view failed = "[]");
RawAnswer answer(int status, std::string_view body, std::string_view headers = {});
RawAnswer problem_answer(int status, std::string_view code, std::string_view headers = {});

/// Something that listens on a Unix socket, takes batches and answers as the script says: well,
/// badly, late or in the middle of a word. Keeps what it took by run and number, as a daemon does.
class ScriptedDaemon {
 public:
  /// Called on the daemon's thread. May block: then the answer is late.
  using Script = std::function<RawAnswer(const ReceivedBatch&)>;

  ScriptedDaemon(std::string path, Script script);
  ~ScriptedDaemon();

  http::Client::Target target() const;
  std::vector<ReceivedBatch> batches() const;
  size_t request_count() const { return batches().size(); }
  /// "RUN/SEQ" and message of what was taken.
  std::map<std::string, std::string> stored() const;
  /// Events taken more than once with different messages. Must stay 0.
  uint64_t contradictions() const { return contradictions_; }

 private:
  void run();
  void serve(const FileDescriptor& connection);
  bool wait_readable(int fd) const;
  bool read_request(int fd, std::string& buffer, std::string& body) const;
  RawAnswer take(std::string body);

  const std::string path_;
  const Script script_;
  FileDescriptor listener_;
  std::atomic<bool> is_stopping_{false};
  mutable std::mutex mutex_;
  std::vector<ReceivedBatch> batches_;
  std::map<std::string, std::string> stored_;
  std::atomic<uint64_t> contradictions_{0};
  std::thread thread_;
};

}  // namespace gasoline::test
