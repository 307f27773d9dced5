#include "daemon/router.h"

#include <fmt/format.h>

#include <algorithm>

namespace gasoline::daemon {
namespace {

bool is_on(const Route& route, std::string_view path) {
  return route.path == path || (!route.alias.empty() && route.alias == path);
}

}  // namespace

const Route* Router::find(std::string_view method, std::string_view path) const {
  if (method == "HEAD") method = "GET";  // the server leaves the body out
  const auto found = std::find_if(routes_.begin(), routes_.end(), [&](const Route& route) {
    return route.method == method && is_on(route, path);
  });
  return found == routes_.end() ? nullptr : &*found;
}

std::string Router::allowed_methods(std::string_view path) const {
  std::string methods;
  for (const Route& route : routes_) {
    if (!is_on(route, path)) continue;
    if (!methods.empty()) methods += ", ";
    methods += route.method;
    if (route.method == "GET") methods += ", HEAD";
  }
  return methods;
}

std::optional<http::Response> Router::check(const http::Request& request) const {
  const Route* route = find(request.method, request.path);
  if (route == nullptr) {
    const std::string allowed = allowed_methods(request.path);
    if (allowed.empty()) {
      return http::problem(404, "not_found", "There is nothing at this path",
                           "GET /openapi.json lists the paths.");
    }
    http::Response response =
        http::problem(405, "method_not_allowed", "This path does not take this method",
                      fmt::format("Use {}.", allowed));
    response.headers.push_back({"Allow", allowed});
    return response;
  }
  for (const Parameter& parameter : route->parameters) {
    if (!parameter.is_required || request.query_value(parameter.name)) continue;
    return http::problem(400, "missing_parameter", "The query lacks a parameter",
                         fmt::format("Give '{}': {}.", parameter.name, parameter.description));
  }
  for (const http::Header& given : request.query) {
    const bool is_known =
        std::any_of(route->parameters.begin(), route->parameters.end(),
                    [&](const Parameter& parameter) { return parameter.name == given.name; });
    if (is_known) continue;
    std::string accepted;
    for (const Parameter& parameter : route->parameters) {
      if (!accepted.empty()) accepted += ", ";
      accepted += parameter.name;
    }
    return http::problem(400, "unknown_parameter", "The query has a parameter that is not known",
                         fmt::format("'{}' is not known here; accepted: {}.", given.name,
                                     accepted.empty() ? "none" : accepted));
  }
  return std::nullopt;
}

void Router::handle(http::Request&& request, http::Responder responder) const {
  const Route* route = find(request.method, request.path);
  GASOLINE_ASSERT(route != nullptr);
  route->handler(std::move(request), std::move(responder));
}

}  // namespace gasoline::daemon
