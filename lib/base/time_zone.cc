#include "base/time_zone.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>

#include "base/file_descriptor.h"
#include "base/posix_zone.h"

namespace gasoline {

/// The content of a zone file: which offset holds from which second on.
struct TimeZone::Rules {
  std::vector<int64_t> from_s;  // rising
  std::vector<int32_t> offset_s;
  int32_t first_s = 0;              // before the first
  std::optional<PosixZone> behind;  // behind the last
};

namespace {

constexpr std::string_view kDirectory = "/usr/share/zoneinfo/";
constexpr std::string_view kAccepted =
    "accepted: UTC, an offset such as +02:00, or the name of a zone such as Europe/Berlin";
constexpr size_t kFileSizeMax = 256 * 1024;
constexpr size_t kHeaderSize = 44;

uint64_t big_endian(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

/// The counts of a header (RFC 8536, 3.1).
struct Header {
  size_t is_utc, is_standard, leaps, times, types, chars;

  explicit Header(std::string_view header)
      : is_utc(big_endian(header, 20, 4)),
        is_standard(big_endian(header, 24, 4)),
        leaps(big_endian(header, 28, 4)),
        times(big_endian(header, 32, 4)),
        types(big_endian(header, 36, 4)),
        chars(big_endian(header, 40, 4)) {}
  size_t block_size(size_t time_size) const {
    return times * (time_size + 1) + types * 6 + chars + leaps * (time_size + 4) + is_standard +
           is_utc;
  }
};

Error broken() {
  return Error::of(Error::kInvalid, "read a zone file", "it is no zone file of version 2 or later");
}

/// "+02:00", "-0330", "+2"
bool parse_offset(std::string_view text, int32_t& offset_s) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return false;
  std::string digits(text.substr(1));
  if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
  int number = 0;
  const auto [end, code] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (code != std::errc() || end != digits.data() + digits.size() || number < 0) return false;
  if (digits.size() != 4 && digits.size() > 2) return false;
  const int hours = digits.size() == 4 ? number / 100 : number;
  const int minutes = digits.size() == 4 ? number % 100 : 0;
  constexpr int kHoursMax = 18;
  if (hours > kHoursMax || minutes > 59) return false;
  offset_s = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
  return true;
}

/// A name that stays within the directory of zones.
bool is_zone_name(std::string_view name) {
  constexpr size_t kNameSizeMax = 64;
  if (name.empty() || name.size() > kNameSizeMax || name.front() == '/') return false;
  if (name.find("..") != std::string_view::npos) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::strchr("_+-/", c) != nullptr;
  });
}

Result<std::string> read_zone_file(std::string_view name) {
  const std::string path = std::string(kDirectory) + std::string(name);
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string bytes(kFileSizeMax, '\0');
  const ssize_t size = file.is_open() ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (size < 0) return Error::from_errno(errno, "read " + path);
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

}  // namespace

Result<TimeZone> TimeZone::named(std::string_view name) {
  if (name == "UTC" || name == "Z" || name == "GMT") return TimeZone(0);
  int32_t offset_s = 0;
  if (parse_offset(name, offset_s)) return TimeZone(offset_s);
  const std::string doing = "find the time zone '" + std::string(name) + "'";
  if (!is_zone_name(name)) return Error::of(Error::kInvalid, doing, kAccepted);
  if (::access(std::string(kDirectory).c_str(), F_OK) != 0) {
    return Error::of(Error::kInvalid, doing,
                     "this machine has no zones (/usr/share/zoneinfo, package tzdata); accepted "
                     "without them: UTC, or an offset such as +02:00");
  }
  const auto bytes = read_zone_file(name);
  auto zone = bytes ? parse(*bytes) : Result<TimeZone>(broken());
  if (!zone) return Error::of(Error::kInvalid, doing, kAccepted);
  return zone;
}

Result<TimeZone> TimeZone::parse(std::string_view file) {
  if (file.size() < kHeaderSize || !file.starts_with("TZif") || file[4] < '2') return broken();
  // The first block has times of four bytes, for old readers.
  const size_t second = kHeaderSize + Header(file).block_size(4);
  if (file.size() < second + kHeaderSize) return broken();
  const Header header(file.substr(second));
  const std::string_view block = file.substr(second + kHeaderSize);
  if (header.types == 0 || block.size() < header.block_size(8)) return broken();
  auto rules = std::make_shared<Rules>();
  const size_t indexes = header.times * 8;
  const size_t types = indexes + header.times;
  const auto offset_of = [&](size_t type) {
    return static_cast<int32_t>(big_endian(block, types + type * 6, 4));
  };
  rules->first_s = offset_of(0);
  for (size_t i = 0; i < header.times; ++i) {
    const auto from_s = static_cast<int64_t>(big_endian(block, i * 8, 8));
    const auto type = static_cast<uint8_t>(block[indexes + i]);
    if (type >= header.types || (i > 0 && from_s <= rules->from_s.back())) return broken();
    rules->from_s.push_back(from_s);
    rules->offset_s.push_back(offset_of(type));
  }
  std::string_view footer = block.substr(header.block_size(8));
  if (footer.starts_with('\n')) {
    footer.remove_prefix(1);
    rules->behind = PosixZone::parse(footer.substr(0, footer.find('\n')));
  }
  TimeZone zone;
  zone.rules_ = std::move(rules);
  return zone;
}

int32_t TimeZone::offset_s_at(int64_t utc_s) const {
  if (rules_ == nullptr) return offset_s_;
  const std::vector<int64_t>& from_s = rules_->from_s;
  if (rules_->behind && (from_s.empty() || utc_s >= from_s.back())) {
    return rules_->behind->offset_s_at(utc_s);
  }
  const auto next = std::upper_bound(from_s.begin(), from_s.end(), utc_s);
  if (next == from_s.begin()) return rules_->first_s;
  return rules_->offset_s[static_cast<size_t>(next - from_s.begin()) - 1];
}

}  // namespace gasoline
