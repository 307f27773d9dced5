#include "http/message_writer.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace gasoline::http {

namespace {

void append_safe(std::string& to, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    to += (byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c;
  }
}

void append_header(std::string& to, std::string_view name, std::string_view value) {
  append_safe(to, name);
  to += ": ";
  append_safe(to, value);
  to += "\r\n";
}

}  // namespace

std::string_view DateText::now() {
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int64_t second = clock_.wall_us() / 1'000'000;
  if (second == second_) return text_;
  second_ = second;
  const auto time = static_cast<time_t>(second);
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  text_ = text.data();
  return text_;
}

std::string response_head(const Response& response, std::string_view date, bool keeps_alive,
                          BodyEnd body_end) {
  std::string head = "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  append_header(head, "Date", date);
  if (!response.content_type.empty()) append_header(head, "Content-Type", response.content_type);
  // RFC 9110 8.6: these two never have a body, and a length would say so wrongly.
  const bool has_body = response.status != 204 && response.status != 304;
  if (body_end == BodyEnd::kChunked) append_header(head, "Transfer-Encoding", "chunked");
  if (has_body && body_end == BodyEnd::kCounted) {
    append_header(head, "Content-Length", std::to_string(response.body.size()));
  }
  append_header(head, "Connection", keeps_alive ? "keep-alive" : "close");
  for (const Header& header : response.headers) append_header(head, header.name, header.value);
  head += "\r\n";
  return head;
}

std::string chunk_head(size_t size_bytes) {
  std::array<char, 20> text{};
  const auto [end, error] =
      std::to_chars(text.data(), text.data() + text.size(), size_bytes, 16);
  return std::string(text.data(), end) + "\r\n";
}

std::string request_head(const Request& request, std::string_view host) {
  std::string head;
  append_safe(head, request.method);
  head += ' ';
  append_safe(head, request.target.empty() ? request.path : request.target);
  head += " HTTP/1.1\r\n";
  if (!request.has_header("host")) append_header(head, "Host", host);
  for (const Header& header : request.headers) {
    if (equals_ignoring_case(header.name, "content-length")) continue;
    append_header(head, header.name, header.value);
  }
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  if (may_have_body || !request.body.empty()) {
    append_header(head, "Content-Length", std::to_string(request.body.size()));
  }
  head += "\r\n";
  return head;
}

}  // namespace gasoline::http
