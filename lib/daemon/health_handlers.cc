#include <fmt/format.h>
#include <unistd.h>

#include "daemon/followed_json.h"
#include "daemon/handlers.h"
#include "daemon/metrics_text.h"
#include "daemon/problems.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

using event::append_json_string;
using event::append_json_time_ms;

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string sources_json(const store::Store& store) {
  std::string text = "[";
  for (const store::SourceStats& source : store.sources()) {
    if (text.size() > 1) text += ',';
    text += fmt::format(
        "{{\"source\":{},\"kind\":\"{}\",\"service\":{},\"run_id\":{},\"place\":{},"
        "\"events\":{},\"bytes\":{},\"first_time\":",
        quoted(source.name), to_string(source.kind), quoted(source.service),
        source.run_id.empty() ? "null" : quoted(source.run_id), quoted(source.place), source.events,
        source.bytes);
    append_json_time_ms(text, source.first_us);
    text += ",\"last_time\":";
    append_json_time_ms(text, source.last_us);
    text += fmt::format(",\"evicted\":{}}}", source.evicted);
  }
  return text + "]";
}

std::string event_log_json(const EventLog& log) {
  return fmt::format(
      "{{\"directory\":{},\"bytes\":{},\"bytes_max\":{},\"first_sequence\":{},"
      "\"next_sequence\":{},\"synced_sequence\":{},\"damaged_records\":{}}}",
      quoted(log.options().directory), log.size_bytes(), log.options().size_bytes_max,
      log.first_sequence(), log.next_sequence(), log.synced_sequence(), log.damaged_records());
}

std::string store_json(const store::Stats& stats) {
  return fmt::format(
      "{{\"events\":{},\"resident_bytes\":{},\"sources\":{},\"ids\":{},"
      "\"evicted_by_count\":{},\"evicted_by_bytes\":{},\"evicted_by_ttl\":{}}}",
      stats.events, stats.resident_bytes, stats.sources, stats.ids, stats.evicted_by_count,
      stats.evicted_by_bytes, stats.evicted_by_ttl);
}

std::string pipeline_json(const Pipeline& pipeline) {
  return fmt::format(
      "{{\"queued_bodies\":{},\"queued_bodies_max\":{},\"queued_bytes\":{},"
      "\"queued_bytes_max\":{},\"refused_bodies\":{}}}",
      pipeline.queued_bodies(), pipeline.options().queued_bodies_max, pipeline.queued_bytes(),
      pipeline.options().queued_bytes_max, pipeline.counters().refused_bodies.load());
}

std::string http_json(const http::Server::Counters& counters) {
  return fmt::format(
      "{{\"connections_open\":{},\"connections_total\":{},\"connections_refused\":{},"
      "\"requests\":{},\"refused\":{},\"timeouts\":{}}}",
      counters.connections_open, counters.connections_total, counters.connections_refused_total,
      counters.requests_total, counters.refused_total, counters.timeouts_total);
}

std::string queries_json(const Context& context) {
  const Tail::Counters& tail = context.tail.counters();
  return fmt::format(
      "{{\"queued\":{},\"queued_max\":{},\"refused\":{},\"searches_queued\":{},"
      "\"searches_queued_max\":{},\"searches_refused\":{},\"tails\":{},\"tails_max\":{},"
      "\"tails_refused\":{},\"tail_events_sent\":{},\"tail_events_lost\":{}}}",
      context.queries.queued(), context.queries.queued_max(), context.queries.refused_total(),
      context.searches.queued(), context.searches.queued_max(), context.searches.refused_total(),
      tail.readers.load(), context.tail.options().readers_max, tail.readers_refused.load(),
      tail.events_sent.load(), tail.events_lost.load());
}

std::string adoption_json(const Adoption::Counters* counters) {
  if (counters == nullptr) return "{\"spools\":0,\"events\":0,\"failures\":0}";
  return fmt::format("{{\"spools\":{},\"events\":{},\"failures\":{}}}", counters->spools.load(),
                     counters->events.load(), counters->failures.load());
}

std::string status_json(const Context& context, LossMemory& memory) {
  const std::vector<Problem> problems = current_problems(context, memory);
  const bool is_ready = context.pipeline.is_ready();
  std::string text = fmt::format(
      "{{\"status\":\"{}\",\"version\":{},\"pid\":{},\"uptime_s\":{:.3f},\"is_ready\":{},"
      "\"ack\":\"{}\",\"socket\":{},\"state_directory\":{},\"addresses\":[",
      !is_ready ? "starting" : (problems.empty() ? "ok" : "degraded"), quoted(context.version),
      ::getpid(), static_cast<double>(context.clock.monotonic_us() - context.started_us) / 1e6,
      is_ready, to_string(context.pipeline.ack()), quoted(context.socket_path),
      quoted(context.state_directory));
  for (size_t i = 0; i < context.addresses.size(); ++i) {
    text += fmt::format("{}{}", i > 0 ? "," : "", quoted(context.addresses[i]));
  }
  text += fmt::format(
      "],\"event_log\":{},\"store\":{},\"pipeline\":{},\"http\":{},\"adoption\":{},"
      "\"runs\":{},\"queries\":{},\"configuration\":{},\"tasks\":{},\"clock_skew\":{},"
      "\"following\":{},\"problems\":[",
      event_log_json(context.log), store_json(context.store.stats()),
      pipeline_json(context.pipeline), http_json(context.http_counters()),
      adoption_json(context.adoption_counters()), runs_json(context), queries_json(context),
      configuration_json(context.reload().state()), tasks_json(context.supervisor),
      context.clock_skew.json(), followed_json(context.sources.status()));
  for (size_t i = 0; i < problems.size(); ++i) {
    text += fmt::format("{}{{\"what\":{},\"remedy\":{}}}", i > 0 ? "," : "",
                        quoted(problems[i].what), quoted(problems[i].remedy));
  }
  return text + "]}";
}

std::string stats_json(const Context& context) {
  const Pipeline::Counters& counters = context.pipeline.counters();
  return fmt::format(
      "{{\"events\":{},\"duplicates\":{},\"failed_events\":{},\"bad_bodies\":{},"
      "\"refused_bodies\":{},\"log_failures\":{},\"batches\":{},"
      "\"secrets_masked\":{},\"ids_rejected\":{},\"lines_joined\":{},\"joins_cut\":{},"
      "\"sources\":{}}}",
      counters.events.load(), counters.duplicates.load(), counters.failed_events.load(),
      counters.bad_bodies.load(), counters.refused_bodies.load(), counters.log_failures.load(),
      counters.batches.load(), counters.secrets_masked.load(), counters.ids_rejected.load(),
      counters.lines_joined.load(), counters.joins_cut.load(), sources_json(context.store));
}

void add_pipeline_metrics(MetricsText& metrics, const Pipeline& pipeline) {
  const Pipeline::Counters& counters = pipeline.counters();
  metrics.counter("gasoline_events_total", "Events taken and stored.", counters.events.load());
  metrics.counter("gasoline_duplicate_events_total", "Events that were known already.",
                  counters.duplicates.load());
  metrics.head("gasoline_refused_total", "counter", "Events and bodies that were not taken.");
  metrics.labelled("gasoline_refused_total", "reason", "bad_event",
                   static_cast<double>(counters.failed_events.load()));
  metrics.labelled("gasoline_refused_total", "reason", "bad_body",
                   static_cast<double>(counters.bad_bodies.load()));
  metrics.labelled("gasoline_refused_total", "reason", "pipeline_full",
                   static_cast<double>(counters.refused_bodies.load()));
  metrics.labelled("gasoline_refused_total", "reason", "event_log",
                   static_cast<double>(counters.log_failures.load()));
  metrics.counter("gasoline_secrets_masked_total", "Secrets masked before anything was stored.",
                  counters.secrets_masked.load());
  metrics.counter("gasoline_lines_joined_total", "Lines that continue the event before them.",
                  counters.lines_joined.load());
  metrics.counter("gasoline_joins_cut_total", "Events that ended at the bounds of joining.",
                  counters.joins_cut.load());
  metrics.gauge("gasoline_pipeline_queued_bytes", "Bytes of bodies that wait for the pipeline.",
                static_cast<double>(pipeline.queued_bytes()));
  metrics.gauge("gasoline_pipeline_queued_bytes_max", "Bound of gasoline_pipeline_queued_bytes.",
                static_cast<double>(pipeline.options().queued_bytes_max));
  metrics.gauge("gasoline_pipeline_queued_bodies", "Bodies that wait for the pipeline.",
                static_cast<double>(pipeline.queued_bodies()));
  metrics.gauge("gasoline_pipeline_queued_bodies_max", "Bound of gasoline_pipeline_queued_bodies.",
                static_cast<double>(pipeline.options().queued_bodies_max));
}

void add_store_metrics(MetricsText& metrics, const store::Stats& stats) {
  metrics.gauge("gasoline_store_events", "Events in the rings.", static_cast<double>(stats.events));
  metrics.gauge("gasoline_store_resident_bytes", "Memory of the rings and their indexes.",
                static_cast<double>(stats.resident_bytes));
  metrics.gauge("gasoline_store_warm_bytes", "Full blocks of events that are not packed yet.",
                static_cast<double>(stats.warm_bytes));
  metrics.gauge("gasoline_store_packed_bytes", "Packed blocks of events.",
                static_cast<double>(stats.packed_bytes));
  metrics.gauge("gasoline_store_unpacked_bytes", "Copies of packed blocks, kept for queries.",
                static_cast<double>(stats.unpacked_bytes));
  metrics.counter("gasoline_store_unpacked_hits_total", "Packed blocks that were found unpacked.",
                  stats.unpacked_hits);
  metrics.counter("gasoline_store_unpacked_misses_total", "Packed blocks that were unpacked.",
                  stats.unpacked_misses);
  metrics.gauge("gasoline_store_sources", "Sources with a ring.",
                static_cast<double>(stats.sources));
  metrics.gauge("gasoline_store_ids", "Correlation ids in the index.",
                static_cast<double>(stats.ids));
  metrics.head("gasoline_store_evicted_total", "counter", "Events evicted from the rings.");
  metrics.labelled("gasoline_store_evicted_total", "reason", "count",
                   static_cast<double>(stats.evicted_by_count));
  metrics.labelled("gasoline_store_evicted_total", "reason", "bytes",
                   static_cast<double>(stats.evicted_by_bytes));
  metrics.labelled("gasoline_store_evicted_total", "reason", "ttl",
                   static_cast<double>(stats.evicted_by_ttl));
}

void add_http_metrics(MetricsText& metrics, const http::Server::Counters& counters) {
  metrics.gauge("gasoline_http_connections", "Connections that are open.",
                static_cast<double>(counters.connections_open));
  metrics.counter("gasoline_http_connections_total", "Connections taken.",
                  counters.connections_total);
  metrics.counter("gasoline_http_connections_refused_total", "Connections over the bound.",
                  counters.connections_refused_total);
  metrics.counter("gasoline_http_requests_total", "Requests that reached a handler.",
                  counters.requests_total);
  metrics.counter("gasoline_http_requests_refused_total", "Requests answered with an error early.",
                  counters.refused_total);
  metrics.gauge("gasoline_http_streams", "Answers that go out piece by piece.",
                static_cast<double>(counters.streams_open));
  metrics.gauge("gasoline_http_bodies_bytes", "Bodies of requests that are not answered yet.",
                static_cast<double>(counters.bodies_bytes));
  metrics.counter("gasoline_http_timeouts_total", "Clients that were too slow.",
                  counters.timeouts_total);
}

void add_query_metrics(MetricsText& metrics, const Context& context) {
  metrics.head("gasoline_queries_queued", "gauge", "Questions that wait for a thread.");
  const std::pair<const char*, const QueryThreads*> kinds[] = {{"timeline", &context.queries},
                                                               {"search", &context.searches}};
  for (const auto& [kind, threads] : kinds) {
    metrics.labelled("gasoline_queries_queued", "kind", kind,
                     static_cast<double>(threads->queued()));
  }
  metrics.head("gasoline_queries_queued_max", "gauge", "Bound of gasoline_queries_queued.");
  for (const auto& [kind, threads] : kinds) {
    metrics.labelled("gasoline_queries_queued_max", "kind", kind,
                     static_cast<double>(threads->queued_max()));
  }
  metrics.head("gasoline_queries_refused_total", "counter", "Questions over the bound.");
  for (const auto& [kind, threads] : kinds) {
    metrics.labelled("gasoline_queries_refused_total", "kind", kind,
                     static_cast<double>(threads->refused_total()));
  }
  const Tail::Counters& tail = context.tail.counters();
  metrics.gauge("gasoline_tail_readers", "Tails that are open.",
                static_cast<double>(tail.readers.load()));
  metrics.gauge("gasoline_tail_readers_max", "Bound of gasoline_tail_readers.",
                static_cast<double>(context.tail.options().readers_max));
  metrics.counter("gasoline_tail_readers_refused_total", "Tails over the bound.",
                  tail.readers_refused.load());
  metrics.counter("gasoline_tail_events_sent_total", "Events sent to tails.",
                  tail.events_sent.load());
  const skew::SkewBook::Counters skew = context.clock_skew.counters();
  metrics.counter("gasoline_clock_skew_samples_total", "Samples of differences between clocks.",
                  skew.samples);
  metrics.counter("gasoline_clock_skew_refused_total", "Samples that could not be any.",
                  skew.refused);
  metrics.counter("gasoline_tail_events_lost_total", "Events that tails were too slow for.",
                  tail.events_lost.load());
}

std::string metrics_page(const Context& context) {
  MetricsText metrics;
  add_pipeline_metrics(metrics, context.pipeline);
  add_store_metrics(metrics, context.store.stats());
  add_http_metrics(metrics, context.http_counters());
  add_query_metrics(metrics, context);
  add_task_metrics(metrics, context.supervisor);
  add_reload_metrics(metrics, context.reload().state());
  metrics.gauge("gasoline_event_log_bytes", "Bytes of the event log's segments.",
                static_cast<double>(context.log.size_bytes()));
  metrics.gauge("gasoline_event_log_bytes_max", "Bound of gasoline_event_log_bytes.",
                static_cast<double>(context.log.options().size_bytes_max));
  metrics.gauge("gasoline_event_log_unsynced_records", "Records that are not durable yet.",
                static_cast<double>(context.log.next_sequence() - context.log.synced_sequence()));
  metrics.counter("gasoline_event_log_damaged_records_total", "Records lost to damage.",
                  context.log.damaged_records());
  if (const HeldRuns* held = context.held_runs()) {
    metrics.gauge("gasoline_held_runs", "Runs that are gone on with if their wrapper is killed.",
                  static_cast<double>(held->runs()));
    metrics.gauge("gasoline_held_runs_max", "Bound of gasoline_held_runs.",
                  static_cast<double>(held->runs_max()));
    metrics.counter("gasoline_held_runs_taken_over_total", "Runs whose wrapper was killed.",
                    held->counters().taken_over);
    metrics.counter("gasoline_held_runs_refused_total", "Requests to hold a run over the bound.",
                    held->counters().refused);
  }
  if (const Adoption::Counters* adopted = context.adoption_counters()) {
    metrics.counter("gasoline_adopted_spools_total", "Spools of dead runs that were delivered.",
                    adopted->spools.load());
    metrics.counter("gasoline_adopted_events_total", "Events of dead runs that were delivered.",
                    adopted->events.load());
  }
  return metrics.text();
}

/// A GET without parameters whose answer is made at once.
Route simple_route(std::string_view path, std::string_view alias, std::string_view operation_id,
                   std::string_view summary, std::string_view schema,
                   std::function<http::Response()> answer) {
  Route route;
  route.method = "GET";
  route.path = path;
  route.alias = alias;
  route.operation_id = operation_id;
  route.summary = summary;
  route.response_schema = schema;
  route.handler = [answer = std::move(answer)](http::Request&&, const http::Responder& responder) {
    responder.respond(answer());
  };
  return route;
}

http::Response readiness(const Context& context) {
  if (context.pipeline.is_ready()) return json_response("{\"status\":\"ok\"}");
  return not_ready();
}

}  // namespace

http::Response not_ready() {
  http::Response response =
      http::problem(503, "not_ready", "Events are being brought back from the event log",
                    "Events are taken all the same; timelines are complete when this is over.");
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

http::Response json_response(std::string body) {
  http::Response response;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

void add_health_routes(const Context& context, std::vector<Route>& routes) {
  routes.push_back(simple_route(
      "/v1/sources", "", "getSources", "The sources whose events are kept.", "Sources",
      [&context] { return json_response("{\"sources\":" + sources_json(context.store) + "}"); }));
  routes.push_back(simple_route("/v1/status", "/daemon/status", "getStatus",
                                "The health of every part, and what to do about what is wrong.",
                                "Status",
                                [&context, memory = std::make_shared<LossMemory>()] {
                                  return json_response(status_json(context, *memory));
                                }));
  routes.push_back(simple_route("/v1/stats", "/ingest/stats", "getStats",
                                "Counters of what came in, in all and by source.", "Stats",
                                [&context] { return json_response(stats_json(context)); }));
  routes.push_back(simple_route("/healthz", "", "getHealth", "Alive and taking events in.",
                                "Health", [] { return json_response("{\"status\":\"ok\"}"); }));
  routes.push_back(simple_route("/readyz", "", "getReadiness",
                                "Rebuilt from the event log: timelines are complete.", "Health",
                                [&context] { return readiness(context); }));
  Route metrics = simple_route("/metrics", "", "getMetrics", "Prometheus metrics.", "", [&context] {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_page(context);
    return response;
  });
  metrics.response_type = "text/plain";
  routes.push_back(std::move(metrics));
}

std::vector<Route> make_routes(const Context& context) {
  std::vector<Route> routes;
  add_ingest_routes(context, routes);
  add_query_routes(context, routes);
  add_tail_routes(context, routes);
  add_health_routes(context, routes);
  add_run_routes(context, routes);
  add_config_routes(context, routes);
  Route description = simple_route("/openapi.json", "", "getDescription",
                                   "The description of all of this.", "", nullptr);
  description.response_schema = "Description";
  routes.push_back(std::move(description));
  const std::string text = describe_api(routes);
  routes.back().handler = [text](http::Request&&, const http::Responder& responder) {
    responder.respond(json_response(text));
  };
  return routes;
}

}  // namespace gasoline::daemon
