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
  /// A line longer than this, or more data in one message, is not of our daemon: such a line or
  /// message is dropped as a whole.
  static constexpr size_t kLineSizeMax = 64 << 20;

  /// Calls `take` for each message that is complete; it returns false to stop, then so does this.
  bool feed(std::string_view piece, const std::function<bool(const Message&)>& take);

 private:
  bool take_line(std::string_view line, const std::function<bool(const Message&)>& take);
  void keep(std::string_view piece);

  std::string rest_;  // the beginning of a line
  bool is_too_long_ = false;
  std::string type_;
  std::string id_;
  std::string data_;
  bool has_data_ = false;
  bool has_too_much_data_ = false;
};

}  // namespace gasoline::cli
