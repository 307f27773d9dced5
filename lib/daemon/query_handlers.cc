#include <memory>

#include "daemon/answer_json.h"
#include "daemon/handlers.h"
#include "daemon/query_parameters.h"

namespace gasoline::daemon {
namespace {

void answer_timeline(const Context& context, http::Request&& request,
                     const http::Responder& responder) {
  auto query = read_timeline_query(request);
  if (!query) {
    return responder.respond(http::problem(400, "bad_parameter", "A parameter cannot be read",
                                           query.error().to_string()));
  }
  const bool is_queued = context.queries.try_run([&context, responder, asked = std::move(*query)] {
    // Nobody reads the answer of a client that is gone.
    if (!responder.is_connected()) return;
    const auto answer = context.store.timeline(asked);
    if (!answer) {
      return responder.respond(http::problem(400, "bad_cursor", "The timeline cannot be answered",
                                             answer.error().to_string()));
    }
    responder.respond(json_response(timeline_json(*answer)));
  });
  if (is_queued) return;
  http::Response response =
      http::problem(429, "too_many_queries", "More queries wait than are answered at a time",
                    "Ask again after the time in Retry-After.");
  response.headers.push_back({"Retry-After", "1"});
  responder.respond(std::move(response));
}

}  // namespace

void add_query_routes(const Context& context, std::vector<Route>& routes) {
  Route timeline;
  timeline.method = "GET";
  timeline.path = "/v1/timeline";
  timeline.alias = "/buffers/timeline";
  timeline.operation_id = "getTimeline";
  timeline.summary =
      "Everything that happened for one correlation id, or in a time range, in order.";
  timeline.parameters = timeline_parameters();
  timeline.response_schema = "Timeline";
  timeline.handler = [&context](http::Request&& request, http::Responder responder) {
    answer_timeline(context, std::move(request), responder);
  };
  routes.push_back(std::move(timeline));
}

}  // namespace gasoline::daemon
