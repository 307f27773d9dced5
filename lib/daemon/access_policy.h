#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace gasoline::daemon {

/// Who may ask for what: the defence of a loopback port against web pages (DNS rebinding,
/// cross-site requests) and against other users of the machine. One thread.
class AccessPolicy {
 public:
  struct Options {
    uint32_t uid = 0;                          ///< our own
    std::string token;                         ///< empty: nobody needs or has one
    std::vector<std::string> allowed_hosts;    ///< beyond localhost names and loopback addresses
    std::vector<std::string> allowed_origins;  ///< may post events, beyond loopback and extensions
  };
  explicit AccessPolicy(Options options) : options_(std::move(options)) {}
  void replace(Options options) { options_ = std::move(options); }

  /// Looks at a request's head. An answer refuses it: 401 unauthorized, 403 origin_not_allowed or
  /// 421 misdirected_request, as problem+json; or 204, for a preflight.
  std::optional<http::Response> check(const http::Request& request) const;
  /// Adds what lets a page of another, allowed origin read the answer.
  void add_cors_headers(const http::Request& request, http::Response& response) const;

 private:
  bool is_allowed_host(std::string_view host) const;
  bool is_allowed_origin(const http::Request& request) const;
  bool is_authorized(const http::Request& request) const;

  Options options_;
};

/// The first word of a file, a token of 16 characters or more.
Result<std::string> read_token_file(const std::string& path);

}  // namespace gasoline::daemon
