#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace gasoline::cli {

/// Reads a stream of server-sent events (WHATWG HTML, section 9.2), in pieces as they come.
class SseReader {
 public:
  struct Message {
    std::string_view type;  ///< empty for an ordinary one
    std::string_view id;
    std::string_view data;
  };
  /// A line longer than this is not of our daemon; what is too long is dropped.
  static constexpr size_t kLineSizeMax = 64 << 20;

  /// Calls `take` for each message that is complete; it returns false to stop, then so does this.
  bool feed(std::string_view piece, const std::function<bool(const Message&)>& take);

 private:
  bool take_line(std::string_view line, const std::function<bool(const Message&)>& take);

  std::string rest_;  // the beginning of a line
  std::string type_;
  std::string id_;
  std::string data_;
  bool has_data_ = false;
};

}  // namespace gasoline::cli
