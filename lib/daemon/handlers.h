#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/supervisor.h"
#include "daemon/access_policy.h"
#include "daemon/adoption.h"
#include "daemon/clock_skew.h"
#include "daemon/event_log.h"
#include "daemon/held_runs.h"
#include "daemon/metrics_text.h"
#include "daemon/pipeline.h"
#include "daemon/problems.h"
#include "daemon/query_threads.h"
#include "daemon/reload.h"
#include "daemon/router.h"
#include "daemon/sources.h"
#include "daemon/tail.h"
#include "http/server.h"
#include "store/store.h"

namespace gasoline::daemon {

/// What the handlers work on. All of it outlives the server.
struct Context {
  const Clock& clock;
  store::Store& store;
  EventLog& log;
  Pipeline& pipeline;
  QueryThreads& queries;
  QueryThreads& searches;  ///< apart, so that long ones hold up no timeline
  Tail& tail;
  const ClockSkew& clock_skew;
  const Sources& sources;  ///< loop thread only
  const AccessPolicy& policy;
  std::function<http::Server::Counters()> http_counters;  ///< loop thread only
  std::function<const Adoption::Counters*()> adoption_counters;
  std::function<HeldRuns*()> held_runs;  ///< null while there are none; loop thread only
  std::function<void()> end_daemon;  ///< as SIGTERM does
  std::function<Reload&()> reload;   ///< loop thread only
  const Supervisor& supervisor;
  std::string version;
  std::string socket_path;
  std::vector<std::string> addresses;  ///< that are served, "127.0.0.1:7890"
  std::string state_directory;
  int64_t started_us = 0;         ///< monotonic
  std::vector<Problem> problems;  ///< found at start
};

/// The route table of the daemon. `context` must outlive the routes.
std::vector<Route> make_routes(const Context& context);

// One group of routes each, called by make_routes.
void add_ingest_routes(const Context& context, std::vector<Route>& routes);
void add_query_routes(const Context& context, std::vector<Route>& routes);
void add_tail_routes(const Context& context, std::vector<Route>& routes);
void add_health_routes(const Context& context, std::vector<Route>& routes);
void add_run_routes(const Context& context, std::vector<Route>& routes);

/// Runs that are held, as a member of the status.
std::string runs_json(const Context& context);
void add_config_routes(const Context& context, std::vector<Route>& routes);

/// ["a","b"]
std::string json_list(const std::vector<std::string>& texts);
/// How the configuration is, as /v1/status says it.
std::string configuration_json(const ConfigurationState& state);

/// How the tasks are that the supervisor watches: for /v1/status, /metrics, and what to do.
std::string tasks_json(const Supervisor& supervisor);
void add_task_metrics(MetricsText& metrics, const Supervisor& supervisor);
void add_task_problems(const Supervisor& supervisor, std::vector<Problem>& problems);
void add_reload_metrics(MetricsText& metrics, const ConfigurationState& state);

/// 503 while the event log is being brought back.
http::Response not_ready();
/// The JSON of a good answer.
http::Response json_response(std::string body);

}  // namespace gasoline::daemon
