#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gasoline::http {

/// Who is at the other end of a connection, as the kernel tells it.
struct Peer {
  bool unix_socket = false;
  bool loopback = false;   ///< TCP from 127/8 or ::1
  bool uid_known = false;  ///< known on Unix sockets, and on loopback while the peer's socket lives
  uint32_t uid = 0;        ///< of the process that connected; meaningless unless uid_known
  std::string address;     ///< "127.0.0.1", "::1"; empty on Unix sockets
};

struct Header {
  std::string name;
  std::string value;
};

/// A request whose body is complete, or, in a head check, one whose body is still to come.
///
/// A value: whoever has it owns all its bytes.
struct Request {
  /// Spare bytes behind the body within its allocation, so that simdjson can read it in place.
  static constexpr size_t kBodyPaddingBytes = 64;

  std::string method;           ///< as sent: "GET"; case matters
  std::string target;           ///< as sent: "/v1/tail?q=a%20b"
  std::string path;             ///< percent-decoded, without the query
  std::vector<Header> query;    ///< decoded, in order; "+" is a space
  std::vector<Header> headers;  ///< as sent, without surrounding spaces
  std::string body;             ///< decoded from chunks and from Content-Encoding
  Peer peer;

  /// The first header of that name in any case; empty if there is none.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  /// The first parameter of that name, "" if it has no value.
  std::optional<std::string_view> query_value(std::string_view name) const;
  /// True if the head announces a body's length, be it 0, or chunks.
  bool states_length() const;
};

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string content_type;  ///< left out of the head when empty
  std::string body;

  /// The first header of that name in any case; empty if there is none.
  std::string_view header(std::string_view name) const;
};

/// An RFC 9457 answer: application/problem+json with title, status, code and detail.
///
/// `code` is snake_case and stable, for programs; `detail` tells a person what to change. Codes
/// that this library gives by itself: bad_request 400, request_timeout 408, length_required 411,
/// body_too_large 413, unsupported_encoding 415, expectation_failed 417, header_too_large 431,
/// internal_error 500, not_implemented 501, too_busy 503, http_version_not_supported 505.
Response problem(int status, std::string_view code, std::string_view title,
                 std::string_view detail);

/// "Not Found" for 404; "Unknown" for a status without a name.
std::string_view reason_phrase(int status) noexcept;

/// Equality of ASCII text in any case, as header names are compared.
bool equals_ignoring_case(std::string_view left, std::string_view right) noexcept;

}  // namespace gasoline::http
