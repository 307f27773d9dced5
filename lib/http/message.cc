#include "http/message.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gasoline::http {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

const Header* find(const std::vector<Header>& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equals_ignoring_case(header.name, name)) return &header;
  }
  return nullptr;
}

/// ASCII only: whatever a client sent must not make our JSON invalid, and JSON escapes are ASCII.
void append_json_text(std::string& to, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      to += "\\u00";
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    } else if (byte >= 0x80) {
      to += '?';
    } else {
      to += c;
    }
  }
  to += '"';
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view Request::header(std::string_view name) const {
  const Header* found = find(headers, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

bool Request::has_header(std::string_view name) const {
  return find(headers, name) != nullptr;
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const Header& parameter : query) {
    if (parameter.name == name) return parameter.value;
  }
  return std::nullopt;
}

bool Request::states_length() const {
  return has_header("content-length") || has_header("transfer-encoding");
}

std::string_view Response::header(std::string_view name) const {
  const Header* found = find(headers, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

Response problem(int status, std::string_view code, std::string_view title,
                 std::string_view detail) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body = "{\"title\":";
  append_json_text(body, title);
  body += ",\"status\":" + std::to_string(status) + ",\"code\":";
  append_json_text(body, code);
  body += ",\"detail\":";
  append_json_text(body, detail);
  body += '}';
  return response;
}

std::string_view reason_phrase(int status) noexcept {
  struct Phrase {
    int status;
    std::string_view text;
  };
  static constexpr std::array<Phrase, 32> kPhrases = {{
      {100, "Continue"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  }};
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Unknown";
}

}  // namespace gasoline::http
