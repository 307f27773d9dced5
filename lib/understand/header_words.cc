#include "understand/header_words.h"

#include <algorithm>

#include "understand/chars.h"

namespace gasoline::understand {

event::Level level_of_priority(unsigned priority) {
  const unsigned severity = priority & 7;
  if (severity <= 2) return event::Level::kCritical;
  if (severity == 3) return event::Level::kError;
  if (severity == 4) return event::Level::kWarn;
  return severity == 7 ? event::Level::kDebug : event::Level::kInfo;
}

bool is_syslog_tag(std::string_view word, bool needs_pid) {
  if (word.size() < 3 || word.size() > 80 || word.back() != ':') return false;
  word.remove_suffix(1);
  if (word.back() != ']') return !needs_pid && all_of(word, kKeyChar);
  const size_t open = word.find('[');
  return open != std::string_view::npos && open > 0 && all_of(word.substr(0, open), kKeyChar) &&
         all_of(word.substr(open + 1, word.size() - open - 2), kKeyChar);
}

bool is_name_part(std::string_view word, bool first) {
  if (closing_of(word.front()) != '\0' || word == "---" || all_of(word, kDigit)) return true;
  if (!is_alpha(word.front())) return false;
  static constexpr CharSet kJoints(".=$#/@");
  return first || kJoints.first_in(word) != std::string_view::npos;
}

bool is_qualified_name(std::string_view word) {
  if (!is_alpha(word.front()) || !is_alnum(word.back())) return false;
  bool joined = false;
  char before = '\0';
  for (const char c : word) {
    if (!is(c, kKeyChar) && c != ':' && c != '$') return false;
    if (c == '/' && before == '/') return false;
    joined |= c == '.' || (c == ':' && before == ':');
    before = c;
  }
  return joined;
}

bool is_caller(std::string_view word) {
  size_t number = word.size();
  while (number > 0 && is(word[number - 1], kDigit)) --number;
  return number < word.size() && number > 1 && word[number - 1] == ':' &&
         (is_alpha(word[0]) || word[0] == '/') && word.find("//") == std::string_view::npos;
}

bool is_access_log_time(std::string_view text) {
  return text.size() > 12 && text[2] == '/' && is_alpha(text[3]) && text[6] == '/';
}

}  // namespace gasoline::understand
