// A daemon's answer as the command line shows it: any text is refused or read, and nothing of a log
// reaches the terminal that could move its cursor, ring or recolour.
#include <cstdint>
#include <string>
#include <string_view>

#include "answer_reader.h"
#include "base/assert.h"
#include "event/json_text.h"
#include "terminal_text.h"

namespace {

using namespace gasoline;

constexpr size_t kColumns = 20;

void check_shown(std::string_view text) {
  for (const bool keeps_line_feeds : {false, true}) {
    const std::string safe = cli::make_safe(text, keeps_line_feeds);
    for (const char c : safe) {
      const auto byte = static_cast<unsigned char>(c);
      const bool is_control = byte < 0x20 || byte == 0x7f;
      GASOLINE_ASSERT(!is_control || (keeps_line_feeds && c == '\n'));
    }
    GASOLINE_ASSERT(!event::is_valid_utf8(text) || event::is_valid_utf8(safe));
    // U+0080 to U+009F, which some terminals obey as well.
    for (size_t at = safe.find('\xc2'); at < safe.size(); at = safe.find('\xc2', at + 1)) {
      const auto next = at + 1 < safe.size() ? static_cast<unsigned char>(safe[at + 1]) : 0;
      GASOLINE_ASSERT(next < 0x80 || next >= 0xa0);
    }
    const std::string cut = cli::cut_to_width(safe, kColumns);
    GASOLINE_ASSERT(cli::display_width(cut) <= kColumns);
    GASOLINE_ASSERT(cli::display_width(cli::pad(cut, kColumns)) == kColumns);
    static_cast<void>(cli::wrap(safe, kColumns));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_shown(text);
  if (const auto answer = cli::read_timeline_answer(text)) {
    for (const auto& event : answer->events) check_shown(event.message);
  }
  if (const auto event = cli::read_event(text)) check_shown(event->message);
  static_cast<void>(cli::raw_events(text).has_value());
  static_cast<void>(cli::read_count(text));
  check_shown(cli::read_problem(text));
  return 0;
}
