#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace gasoline::source::ssh {

/// The program that runs on the far host, in POSIX sh, for `sh -s`: it needs dd, head and, where
/// there is one, stat (GNU's, busybox's or BSD's; else ls). It writes nothing to any disk, does
/// what it is asked line by line on its stdin, and ends when that ends or, where the network broke
/// without a word, after 20 to 40 s in which nobody asked.
///
///     asked                    answered
///     P path                   nothing: a path or glob to be looked at
///     Q glob                   nothing: where rotated files may be
///     S                        "f DEV:INODE SIZE MTIME PATH" for each path, "."
///     T                        the same, ",", the same for the rotated, "."
///     R h b k c n, LF, path    n bytes: the file's first h, then c blocks of b bytes, k blocks
///                              behind the first h, filled up with zeros; "f ...", "."
///
/// A line in a reply that does not begin with "f " says what went wrong, in the words of the far
/// host's programs. Paths travel on stdin and are never part of a command, so that nothing in them
/// is ever run.
std::string far_program(std::string_view token);

/// A file as the far host sees it.
struct FarFile {
  std::string id;  ///< "DEVICE:INODE"
  uint64_t size_bytes = 0;
  int64_t modified_s = 0;  ///< by the far host's clock; 0 where only ls is there
  std::string path;
};

struct ScanReply {
  bool has_siblings = false;  ///< the rotated were asked for too
  std::vector<FarFile> files;
  std::vector<FarFile> siblings;
  std::vector<std::string> problems;
};

/// Bytes of a file, and its beginning, by which it is recognised.
struct ReadRequest {
  std::string path;
  uint32_t head_bytes = 0;
  uint64_t offset = 0;
  uint32_t size_bytes = 0;  ///< 0: only the head
};

struct ReadReply {
  std::string head;
  std::string bytes;             ///< as many as were asked for, true only if `after` says so
  std::optional<FarFile> after;  ///< the file of that path once it was read
  std::string problem;
};

std::string watch_request(std::string_view path);
std::string sibling_request(std::string_view pattern);

/// Writes requests and reads the replies, which come in the order of the requests.
class FarDialogue {
 public:
  static constexpr size_t kNoiseBytesMax = 256 * 1024;  ///< what a login may say before
  static constexpr size_t kLineBytesMax = 16 * 1024;
  static constexpr size_t kFilesMax = 20'000;  ///< that one look may find

  using Reply = std::variant<ScanReply, ReadReply>;

  explicit FarDialogue(std::string_view token);

  /// What to send; its reply is expected from now on.
  std::string ask_scan(bool with_siblings);
  std::string ask_read(const ReadRequest& request);

  /// Takes what came. An Error: this is not our program, or it does not keep to the above.
  Status feed(std::string_view bytes);
  /// The next whole reply.
  std::optional<Reply> take();
  bool has_greeted() const { return has_greeted_; }
  size_t unanswered() const { return expected_.size(); }

 private:
  struct Expected {
    bool is_read = false;
    ReadRequest read;
    size_t lead_bytes = 0;  ///< before the wanted ones, for whole blocks
    size_t raw_bytes = 0;
    std::string raw;
    Reply reply;
    bool in_siblings = false;
  };
  Status take_line(std::string_view line);
  Status take_file(std::string_view fields, Expected& expected);
  void finish_read(Expected& expected);

  const std::string greeting_;
  bool has_greeted_ = false;
  size_t noise_bytes_ = 0;
  std::string line_;  // what came of a line that is not whole
  std::deque<Expected> expected_;
  std::deque<Reply> replies_;
};

}  // namespace gasoline::source::ssh
