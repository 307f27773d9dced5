#include <memory>

#include "daemon/answer_json.h"
#include "daemon/handlers.h"
#include "daemon/query_parameters.h"

namespace gasoline::daemon {
namespace {

http::Response bad_parameter(const Error& error) {
  return http::problem(400, "bad_parameter", "A parameter cannot be read", error.to_string());
}

http::Response cannot_answer(const Error& error) {
  return http::problem(400, "bad_cursor", "The question cannot be answered", error.to_string());
}

/// Answers on one of `threads`; at once, with 429, if too many wait for them.
void answer_later(QueryThreads& threads, const http::Responder& responder,
                  std::function<http::Response()> answer) {
  const bool is_queued = threads.try_run([responder, answer = std::move(answer)] {
    // Nobody reads the answer of a client that is gone.
    if (responder.is_connected()) responder.respond(answer());
  });
  if (is_queued) return;
  http::Response response =
      http::problem(429, "too_many_queries", "More queries wait than are answered at a time",
                    "Ask again after the time in Retry-After.");
  response.headers.push_back({"Retry-After", "1"});
  responder.respond(std::move(response));
}

void answer_timeline(const Context& context, http::Request&& request,
                     const http::Responder& responder) {
  auto query = read_timeline_query(request);
  if (!query) return responder.respond(bad_parameter(query.error()));
  const auto corrects = read_correct_skew(request);
  if (!corrects) return responder.respond(bad_parameter(corrects.error()));
  answer_later(context.queries, responder,
               [&context, asked = std::move(*query), corrects = *corrects] {
                 auto answer = context.store.timeline(asked);
                 if (!answer) return cannot_answer(answer.error());
                 if (corrects) context.clock_skew.correct(*answer);
                 return json_response(
                     timeline_json(*answer, context.clock_skew.json_for(*answer)));
               });
}

void answer_search(const Context& context, http::Request&& request,
                   const http::Responder& responder) {
  auto search = read_search(request);
  if (!search) return responder.respond(bad_parameter(search.error()));
  answer_later(context.searches, responder, [&context, asked = std::move(*search)] {
    const auto matcher = pattern::TextMatcher::compile(asked.query.text, asked.ignores_case);
    if (!matcher) {
      return http::problem(400, "bad_regex", "The expression in 'q' cannot be used",
                           matcher.error().detail);
    }
    const auto answer = context.store.search(asked, *matcher);
    return answer ? json_response(search_json(*answer)) : cannot_answer(answer.error());
  });
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
  Route search;
  search.method = "GET";
  search.path = "/v1/search";
  search.operation_id = "search";
  search.summary = "Events of all sources whose message matches an expression, newest first.";
  search.parameters = search_parameters();
  search.response_schema = "SearchResult";
  search.handler = [&context](http::Request&& request, http::Responder responder) {
    answer_search(context, std::move(request), responder);
  };
  routes.push_back(std::move(search));
}

}  // namespace gasoline::daemon
