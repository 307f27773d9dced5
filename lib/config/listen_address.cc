#include "config/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace gasoline::config {
namespace {

bool is_numeric(const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return ::inet_pton(AF_INET, address.c_str(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), parsed.data()) == 1;
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  ListenAddress listen;
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  listen.address = address;
  const char* end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data() + colon + 1, end, listen.port);
  if (code != std::errc() || at != end || !is_numeric(listen.address)) return std::nullopt;
  return listen;
}

std::string to_string(const ListenAddress& listen) {
  const bool is_v6 = listen.address.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", listen.address, listen.port)
               : fmt::format("{}:{}", listen.address, listen.port);
}

}  // namespace gasoline::config
