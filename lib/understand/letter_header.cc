#include "understand/letter_header.h"

#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr size_t kHeaderSizeMax = 200;

bool take_letter(char letter, Header& header) {
  if (std::string_view("VDIWEFC").find(letter) == std::string_view::npos) return false;
  header.has_level = event::parse_level({&letter, 1}, header.level);
  return header.has_level;
}

void take_time(const PrintedTime& time, size_t at, Header& header) {
  header.time = time;
  header.time_at = at;
  header.has_time = true;
}

/// A time of day whose date is four digits, MMDD or MM-DD, of the year nearest to the reference.
bool read_month_day_time(std::string_view month_day, std::string_view rest,
                         const TimeContext& context, PrintedTime& time) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  PrintedTime of_day;
  if (!read_printed_time(rest, context, of_day) || of_day.size > 24) return false;
  const size_t month =
      static_cast<size_t>(month_day[0] - '0') * 10 + static_cast<size_t>(month_day[1] - '0');
  if (month < 1 || month > 12) return false;
  char text[48];
  size_t size = kMonths.copy(text, 3, (month - 1) * 3);
  text[size++] = ' ';
  size += month_day.substr(month_day.size() - 2).copy(text + size, 2);
  text[size++] = ' ';
  size += rest.copy(text + size, of_day.size);
  if (!read_printed_time({text, size}, context, time)) return false;
  time.size = month_day.size() + 1 + of_day.size;
  return true;
}

bool read_glog(std::string_view line, const TimeContext& context, Header& header) {
  const size_t digits = run_of(line.substr(1), kDigit, 9);
  PrintedTime time;
  if (line[digits + 1] != ' ') return false;
  if (digits == 8 || digits == 6) {  // with the year
    if (!read_printed_time(line.substr(1), context, time)) return false;
  } else if (digits != 4 ||
             !read_month_day_time(line.substr(1, 4), line.substr(6), context, time)) {
    return false;
  }
  const size_t close = line.substr(0, kHeaderSizeMax).find("] ");
  if (close == std::string_view::npos || !take_letter(line[0], header)) return false;
  take_time(time, 1, header);
  header.size = close + 2;
  return true;
}

bool read_tornado(std::string_view line, const TimeContext& context, Header& header) {
  if (line[0] != '[' || line[2] != ' ') return false;
  PrintedTime time;
  if (!read_printed_time(line.substr(3), context, time)) return false;
  const size_t close = line.substr(0, kHeaderSizeMax).find("] ");
  if (close == std::string_view::npos || !take_letter(line[1], header)) return false;
  take_time(time, 3, header);
  header.size = close + 2;
  return true;
}

bool read_redis(std::string_view line, const TimeContext& context, Header& header) {
  const size_t digits = run_of(line, kDigit, 10);
  if (digits == 0 || line[digits] != ':' || !is(line[digits + 1], kUpper) ||
      line[digits + 2] != ' ') {
    return false;
  }
  const size_t at = digits + 3;
  PrintedTime time;
  if (!read_printed_time(line.substr(at), context, time)) return false;
  const size_t mark = at + time.size + 1;
  if (mark + 1 >= line.size() || line[mark - 1] != ' ' || line[mark + 1] != ' ') return false;
  switch (line[mark]) {
    case '#':
      header.level = event::Level::kWarn;
      break;
    case '*':
      header.level = event::Level::kInfo;
      break;
    case '-':
    case '.':
      header.level = event::Level::kDebug;
      break;
    default:
      return false;
  }
  header.has_level = true;
  take_time(time, at, header);
  header.size = mark + 2;
  return true;
}

/// Skips blanks and digits: a process or thread number. 0 if there is none.
size_t number_at(std::string_view text) {
  const size_t blanks = run_of(text, kBlank);
  const size_t digits = run_of(text.substr(blanks), kDigit);
  return blanks > 0 && digits > 0 ? blanks + digits : 0;
}

bool read_android(std::string_view line, const TimeContext& context, Header& header) {
  if (line[2] != '-' || line[5] != ' ' || !all_of(line.substr(0, 2), kDigit) ||
      !all_of(line.substr(3, 2), kDigit)) {
    return false;
  }
  PrintedTime time;
  if (!read_month_day_time(line.substr(0, 5), line.substr(6), context, time)) return false;
  size_t at = time.size;
  for (int number = 0; number < 2; ++number) {
    const size_t size = number_at(line.substr(at));
    if (size == 0) return false;
    at += size;
  }
  if (at + 3 >= line.size() || line[at] != ' ' || line[at + 2] != ' ') return false;
  const size_t colon = line.substr(0, kHeaderSizeMax).find(": ", at);
  if (colon == std::string_view::npos || !take_letter(line[at + 1], header)) return false;
  take_time(time, 0, header);
  header.size = colon + 2;
  return true;
}

bool read_android_brief(std::string_view line, Header& header) {
  if (line[1] != '/') return false;
  const size_t colon = line.substr(0, kHeaderSizeMax).find("): ");
  const size_t open = line.substr(0, kHeaderSizeMax).find('(');
  if (colon == std::string_view::npos || open > colon) return false;
  const std::string_view pid = trim_left(line.substr(open + 1, colon - open - 1));
  if (pid.empty() || !all_of(pid, kDigit) || !take_letter(line[0], header)) return false;
  header.size = colon + 3;
  return true;
}

}  // namespace

bool read_letter_header(std::string_view line, const TimeContext& context, Header& header) {
  constexpr size_t kLineSizeMin = 21;
  if (line.size() < kLineSizeMin) return false;
  if (is(line[0], kUpper)) {
    return read_glog(line, context, header) || read_android_brief(line, header);
  }
  if (is(line[0], kDigit)) {
    return read_redis(line, context, header) || read_android(line, context, header);
  }
  return read_tornado(line, context, header);
}

}  // namespace gasoline::understand
