#include <memory>

#include "daemon/answer_json.h"
#include "daemon/digest.h"
#include "daemon/handlers.h"
#include "daemon/query_parameters.h"
#include "pattern/matcher_cache.h"
#include "store/cursor.h"

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

/// The digest of a page, with the cursor that goes on behind what it covers.
http::Response digest_response(const store::Answer& answer, uint32_t tokens_max,
                               const store::Query& query, store::CursorKind kind) {
  const Digest digest(answer, tokens_max);
  const size_t covered = digest.covered();
  return json_response(digest.json(covered == answer.events.size()
                                       ? answer.next_cursor
                                       : store::cursor_behind(answer, covered - 1, query, kind)));
}

/// A digest folds: it looks at as many events as there may be unless told otherwise.
void widen_for_digest(const http::Request& request, store::Query& query) {
  if (!request.query_value("limit")) query.limit = store::Query::kLimitMax;
}

void answer_timeline(const Context& context, http::Request&& request,
                     const http::Responder& responder) {
  auto query = read_timeline_query(request);
  if (!query) return responder.respond(bad_parameter(query.error()));
  const auto corrects = read_correct_skew(request);
  if (!corrects) return responder.respond(bad_parameter(corrects.error()));
  const auto tokens = read_max_tokens(request);
  if (!tokens) return responder.respond(bad_parameter(tokens.error()));
  if (*tokens > 0) widen_for_digest(request, *query);
  answer_later(context.queries, responder,
               [&context, asked = std::move(*query), corrects = *corrects, tokens = *tokens] {
                 auto answer = context.store.timeline(asked);
                 if (!answer) return cannot_answer(answer.error());
                 if (tokens > 0) {
                   return digest_response(*answer, tokens, asked, store::CursorKind::kTimeline);
                 }
                 if (corrects) context.clock_skew.correct(*answer);
                 return json_response(
                     timeline_json(*answer, context.clock_skew.json_for(*answer)));
               });
}

http::Response search_response(const Context& context, pattern::MatcherCache& matchers,
                               const store::Search& search, uint32_t tokens_max) {
  const auto matcher = matchers.get(search.query.text, search.ignores_case);
  if (!matcher) {
    return http::problem(400, "bad_regex", "The expression in 'q' cannot be used",
                         matcher.error().detail);
  }
  const auto answer = context.store.search(search, *matcher);
  if (!answer) return cannot_answer(answer.error());
  if (tokens_max == 0) return json_response(search_json(*answer, search.counts_all));
  return digest_response(answer->page, tokens_max, search.query,
                         search.ignores_case ? store::CursorKind::kSearchIgnoringCase
                                             : store::CursorKind::kSearch);
}

void answer_search(const Context& context, std::shared_ptr<pattern::MatcherCache> matchers,
                   http::Request&& request, const http::Responder& responder) {
  auto search = read_search(request);
  if (!search) return responder.respond(bad_parameter(search.error()));
  const auto tokens = read_max_tokens(request);
  if (!tokens) return responder.respond(bad_parameter(tokens.error()));
  if (*tokens > 0) widen_for_digest(request, search->query);
  answer_later(context.searches, responder,
               [&context, matchers = std::move(matchers), asked = std::move(*search),
                tokens = *tokens] {
                 return search_response(context, *matchers, asked, tokens);
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
  timeline.response_schema = "TimelineAnswer";
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
  search.response_schema = "SearchAnswer";
  search.handler = [&context, matchers = std::make_shared<pattern::MatcherCache>()](
                       http::Request&& request, http::Responder responder) {
    answer_search(context, matchers, std::move(request), responder);
  };
  routes.push_back(std::move(search));
}

}  // namespace gasoline::daemon
