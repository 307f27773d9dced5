#include <fmt/format.h>

#include "daemon/handlers.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

http::Response answer_end(const Context& context, std::string_view run_id) {
  HeldRuns* held = context.held_runs();
  const auto ending = held == nullptr ? HeldRuns::Ending::kUnknown : held->end_run(run_id);
  switch (ending) {
    case HeldRuns::Ending::kAsked:
      return json_response("{\"status\":\"ok\"}");
    case HeldRuns::Ending::kHasWrapper:
      return http::problem(409, "run_has_wrapper", "The run has its gasoline-run still",
                           "End it where it runs; this is for runs that were taken over.");
    default:
      return http::problem(404, "run_not_found", "No run of this id was taken over",
                           "'gasoline status' lists those that were.");
  }
}

}  // namespace

std::string runs_json(const Context& context) {
  const HeldRuns* held = context.held_runs();
  if (held == nullptr) {
    return "{\"held\":0,\"taken_over_total\":0,\"refused_total\":0,\"failures_total\":0,"
           "\"taken_over\":[]}";
  }
  std::string taken_over;
  size_t count = 0;
  for (const HeldRuns::Shown& run : held->shown()) {
    ++count;
    if (run.since_us == 0) continue;
    taken_over += taken_over.empty() ? "{\"run_id\":" : ",{\"run_id\":";
    event::append_json_string(taken_over, run.run_id);
    taken_over += ",\"service\":";
    event::append_json_string(taken_over, run.service);
    taken_over += ",\"since\":";
    event::append_json_time_ms(taken_over, run.since_us);
    taken_over += '}';
  }
  const HeldRuns::Counters& counters = held->counters();
  return fmt::format(
      "{{\"held\":{},\"taken_over_total\":{},\"refused_total\":{},\"failures_total\":{},"
      "\"taken_over\":[{}]}}",
      count, counters.taken_over, counters.refused, counters.failures, taken_over);
}

void add_run_routes(const Context& context, std::vector<Route>& routes) {
  Route end;
  end.method = "POST";
  end.path = "/v1/runs/end";
  end.operation_id = "endRun";
  end.summary = "Hangs up on a run that was taken over from a wrapper which was killed.";
  end.parameters = {{"run", "string", "The run's id.", true}};
  end.response_schema = "Health";
  end.handler = [&context](http::Request&& request, const http::Responder& responder) {
    responder.respond(answer_end(context, request.query_value("run").value_or("")));
  };
  routes.push_back(std::move(end));
}

}  // namespace gasoline::daemon
