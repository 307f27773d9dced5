#include <fmt/format.h>

#include "daemon/router.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

using event::append_json_string;

/// The shapes of bodies and answers. docs/API.md explains them; a test holds real answers against
/// them.
constexpr std::string_view kSchemas = R"json({
"Event":{"type":"object","required":["event_id","timestamp","receive_time","level","source","service","message","correlation_id","trace_id","span_id","request_id","metadata","tags"],"properties":{
 "event_id":{"type":"string"},"timestamp":{"type":"number"},"receive_time":{"type":"number"},
 "level":{"enum":["debug","info","warn","error","critical"]},
 "source":{"enum":["extension","stdout","stderr","file","ssh","container","otlp","loki","bus","api"]},
 "service":{"type":"string"},"message":{"type":"string"},
 "correlation_id":{"type":["string","null"]},"trace_id":{"type":["string","null"]},"span_id":{"type":["string","null"]},"request_id":{"type":["string","null"]},
 "metadata":{"type":"object"},"tags":{"type":"array","items":{"type":"string"}},
 "run_id":{"type":"string"},"seq":{"type":"integer"},"line":{"type":"integer"},"corrected_timestamp":{"type":"number"},
 "inferred":{"type":"object","required":["confidence","reason"],"properties":{"confidence":{"type":"number"},"reason":{"type":"string"}},"additionalProperties":false}},"additionalProperties":false},
"ClockSkew":{"type":"object","required":["algorithm","note","pairs"],"properties":{"algorithm":{"type":"string"},"note":{"type":"string"},"pairs":{"type":"array","items":{"$ref":"#/components/schemas/ClockPair"}}},"additionalProperties":false},
"ClockPair":{"type":"object","required":["clock","reference","status","samples","outliers","median_ms","p50_ms","p95_ms","p99_ms","std_dev_ms","median_ci95_ms","last_sample","recommendation","commands"],"properties":{
 "clock":{"type":"string"},"reference":{"type":"string"},"status":{"enum":["insufficient_data","unstable","synchronized","detected","large_skew"]},"samples":{"type":"integer"},"outliers":{"type":"integer"},
 "median_ms":{"type":"number"},"p50_ms":{"type":"number"},"p95_ms":{"type":"number"},"p99_ms":{"type":"number"},"std_dev_ms":{"type":"number"},"median_ci95_ms":{"type":"array","items":{"type":"number"}},"last_sample":{"type":"number"},
 "recommendation":{"type":"string"},"commands":{"type":"array","items":{"type":"string"}}},"additionalProperties":false},
"EventInput":{"type":"object","required":["message"],"properties":{
 "message":{"type":"string"},"timestamp":{"type":["number","string"]},"level":{"type":["string","integer"]},"source":{"type":"string"},"service":{"type":"string"},
 "event_id":{"type":"string"},"correlation_id":{"type":"string"},"trace_id":{"type":"string"},"span_id":{"type":"string"},"request_id":{"type":"string"},
 "metadata":{"type":"object"},"tags":{"type":"array","items":{"type":"string"}}}},
"BatchInput":{"oneOf":[{"type":"array","items":{"$ref":"#/components/schemas/EventInput"},"maxItems":10000},
 {"type":"object","required":["events"],"properties":{"events":{"type":"array","items":{"$ref":"#/components/schemas/EventInput"},"maxItems":10000},
 "run_id":{"type":"string"},"seq":{"type":"integer"},"service":{"type":"string"},"host":{"type":"string"},"sent_at":{"type":["number","string"]},"tags":{"type":"array","items":{"type":"string"}}}}]},
"Ack":{"enum":["memory","written","synced"]},
"Failed":{"type":"object","required":["index","error"],"properties":{"index":{"type":"integer"},"error":{"type":"string"}},"additionalProperties":false},
"EventTaken":{"type":"object","required":["status","event_id","ack"],"properties":{"status":{"const":"ok"},"event_id":{"type":"string"},"ack":{"$ref":"#/components/schemas/Ack"}},"additionalProperties":false},
"BatchTaken":{"type":"object","required":["status","count","duplicates","ack","failed","event_ids"],"properties":{"status":{"const":"ok"},"count":{"type":"integer"},"duplicates":{"type":"integer"},
 "ack":{"$ref":"#/components/schemas/Ack"},"failed":{"type":"array","items":{"$ref":"#/components/schemas/Failed"}},"event_ids":{"type":"array","items":{"type":"string"}}},"additionalProperties":false},
"TimelineAnswer":{"oneOf":[{"$ref":"#/components/schemas/Timeline"},{"$ref":"#/components/schemas/Digest"}]},
"SearchAnswer":{"oneOf":[{"$ref":"#/components/schemas/SearchResult"},{"$ref":"#/components/schemas/Digest"}]},
"Digest":{"type":"object","required":["digest","start","errors","lines","ids","candidates","cut","missing","how_to_go_on","next_cursor","tokens"],"properties":{
 "digest":{"const":1},"start":{"type":"string"},"errors":{"type":"array","items":{"type":"string"}},"lines":{"type":"array","items":{"type":"string"}},"ids":{"type":"array","items":{"type":"string"}},"candidates":{"type":"array","items":{"type":"string"}},
 "cut":{"type":"object","required":["events","errors","candidates","has_more"],"properties":{"events":{"type":"integer"},"errors":{"type":"integer"},"candidates":{"type":"integer"},"has_more":{"type":"boolean"}},"additionalProperties":false},
 "missing":{"type":"object","required":["truncated_sources","gaps"],"properties":{"truncated_sources":{"type":"integer"},"gaps":{"type":"integer"}},"additionalProperties":false},
 "how_to_go_on":{"type":"string"},"next_cursor":{"type":["string","null"]},"tokens":{"type":"object","required":["max","bytes_per_token"],"properties":{"max":{"type":"integer"},"bytes_per_token":{"type":"integer"}},"additionalProperties":false}},"additionalProperties":false},
"SourceCount":{"type":"object","required":["source","service","events"],"properties":{"source":{"type":"string"},"service":{"type":"string"},"events":{"type":"integer"}},"additionalProperties":false},
"Truncation":{"type":"object","required":["source","before"],"properties":{"source":{"type":"string"},"before":{"type":"number"}},"additionalProperties":false},
"Gap":{"type":"object","required":["source","run_id","from","to","lines","bytes","reason"],"properties":{"source":{"type":"string"},"run_id":{"type":"string"},"from":{"type":"number"},"to":{"type":"number"},"lines":{"type":"integer"},"bytes":{"type":"integer"},"reason":{"type":"string"}},"additionalProperties":false},
"Timeline":{"type":"object","required":["events","ids","sources","truncated","gaps","candidates","next_cursor","clock_skew"],"properties":{
 "events":{"type":"array","items":{"$ref":"#/components/schemas/Event"}},"ids":{"type":"array","items":{"type":"string"}},
 "sources":{"type":"array","items":{"$ref":"#/components/schemas/SourceCount"}},
 "truncated":{"type":"array","items":{"$ref":"#/components/schemas/Truncation"}},
 "gaps":{"type":"array","items":{"$ref":"#/components/schemas/Gap"}},
 "candidates":{"type":"array","items":{"type":"string"}},"next_cursor":{"type":["string","null"]},"inference":{"type":"object","required":["considered","refused","gave_up"],"properties":{"considered":{"type":"integer"},"refused":{"type":"integer"},"gave_up":{"type":["string","null"]}},"additionalProperties":false},"clock_skew":{"oneOf":[{"type":"null"},{"$ref":"#/components/schemas/ClockSkew"}]}},"additionalProperties":false},
"SearchResult":{"type":"object","required":["events","ids","sources","truncated","gaps","candidates","next_cursor","stopped_early","searched_events","searched_from"],"properties":{
 "events":{"type":"array","items":{"$ref":"#/components/schemas/Event"}},"ids":{"type":"array","items":{"type":"string"}},
 "sources":{"type":"array","items":{"$ref":"#/components/schemas/SourceCount"}},
 "truncated":{"type":"array","items":{"$ref":"#/components/schemas/Truncation"}},
 "gaps":{"type":"array","items":{"$ref":"#/components/schemas/Gap"}},
 "candidates":{"type":"array","items":{"type":"string"}},"next_cursor":{"type":["string","null"]},"stopped_early":{"type":"boolean"},"searched_events":{"type":"integer"},"matched_events":{"type":"integer"},"searched_from":{"type":["number","null"]}},"additionalProperties":false},
"Sources":{"type":"object","required":["sources"],"properties":{"sources":{"type":"array","items":{"$ref":"#/components/schemas/Source"}}},"additionalProperties":false},
"Source":{"type":"object","required":["source","kind","service","run_id","place","events","bytes","first_time","last_time","evicted"],"properties":{
 "source":{"type":"string"},"kind":{"type":"string"},"service":{"type":"string"},"run_id":{"type":["string","null"]},"place":{"type":"string"},"events":{"type":"integer"},"bytes":{"type":"integer"},"first_time":{"type":"number"},"last_time":{"type":"number"},"evicted":{"type":"integer"}},"additionalProperties":false},
"HeldRuns":{"type":"object","required":["held","taken_over_total","refused_total","failures_total","taken_over"],"properties":{
 "held":{"type":"integer"},"taken_over_total":{"type":"integer"},"refused_total":{"type":"integer"},"failures_total":{"type":"integer"},
 "taken_over":{"type":"array","items":{"type":"object","required":["run_id","service","since"],"properties":{
  "run_id":{"type":"string"},"service":{"type":"string"},"since":{"type":"number"}}}}}},
"Status":{"type":"object","required":["status","version","pid","uptime_s","is_ready","ack","socket","addresses","state_directory","event_log","store","pipeline","http","adoption","runs","queries","configuration","tasks","clock_skew","following","problems"],"properties":{
 "status":{"enum":["ok","starting","degraded"]},"version":{"type":"string"},"pid":{"type":"integer"},"uptime_s":{"type":"number"},"is_ready":{"type":"boolean"},"ack":{"$ref":"#/components/schemas/Ack"},
 "socket":{"type":"string"},"addresses":{"type":"array","items":{"type":"string"}},"state_directory":{"type":"string"},
 "event_log":{"type":"object"},"store":{"type":"object"},"pipeline":{"type":"object"},"http":{"type":"object"},"adoption":{"type":"object"},"runs":{"$ref":"#/components/schemas/HeldRuns"},"queries":{"type":"object"},"configuration":{"$ref":"#/components/schemas/Configuration"},"tasks":{"$ref":"#/components/schemas/Tasks"},"clock_skew":{"$ref":"#/components/schemas/ClockSkew"},
 "following":{"type":"array","items":{"type":"object","required":["name","type","note","problem","lines","bytes","lost_bytes","losses","waited_for_room","count","followed"],"properties":{
 "name":{"type":"string"},"type":{"enum":["file","ssh","container"]},"note":{"type":"string"},"problem":{"type":"string"},"lines":{"type":"integer"},"bytes":{"type":"integer"},"lost_bytes":{"type":"integer"},"losses":{"type":"integer"},"waited_for_room":{"type":"integer"},"count":{"type":"integer"},
 "followed":{"type":"array","items":{"type":"object","required":["name","service","state","problem","run_id","offset_bytes","size_bytes","lines"],"properties":{"name":{"type":"string"},"service":{"type":"string"},"state":{"enum":["following","waiting","failing","ended"]},"problem":{"type":"string"},"run_id":{"type":"string"},"offset_bytes":{"type":"integer"},"size_bytes":{"type":"integer"},"lines":{"type":"integer"}},"additionalProperties":false}}},"additionalProperties":false}},
 "problems":{"type":"array","items":{"type":"object","required":["what","remedy"],"properties":{"what":{"type":"string"},"remedy":{"type":"string"}},"additionalProperties":false}}},"additionalProperties":false},
"Stats":{"type":"object","required":["events","duplicates","failed_events","bad_bodies","refused_bodies","log_failures","batches","secrets_masked","ids_rejected","lines_joined","joins_cut","sources"],"properties":{
 "events":{"type":"integer"},"duplicates":{"type":"integer"},"failed_events":{"type":"integer"},"bad_bodies":{"type":"integer"},"refused_bodies":{"type":"integer"},"log_failures":{"type":"integer"},"batches":{"type":"integer"},"secrets_masked":{"type":"integer"},"ids_rejected":{"type":"integer"},"lines_joined":{"type":"integer"},"joins_cut":{"type":"integer"},
 "sources":{"type":"array","items":{"$ref":"#/components/schemas/Source"}}},"additionalProperties":false},
"Tasks":{"type":"object","required":["stalls","restarts","unwatched","watched"],"properties":{"stalls":{"type":"integer"},"restarts":{"type":"integer"},"unwatched":{"type":"integer"},"watched":{"type":"array","items":{"type":"object","required":["name","state","silent_s","stalls","restarts","can_restart"],"properties":{
 "name":{"type":"string"},"state":{"enum":["running","resting","stalled","restarted"]},"silent_s":{"type":"number"},"stalls":{"type":"integer"},"restarts":{"type":"integer"},"can_restart":{"type":"boolean"}},"additionalProperties":false}}},"additionalProperties":false},
"Configuration":{"type":"object","required":["file","read_time","reloads","refused","errors","needs_restart"],"properties":{"file":{"type":"string"},"read_time":{"type":"number"},"reloads":{"type":"integer"},"refused":{"type":"integer"},"errors":{"type":"array","items":{"type":"string"}},"needs_restart":{"type":"array","items":{"type":"string"}}},"additionalProperties":false},
"Reloaded":{"type":"object","required":["status","changed","needs_restart","notes"],"properties":{"status":{"const":"ok"},"changed":{"type":"array","items":{"type":"string"}},"needs_restart":{"type":"array","items":{"type":"string"}},"notes":{"type":"array","items":{"type":"string"}}},"additionalProperties":false},
"Health":{"type":"object","required":["status"],"properties":{"status":{"enum":["ok","starting"]}},"additionalProperties":false},
"Description":{"type":"object","required":["openapi","info","paths"],"properties":{"openapi":{"type":"string"},"info":{"type":"object"},"paths":{"type":"object"},"components":{"type":"object"}}},
"Problem":{"type":"object","required":["title","status","code","detail"],"properties":{"title":{"type":"string"},"status":{"type":"integer"},"code":{"type":"string"},"detail":{"type":"string"},"failed":{"type":"array","items":{"$ref":"#/components/schemas/Failed"}},"errors":{"type":"array","items":{"type":"string"}}}}
})json";

std::string reference(std::string_view schema) {
  return fmt::format("{{\"$ref\":\"#/components/schemas/{}\"}}", schema);
}

void append_parameters(std::string& to, const Route& route) {
  to += ",\"parameters\":[";
  for (size_t i = 0; i < route.parameters.size(); ++i) {
    const Parameter& parameter = route.parameters[i];
    if (i > 0) to += ',';
    to += fmt::format(
        "{{\"name\":\"{}\",\"in\":\"query\",\"required\":{},\"schema\":{{\"type\":\"{}\"}},"
        "\"description\":",
        parameter.name, parameter.is_required, parameter.type);
    append_json_string(to, parameter.description);
    to += '}';
  }
  to += ']';
}

void append_request_body(std::string& to, const Route& route) {
  if (route.request_schema.empty()) return;
  const std::string schema = reference(route.request_schema);
  to += ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":" +
        schema + "}";
  if (route.request_schema == "BatchInput") {
    to += ",\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}";
  }
  to += "}}";
}

void append_responses(std::string& to, const Route& route) {
  const std::string schema = route.response_schema.empty() ? std::string("{\"type\":\"string\"}")
                                                           : reference(route.response_schema);
  to += fmt::format(
      ",\"responses\":{{\"200\":{{\"description\":\"OK\",\"content\":{{\"{}\":{{"
      "\"schema\":{}}}}}}},",
      route.response_type, schema);
  to += fmt::format(
      "\"default\":{{\"description\":\"What is wrong and what to change.\",\"content\":{{"
      "\"application/problem+json\":{{\"schema\":{}}}}}}}}}",
      reference("Problem"));
}

void append_operation(std::string& to, const Route& route, bool is_alias) {
  std::string method(route.method);
  for (char& c : method) c = static_cast<char>(c + 32);
  to += fmt::format("\"{}\":{{\"operationId\":\"{}{}\",\"summary\":", method, route.operation_id,
                    is_alias ? "Alias" : "");
  append_json_string(to, route.summary);
  if (is_alias) to += ",\"deprecated\":true";
  append_parameters(to, route);
  append_request_body(to, route);
  append_responses(to, route);
  to += '}';
}

}  // namespace

std::string describe_api(const std::vector<Route>& routes) {
  std::string text =
      "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Gasoline\",\"version\":\"1\",\"description\":"
      "\"Takes log events in and answers what happened for one request.\"},\"paths\":{";
  bool is_first = true;
  for (const bool is_alias : {false, true}) {
    for (const Route& route : routes) {
      const std::string_view path = is_alias ? route.alias : route.path;
      if (path.empty()) continue;
      if (!is_first) text += ',';
      is_first = false;
      text += fmt::format("\"{}\":{{", path);
      append_operation(text, route, is_alias);
      text += '}';
    }
  }
  text += "},\"components\":{\"schemas\":";
  text += kSchemas;
  text += "}}";
  return text;
}

}  // namespace gasoline::daemon
