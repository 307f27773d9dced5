#include "daemon/handlers.h"
#include "daemon/query_parameters.h"

namespace gasoline::daemon {
namespace {

http::Response too_many_readers() {
  http::Response response = http::problem(429, "too_many_readers", "Too many tails are open",
                                          "Close one, or come back after Retry-After.");
  response.headers.push_back({"Retry-After", "5"});
  return response;
}

void answer_tail(const Context& context, const http::Request& request,
                 const http::Responder& responder) {
  const auto filters = read_timeline_query(request);
  if (!filters) {
    return responder.respond(http::problem(400, "bad_parameter", "A parameter cannot be read",
                                           filters.error().to_string()));
  }
  std::optional<TailPlace> after;
  if (const std::string_view id = request.header("Last-Event-ID"); !id.empty()) {
    if (!parse_tail_place(id, after.emplace())) {
      return responder.respond(
          http::problem(400, "bad_parameter", "The Last-Event-ID is not one of ours",
                        "Send the id of an event of this tail, or leave the header out."));
    }
  }
  // Before, the old events would come as if they were new.
  if (!context.pipeline.is_ready()) return responder.respond(not_ready());
  Tail& tail = context.tail;
  if (!tail.try_reserve()) return responder.respond(too_many_readers());
  http::Response head;
  head.content_type = "text/event-stream";
  head.headers.push_back({"Cache-Control", "no-store"});
  tail.add(*filters, after, responder.stream(std::move(head), tail.options().waiting_bytes_max,
                                             [&tail] { tail.notify(); }));
}

}  // namespace

void add_tail_routes(const Context& context, std::vector<Route>& routes) {
  Route tail;
  tail.method = "GET";
  tail.path = "/v1/tail";
  tail.operation_id = "tail";
  tail.summary = "Events as they arrive, as server-sent events; Last-Event-ID goes on.";
  tail.parameters = tail_parameters();
  tail.response_type = "text/event-stream";
  tail.handler = [&context](http::Request&& request, http::Responder responder) {
    answer_tail(context, request, responder);
  };
  routes.push_back(std::move(tail));
}

}  // namespace gasoline::daemon
