#include <fmt/format.h>

#include "daemon/handlers.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

http::Response reload_response(const ReloadResult& result) {
  if (result.is_in_force) {
    return json_response(fmt::format(
        "{{\"status\":\"ok\",\"changed\":{},\"needs_restart\":{},\"notes\":{}}}",
        json_list(result.changed), json_list(result.needs_restart), json_list(result.notes)));
  }
  http::Response response = http::problem(
      422, "bad_configuration", "The configuration is refused as a whole",
      "The one from before stays in force; 'errors' says what is wrong, and where.");
  response.body.pop_back();  // the object's closing brace
  response.body += ",\"errors\":" + json_list(result.errors) + "}";
  return response;
}

void reload(const Context& context, const http::Responder& responder) {
  const bool is_begun = context.reload().request(
      [responder](const ReloadResult& result) { responder.respond(reload_response(result)); });
  if (is_begun) return;
  http::Response response =
      http::problem(429, "too_many_queries", "More queries wait than are answered at a time",
                    "Ask again after the time in Retry-After.");
  response.headers.push_back({"Retry-After", "1"});
  responder.respond(std::move(response));
}

}  // namespace

std::string json_list(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ',';
    event::append_json_string(list, text);
  }
  return list + "]";
}

std::string configuration_json(const ConfigurationState& state) {
  std::string text = "{\"file\":";
  event::append_json_string(text, state.file);
  text += ",\"read_time\":";
  event::append_json_time_ms(text, state.read_us);
  return text + fmt::format(",\"reloads\":{},\"refused\":{},\"errors\":{},\"needs_restart\":{}}}",
                            state.reloads, state.refused, json_list(state.errors),
                            json_list(state.needs_restart));
}

void add_config_routes(const Context& context, std::vector<Route>& routes) {
  Route route;
  route.method = "POST";
  route.path = "/v1/config/reload";
  route.operation_id = "reloadConfiguration";
  route.summary = "Reads the configuration file again, as SIGHUP does; a bad one changes nothing.";
  route.response_schema = "Reloaded";
  route.handler = [&context](http::Request&&, const http::Responder& responder) {
    reload(context, responder);
  };
  routes.push_back(std::move(route));
}

}  // namespace gasoline::daemon
