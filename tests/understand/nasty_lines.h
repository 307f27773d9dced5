#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gasoline::understand {

/// Texts that make careless parsers quadratic or deep.
struct Nasty {
  std::string_view head;
  std::string_view piece;
  bool may_be_secret = false;  ///< its end may be the beginning of a secret

  /// The head, and the piece again and again up to `size` bytes of it.
  std::string of_size(size_t size) const {
    std::string text(head);
    text.reserve(head.size() + size + piece.size());
    while (text.size() < head.size() + size) text.append(piece);
    text.resize(head.size() + size);
    return text;
  }
};

inline constexpr Nasty kNasties[] = {
    {"", "["},
    {"", "{"},
    {"", "{\"a\":"},
    {"{\"a\":", "["},
    {"{\"msg\":\"", "\\\""},
    {"", "\x1b]"},
    {"", "\x1b["},
    {"", "\x1b[31m"},
    {"", " "},
    {"x", "\r"},
    {"", "="},
    {"", "id="},
    {"", "request_id="},
    {"", "trace_id: "},
    {"", "a=\""},
    {"a=b c=\"", "\\"},
    {"", "4bf92f3577b34da6a3ce929d0e0e4736 "},
    {"[", "4bf92f3577b34da6,"},
    {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-"},
    {"", "a1b2c3d4e5f6a7b8"},
    {"", "password=", true},
    {"", "password=\"", true},
    {"", "token:", true},
    {"", "token=a ", true},
    {"", "://a:", true},
    {"", "eyJ", true},
    {"", "eyJaaaaaaaa.", true},
    {"", "ghp_", true},
    {"", "AKIAAKIA", true},
    {"", "-----BEGIN PRIVATE KEY-----\"", true},
    {"", "-----BEGIN PRIVATE KEY ", true},
    {"", "Authorization: ", true},
    {"", "bearer ", true},
    {"", "eyJ-", true},
    {"", "PuTTY-User-Key-File-", true},
    {"", "cookie=a;", true},
    {"", "cookie: ", true},
    {"cookie: a=b; ", "cookie=", true},
    {"", ":a@tcp(", true},
    {"", " -u a:", true},
    {"", "Authorization: a ", true},
    {"", "mysql -p", true},
    {"", "{:request-id "},
    {"", "(4bf92f3577b34da6a3ce929d0e0e4736"},
    {"", "\\u0041", true},
    {"", "\\u001b[1m", true},
    {"password", "\\u003d", true},
    {"token=", "a", true},
    {"", "-----END ", true},
    {"", "4bf92f3577b34da6a3ce929d0e0e4736 a", false},
    {"", "x\r", false},
    {"", "\x1b[1G", false},
    {"", "at ", false},
    {"2026-11-21T04:17:47.759000000Z stdout P ", "x", false},
    {"", "a.", false},
    {"2026-11-21T02:37:06Z ", "INFO "},
    {"", "2026-11-21T02:37:06Z "},
    {"INFO ", "[a] "},
    {"", "api | "},
    {"", "x {\"a\":1} "},
    {"{\"log\":\"", "{\\\"log\\\":\\\""},
    {"127.0.0.1 - - [21/Nov/2026:02:37:06 +0000] \"GET / HTTP/1.1\" ",
     "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a  "},
};

}  // namespace gasoline::understand
