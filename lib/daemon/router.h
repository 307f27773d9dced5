#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace gasoline::daemon {

/// One query parameter of a route, as documented and as checked.
struct Parameter {
  std::string_view name;
  std::string_view type;  ///< JSON Schema type: "string", "integer", "boolean"
  std::string_view description;
  bool is_required = false;
};

/// One method on one path. All text is literal.
struct Route {
  std::string_view method;
  std::string_view path;
  std::string_view alias;  ///< the bare path of older clients; empty if there is none
  std::string_view operation_id;
  std::string_view summary;
  std::vector<Parameter> parameters;
  std::string_view request_schema;  ///< name of a schema in the description; empty: no body
  std::string_view response_schema;
  std::string_view response_type = "application/json";
  std::function<void(http::Request&&, http::Responder)> handler;
};

/// Finds the route of a request. The same table is served as /openapi.json. Immutable after its
/// making.
class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  /// Answers what no handler has to see: 404 not_found, 405 method_not_allowed (with Allow), 400
  /// unknown_parameter and missing_parameter.
  std::optional<http::Response> check(const http::Request& request) const;
  /// The request passed check().
  void handle(http::Request&& request, http::Responder responder) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  const Route* find(std::string_view method, std::string_view path) const;
  std::string allowed_methods(std::string_view path) const;

  const std::vector<Route> routes_;
};

/// The OpenAPI 3.1 description of the routes.
std::string describe_api(const std::vector<Route>& routes);

}  // namespace gasoline::daemon
