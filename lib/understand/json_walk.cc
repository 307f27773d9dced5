#include "understand/json_walk.h"

#include "understand/blocks.h"
#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr size_t kIntegerSizeMax = 19;  // with its sign: fits 64 bits for certain
constexpr size_t kExponentDigitsMax = 2;

uint32_t hex_value(std::string_view four) {
  uint32_t value = 0;
  for (const char c : four) {
    const uint32_t digit = is(c, kDigit) ? static_cast<uint32_t>(c - '0')
                                         : static_cast<uint32_t>(to_lower(c) - 'a') + 10;
    value = value * 16 + digit;
  }
  return value;
}

/// One object or array that is open.
struct Frame {
  bool is_object;
  bool in_array;  // it or anything around it is an array
  uint32_t key_at;
  uint32_t key_size;  // of the member that holds it
};

class Walker {
 public:
  Walker(std::string_view text, JsonWalk::Visitor& visitor) : text_(text), visitor_(visitor) {}

  size_t run() {
    if (text_.empty() || text_[0] != '{' || text_.size() > UINT32_MAX) return 0;
    open(true, {});
    at_ = 1;
    bool value_done = false;  // the last thing read was a whole value
    while (depth_ > 0) {
      skip_space();
      if (at_ >= text_.size()) return 0;
      if (is_closing(value_done)) {
        close();
        value_done = true;
        continue;
      }
      if (value_done) {
        if (text_[at_] != ',') return 0;
        ++at_;
        skip_space();
      }
      if (!read_item(value_done)) return 0;
    }
    return at_;
  }

 private:
  const Frame& top() const { return frames_[depth_ - 1]; }
  std::string_view key_of(const Frame& frame) const {
    return text_.substr(frame.key_at, frame.key_size);
  }

  void open(bool is_object, std::string_view key) {
    const bool in_array = !is_object || (depth_ > 0 && top().in_array);
    const auto key_at = key.empty() ? 0 : static_cast<uint32_t>(key.data() - text_.data());
    frames_[depth_++] = {is_object, in_array, key_at, static_cast<uint32_t>(key.size())};
  }

  /// True at the bracket that ends the open object or array. An empty one may end at once; after a
  /// comma a value must follow, which read_item() sees to.
  bool is_closing(bool value_done) const {
    const Frame& frame = frames_[depth_ - 1];
    return text_[at_] == (frame.is_object ? '}' : ']') && (value_done || fresh_);
  }

  void close() {
    const Frame frame = top();
    --depth_;
    ++at_;
    fresh_ = false;
    if (depth_ == 1) {
      visitor_.member(key_of(frame), frame.is_object ? JsonType::kObject : JsonType::kArray,
                      text_.substr(member_start_, at_ - member_start_), portable_);
    }
  }

  /// A key (in objects) and a value, or the opening of one.
  bool read_item(bool& value_done) {
    std::string_view key;
    if (top().is_object) {
      if (!read_string(key)) return false;
      skip_space();
      if (at_ >= text_.size() || text_[at_] != ':') return false;
      ++at_;
      skip_space();
    }
    if (at_ >= text_.size()) return false;
    const bool first = fresh_;
    fresh_ = false;
    if (depth_ == 1) {
      member_start_ = at_;
      portable_ = true;
    }
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth_ == JsonWalk::kDepthMax) return false;
      open(c == '{', key);
      ++at_;
      fresh_ = true;
      value_done = false;
      return true;
    }
    value_done = true;
    return read_scalar(key, first);
  }

  bool read_scalar(std::string_view key, bool first) {
    const size_t start = at_;
    JsonType type = JsonType::kNumber;
    std::string_view value;
    switch (text_[at_]) {
      case '"':
        type = JsonType::kString;
        if (!read_string(value)) return false;
        break;
      case 't':
        type = JsonType::kTrue;
        if (!read_word("true")) return false;
        break;
      case 'f':
        type = JsonType::kFalse;
        if (!read_word("false")) return false;
        break;
      case 'n':
        type = JsonType::kNull;
        if (!read_word("null")) return false;
        break;
      default:
        if (!read_number()) return false;
    }
    const std::string_view raw = text_.substr(start, at_ - start);
    if (type != JsonType::kString) value = raw;
    if (top().is_object) {
      visitor_.scalar({depth_, key_of(top()), key, top().in_array}, type, value);
    } else if (first && frames_[depth_ - 2].is_object) {
      visitor_.scalar({depth_ - 1, key_of(frames_[depth_ - 2]), key_of(top()), true}, type, value);
    }
    if (depth_ == 1) visitor_.member(key, type, raw, portable_);
    return true;
  }

  bool read_word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  bool read_digits() {
    const size_t size = run_of(text_.substr(at_), kDigit);
    at_ += size;
    return size > 0;
  }

  bool read_number() {
    const size_t start = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    const bool leading_zero = at_ < text_.size() && text_[at_] == '0';
    if (leading_zero) {
      ++at_;
    } else if (!read_digits()) {
      return false;
    }
    if (at_ - start > kIntegerSizeMax) portable_ = false;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      if (!read_digits()) return false;
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      const size_t exponent = at_;
      if (!read_digits()) return false;
      if (at_ - exponent > kExponentDigitsMax) portable_ = false;
    }
    return true;
  }

  bool read_string(std::string_view& inside) {
    if (at_ >= text_.size() || text_[at_] != '"') return false;
    const size_t start = ++at_;
    while (true) {
      at_ = find_string_special(text_, at_);
      if (at_ >= text_.size()) return false;
      const char c = text_[at_];
      if (c == '"') break;
      if (c != '\\' || !read_escape()) return false;
    }
    inside = text_.substr(start, at_ - start);
    ++at_;
    return true;
  }

  bool read_escape() {
    if (at_ + 1 >= text_.size()) return false;
    const char kind = text_[at_ + 1];
    if (kind == 'u') {
      return read_unicode_escape();
    }
    at_ += 2;
    return std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos;
  }

  /// \uXXXX, or the pair of them that stands for one character beyond the first 65,536.
  bool read_unicode_escape() {
    if (run_of(text_.substr(at_ + 2), kHexDigit, 4) != 4) return false;
    const uint32_t first = hex_value(text_.substr(at_ + 2, 4));
    at_ += 6;
    if (first < 0xd800 || first > 0xdfff) return true;
    if (first > 0xdbff || !text_.substr(at_).starts_with("\\u") ||
        run_of(text_.substr(at_ + 2), kHexDigit, 4) != 4) {
      return false;
    }
    const uint32_t second = hex_value(text_.substr(at_ + 2, 4));
    at_ += 6;
    return second >= 0xdc00 && second <= 0xdfff;
  }

  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (static_cast<uint8_t>(c) > ' ') return;  // nearly always
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    }
  }

  std::string_view text_;
  JsonWalk::Visitor& visitor_;
  size_t at_ = 0;
  size_t depth_ = 0;
  size_t member_start_ = 0;
  bool portable_ = true;  // nothing in the member so far that other readers refuse
  bool fresh_ = true;     // the innermost object or array is open and nothing of it read yet
  std::array<Frame, JsonWalk::kDepthMax> frames_;
};

size_t put_utf8(char* to, uint32_t code) {
  const auto byte = [](uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80) {
    to[0] = byte(code);
    return 1;
  }
  if (code < 0x800) {
    to[0] = byte(0xc0 | (code >> 6));
    to[1] = byte(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    to[0] = byte(0xe0 | (code >> 12));
    to[1] = byte(0x80 | ((code >> 6) & 0x3f));
    to[2] = byte(0x80 | (code & 0x3f));
    return 3;
  }
  to[0] = byte(0xf0 | (code >> 18));
  to[1] = byte(0x80 | ((code >> 12) & 0x3f));
  to[2] = byte(0x80 | ((code >> 6) & 0x3f));
  to[3] = byte(0x80 | (code & 0x3f));
  return 4;
}

/// The code point of the \u escape at the front of `raw`; `used` is the size of its escapes.
uint32_t take_unicode_escape(std::string_view raw, size_t& used) {
  constexpr uint32_t kReplacement = 0xfffd;
  if (raw.size() < 6) {
    used = raw.size();
    return kReplacement;
  }
  used = 6;
  const uint32_t first = hex_value(raw.substr(2, 4));
  if (first < 0xd800 || first > 0xdfff) return first;
  if (first > 0xdbff || raw.size() < 12 || raw[6] != '\\' || raw[7] != 'u') return kReplacement;
  const uint32_t second = hex_value(raw.substr(8, 4));
  if (second < 0xdc00 || second > 0xdfff) return kReplacement;
  used = 12;
  return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

char simple_escape(char kind) {
  switch (kind) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return kind;
  }
}

}  // namespace

size_t JsonWalk::walk(std::string_view text, Visitor& visitor) {
  return Walker(text, visitor).run();
}

std::string_view unescape_json(std::string_view raw, Arena& arena) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  char* const plain = arena.allocate(raw.size());
  size_t size = 0;
  for (size_t at = 0; at < raw.size();) {
    if (raw[at] != '\\' || at + 1 == raw.size()) {
      plain[size++] = raw[at++];
      continue;
    }
    size_t used = 2;
    if (raw[at + 1] == 'u') {
      size += put_utf8(plain + size, take_unicode_escape(raw.substr(at), used));
    } else {
      plain[size++] = simple_escape(raw[at + 1]);
    }
    at += used;
  }
  return {plain, size};
}

}  // namespace gasoline::understand
