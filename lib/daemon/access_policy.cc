#include "daemon/access_policy.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iomanip>

namespace gasoline::daemon {
namespace {

/// "name:port" or "[v6]:port" without the port; empty if what follows the name is no port.
std::string_view without_port(std::string_view authority) {
  const size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) return {};
  const size_t colon = std::min(authority.find(':', bracket), authority.size());
  const std::string_view host = authority.substr(0, colon);
  const std::string_view port = authority.substr(colon);
  const bool is_host = bracket == 0 || bracket + 1 == host.size();
  const bool is_port = port.find_first_not_of("0123456789", 1) == std::string_view::npos;
  return is_host && is_port ? host : std::string_view();
}

bool is_loopback_v4(std::string_view host) {
  if (!host.starts_with("127.")) return false;
  int dots = 0;
  for (const char c : host) {
    if (c == '.') {
      ++dots;
    } else if (c < '0' || c > '9') {
      return false;
    }
  }
  return dots == 3;
}

bool is_loopback_name(std::string_view authority) {
  const std::string_view host = without_port(authority);
  constexpr std::string_view kSuffix = ".localhost";
  const bool is_subdomain =
      host.size() > kSuffix.size() &&
      http::equals_ignoring_case(host.substr(host.size() - kSuffix.size()), kSuffix);
  return http::equals_ignoring_case(host, "localhost") || is_subdomain || host == "[::1]" ||
         is_loopback_v4(host);
}

std::string_view authority_of(std::string_view origin) {
  const size_t scheme = origin.find("://");
  return scheme == std::string_view::npos ? std::string_view() : origin.substr(scheme + 3);
}

bool is_extension(std::string_view origin) {
  constexpr std::array<std::string_view, 4> kSchemes{
      "chrome-extension://", "moz-extension://", "safari-web-extension://", "edge-extension://"};
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](std::string_view scheme) { return origin.starts_with(scheme); });
}

bool posts_events(const http::Request& request) {
  constexpr std::array<std::string_view, 4> kPaths{"/v1/event", "/v1/events", "/event", "/events"};
  const bool is_method = request.method == "POST" || request.method == "OPTIONS";
  return is_method && std::find(kPaths.begin(), kPaths.end(), request.path) != kPaths.end();
}

/// Takes the same time wherever the difference is.
bool equals_in_constant_time(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  unsigned difference = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    difference |=
        static_cast<unsigned>(static_cast<uint8_t>(left[i]) ^ static_cast<uint8_t>(right[i]));
  }
  return difference == 0;
}

}  // namespace

std::optional<http::Response> AccessPolicy::check(const http::Request& request) const {
  if (!request.peer.unix_socket && !is_allowed_host(request.header("Host"))) {
    return http::problem(421, "misdirected_request", "This host is not served here",
                         "Use localhost, *.localhost, 127.0.0.1 or [::1] in the URL, or start "
                         "gasolined with --allow-host.");
  }
  if (request.has_header("Origin") && !is_allowed_origin(request)) {
    return http::problem(
        403, "origin_not_allowed", "This origin may not do that",
        "Pages on loopback addresses and browser extensions may post events; others "
        "need gasolined --allow-origin. Everything else is for the same origin only.");
  }
  const bool is_preflight =
      request.method == "OPTIONS" && request.has_header("Access-Control-Request-Method");
  if (is_preflight) {
    http::Response response;
    response.status = 204;
    add_cors_headers(request, response);
    response.headers.push_back({"Access-Control-Allow-Methods", "POST"});
    response.headers.push_back(
        {"Access-Control-Allow-Headers", "content-type, content-encoding, authorization"});
    response.headers.push_back({"Access-Control-Max-Age", "600"});
    if (request.has_header("Access-Control-Request-Private-Network")) {
      response.headers.push_back({"Access-Control-Allow-Private-Network", "true"});
    }
    return response;
  }
  if (!is_authorized(request)) {
    http::Response response = http::problem(
        401, "unauthorized", "A token is needed",
        "Send 'Authorization: Bearer TOKEN' with the token in the daemon's token file; "
        "its place is in the answer of 'gasoline status'.");
    response.headers.push_back({"WWW-Authenticate", "Bearer"});
    return response;
  }
  return std::nullopt;
}

void AccessPolicy::add_cors_headers(const http::Request& request, http::Response& response) const {
  const std::string_view origin = request.header("Origin");
  if (origin.empty() || !is_allowed_origin(request)) return;
  response.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
  response.headers.push_back({"Vary", "Origin"});
}

bool AccessPolicy::is_allowed_host(std::string_view host) const {
  if (is_loopback_name(host)) return true;
  return std::any_of(options_.allowed_hosts.begin(), options_.allowed_hosts.end(),
                     [&](const std::string& allowed) {
                       return http::equals_ignoring_case(host, allowed) ||
                              http::equals_ignoring_case(without_port(host), allowed);
                     });
}

bool AccessPolicy::is_allowed_origin(const http::Request& request) const {
  const std::string_view origin = request.header("Origin");
  const std::string_view authority = authority_of(origin);
  if (!authority.empty() && authority == request.header("Host")) return true;
  if (!posts_events(request)) return false;
  return (!authority.empty() && is_loopback_name(authority) && origin.starts_with("http")) ||
         is_extension(origin) ||
         std::find(options_.allowed_origins.begin(), options_.allowed_origins.end(), origin) !=
             options_.allowed_origins.end();
}

bool AccessPolicy::is_authorized(const http::Request& request) const {
  const http::Peer& peer = request.peer;
  // The socket's mode keeps others out; root can read the token anyway.
  if (peer.unix_socket) return true;
  if (peer.loopback && peer.uid_known && (peer.uid == options_.uid || peer.uid == 0)) return true;
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view header = request.header("Authorization");
  return !options_.token.empty() && header.starts_with(kBearer) &&
         equals_in_constant_time(header.substr(kBearer.size()), options_.token);
}

Result<std::string> read_token_file(const std::string& path) {
  constexpr size_t kTokenSizeMin = 16;
  constexpr int kTokenSizeMax = 4096;
  std::ifstream file(path);
  std::string token;
  if (file >> std::setw(kTokenSizeMax) >> token && token.size() >= kTokenSizeMin) return token;
  return Error::of(Error::kInvalid, "read the token file '" + path + "'",
                   "accepted: a readable file with a token of 16 characters or more");
}

}  // namespace gasoline::daemon
