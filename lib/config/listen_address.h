#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gasoline::config {

/// A TCP address to serve on.
struct ListenAddress {
  std::string address;  ///< numeric, without brackets
  uint16_t port = 0;    ///< 0: one that is free

  bool is_loopback() const { return address.starts_with("127.") || address == "::1"; }
  bool operator==(const ListenAddress&) const = default;
};

/// What parse_listen_address() takes, for people.
inline constexpr std::string_view kListenAccepted =
    "ADDRESS:PORT with a numeric address, such as 127.0.0.1:7890 or [::1]:7890";

std::optional<ListenAddress> parse_listen_address(std::string_view text);

/// "127.0.0.1:7890", "[::1]:7890"
std::string to_string(const ListenAddress& listen);

}  // namespace gasoline::config
