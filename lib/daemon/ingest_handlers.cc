#include <fmt/format.h>

#include <charconv>

#include "daemon/handlers.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

constexpr std::string_view kRetryAfterS = "1";

http::Response with_retry(http::Response response) {
  response.headers.push_back({"Retry-After", std::string(kRetryAfterS)});
  return response;
}

http::Response refusal(const Outcome& outcome, bool is_single) {
  switch (outcome.code) {
    case Outcome::Code::kInvalid:
      return http::problem(400, "invalid_body", "The body cannot be read as events",
                           outcome.detail);
    case Outcome::Code::kTooLarge:
      return http::problem(413, "too_many_events", "The body holds too much",
                           fmt::format("{}; send at most {} events in one body.", outcome.detail,
                                       event::EventReader::kEventsMax));
    case Outcome::Code::kRunTooOld:
      return http::problem(422, "run_too_old", "The run is too old", outcome.detail);
    case Outcome::Code::kUnavailable:
      return with_retry(http::problem(503, "event_log_unavailable",
                                      "The event log cannot be written",
                                      outcome.detail + "; nothing of this body was acknowledged."));
    default:
      break;
  }
  http::Response response =
      http::problem(400, is_single ? "bad_event" : "no_event_taken",
                    is_single ? "The event cannot be taken" : "None of the events can be taken",
                    "'failed' says what is wrong with each event.");
  response.body.pop_back();  // the object's closing brace
  response.body += ",\"failed\":[" + outcome.failed + "]}";
  return response;
}

/// Ends this daemon so that a newer one can take its place. Only for who can reach the socket's
/// file.
void end_daemon(const Context& context, const http::Request& request,
                const http::Responder& responder) {
  if (!request.peer.unix_socket) {
    return responder.respond(http::problem(403, "unix_socket_only", "Not over TCP",
                                           "Ask on the daemon's Unix socket, or send it SIGTERM."));
  }
  responder.respond(json_response("{\"status\":\"ok\"}"));
  context.end_daemon();
}

http::Response answer(const Outcome& outcome, std::string_view ack, bool is_single) {
  if (outcome.code != Outcome::Code::kTaken) return refusal(outcome, is_single);
  if (is_single) {
    return json_response(fmt::format("{{\"status\":\"ok\",\"event_id\":{},\"ack\":\"{}\"}}",
                                     outcome.event_ids, ack));
  }
  return json_response(fmt::format(
      "{{\"status\":\"ok\",\"count\":{},\"duplicates\":{},\"ack\":\"{}\",\"failed\":[{}],"
      "\"event_ids\":[{}]}}",
      outcome.count, outcome.duplicates, ack, outcome.failed, outcome.event_ids));
}

bool is_media_type(std::string_view header, std::string_view type) {
  return http::equals_ignoring_case(header.substr(0, header.find(';')), type);
}

/// Hands a body to the pipeline, which answers from its own thread.
void submit(const Context& context, http::Request&& request, http::Responder responder,
            event::BatchForm form) {
  const std::string_view type = request.header("Content-Type");
  const bool is_ndjson = is_media_type(type, "application/x-ndjson");
  const bool is_json =
      type.empty() || is_media_type(type, "application/json") || is_media_type(type, "text/plain");
  if (!is_json && !(is_ndjson && form != event::BatchForm::kObject)) {
    return responder.respond(
        http::problem(415, "unsupported_media_type", "The body's type is not known here",
                      "Send application/json, or application/x-ndjson with one "
                      "event per line to /v1/events."));
  }
  const bool is_single = form == event::BatchForm::kObject;
  http::Response cors;
  context.policy.add_cors_headers(request, cors);
  Pipeline::Job job;
  job.form = is_ndjson ? event::BatchForm::kNdjson : form;
  job.body = std::move(request.body);
  const std::string_view acknowledged = request.header("Gasoline-Acknowledged");
  std::from_chars(acknowledged.data(), acknowledged.data() + acknowledged.size(),
                  job.acknowledged_seq);
  const std::string_view ack = to_string(context.pipeline.ack());
  cors.headers.push_back({"Gasoline-Version", context.version});
  job.done = [responder, ack, is_single, headers = cors.headers](const Outcome& outcome) {
    http::Response response = answer(outcome, ack, is_single);
    response.headers.insert(response.headers.end(), headers.begin(), headers.end());
    responder.respond(std::move(response));
  };
  if (context.pipeline.submit(job)) return;
  http::Response response =
      with_retry(http::problem(429, "pipeline_full", "More events arrive than can be worked off",
                               "Send the same body again after the time in Retry-After."));
  response.headers.insert(response.headers.end(), cors.headers.begin(), cors.headers.end());
  responder.respond(std::move(response));
}

}  // namespace

void add_ingest_routes(const Context& context, std::vector<Route>& routes) {
  Route one;
  one.method = "POST";
  one.path = "/v1/event";
  one.alias = "/event";
  one.operation_id = "postEvent";
  one.summary = "Takes one event.";
  one.request_schema = "EventInput";
  one.response_schema = "EventTaken";
  one.handler = [&context](http::Request&& request, http::Responder responder) {
    submit(context, std::move(request), std::move(responder), event::BatchForm::kObject);
  };
  routes.push_back(std::move(one));

  Route many;
  many.method = "POST";
  many.path = "/v1/events";
  many.alias = "/events";
  many.operation_id = "postEvents";
  many.summary = "Takes up to 10,000 events; a bad one never takes the others down.";
  many.request_schema = "BatchInput";
  many.response_schema = "BatchTaken";
  many.handler = [&context](http::Request&& request, http::Responder responder) {
    submit(context, std::move(request), std::move(responder), event::BatchForm::kBatch);
  };
  routes.push_back(std::move(many));

  Route end;
  end.method = "POST";
  end.path = "/v1/end";
  end.operation_id = "endDaemon";
  end.summary =
      "Ends the daemon as SIGTERM does, so that a newer one can take over. Unix socket only.";
  end.response_schema = "Health";
  end.handler = [&context](http::Request&& request, const http::Responder& responder) {
    end_daemon(context, request, responder);
  };
  routes.push_back(std::move(end));
}

}  // namespace gasoline::daemon
