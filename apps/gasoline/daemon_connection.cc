#include "daemon_connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "answer_reader.h"
#include "base/places.h"
#include "loop/timer.h"
#include "output.h"

namespace gasoline::cli {
namespace {

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
    encoded += is_plain
                   ? std::string(1, c)
                   : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return encoded;
}

}  // namespace

DaemonConnection::DaemonConnection(std::unique_ptr<loop::Loop> loop,
                                   const http::Client::Target& target, std::string place)
    : loop_(std::move(loop)), client_(*loop_, target), place_(std::move(place)) {
  if (const char* token = std::getenv("GASOLINE_TOKEN")) token_ = token;
}

Result<std::unique_ptr<DaemonConnection>> DaemonConnection::open(const Arguments& arguments) {
  http::Client::Target target;
  const char* environment_url = std::getenv("GASOLINE_URL");
  std::string place = arguments.value("url").value_or(environment_url ? environment_url : "");
  if (place.empty()) {
    target.unix_path = find_places(process_environment(), ::getuid()).socket_path();
    place = target.unix_path;
  } else {
    Result<http::Client::Target> parsed = http::Client::parse_url(place);
    if (!parsed) return parsed.error();
    target = std::move(*parsed);
  }
  auto loop = loop::Loop::open();
  if (!loop) return loop.error();
  return std::unique_ptr<DaemonConnection>(
      new DaemonConnection(std::move(*loop), target, std::move(place)));
}

http::Request DaemonConnection::request_for(std::string_view path,
                                            const Parameters& parameters) const {
  http::Request request;
  request.method = "GET";
  request.target = path;
  for (const auto& [name, value] : parameters) {
    request.target += request.target.size() == path.size() ? '?' : '&';
    request.target += name + "=" + percent_encoded(value);
  }
  if (!token_.empty()) request.headers.push_back({"Authorization", "Bearer " + token_});
  return request;
}

Result<http::Response> DaemonConnection::get(std::string_view path, const Parameters& parameters) {
  return send(request_for(path, parameters));
}

Result<http::Response> DaemonConnection::post(std::string_view path, const Parameters& parameters) {
  http::Request request = request_for(path, parameters);
  request.method = "POST";
  return send(std::move(request));
}

Result<http::Response> DaemonConnection::send(http::Request request) {
  std::optional<Result<http::Response>> answer;
  client_.send(std::move(request), kTimeoutUs,
               [&](Result<http::Response> response) { answer = std::move(response); });
  while (!answer && loop_->run_once()) {
  }
  if (!answer) return Error::of(Error::kClosed, "ask the daemon", "the connection ended");
  return std::move(*answer);
}

Result<http::Response> DaemonConnection::follow(std::string_view path, const Parameters& parameters,
                                                const std::string& last_event_id,
                                                const Listener& listener) {
  std::optional<Result<http::Response>> answer;
  http::Request request = request_for(path, parameters);
  if (!last_event_id.empty()) request.headers.push_back({"Last-Event-ID", last_event_id});
  loop::Timer tick(*loop_, [&] {
    if (!listener.on_tick()) client_.close();
  });
  tick.start(kTickUs, kTickUs);
  client_.send_streaming(
      std::move(request), kTimeoutUs,
      [&](std::string piece) {
        if (!listener.on_piece(std::move(piece))) client_.close();
      },
      [&](Result<http::Response> response) { answer = std::move(response); });
  while (!answer && loop_->run_once()) {
  }
  return std::move(*answer);
}

std::string explain_away(const DaemonConnection& daemon, const Error& error) {
  std::string remedy =
      "start one with 'gasolined --background', or prefix a command with gasoline-run";
  if (error.code == EACCES || error.code == EPERM) {
    remedy = "it runs as another user; ask as that user";
  } else if (error.code == Error::kTimedOut) {
    remedy = "it hangs or is very busy; look at its log";
  } else if (error.code == Error::kInvalid) {
    remedy = "something else seems to listen there; name the daemon with --url";
  }
  return fmt::format("no daemon answers at {} ({}); {}", daemon.place(), error.to_string(), remedy);
}

int explain_refusal(const DaemonConnection& daemon, const http::Response& response) {
  std::string why = read_problem(response.body);
  if (why.empty()) why = "is that gasolined?";
  if (response.status == 400 || response.status == 413) return fail(kExitUsage, why);
  return fail(kExitDaemonAway,
              fmt::format("{} answers {}: {}", daemon.place(), response.status, why));
}

Result<std::string> ask(DaemonConnection& daemon, std::string_view path,
                        const Parameters& parameters, int& exit_code) {
  Result<http::Response> response = daemon.get(path, parameters);
  if (!response) {
    exit_code = fail(kExitDaemonAway, explain_away(daemon, response.error()));
    return response.error();
  }
  if (response->status == 200) return std::move(response->body);
  exit_code = explain_refusal(daemon, *response);
  return Error::of(Error::kInvalid, "ask the daemon", "it answered otherwise");
}

int ask_and_show(const Arguments& arguments, std::string_view path,
                 Result<View> (*render)(std::string_view json, const ViewOptions& options),
                 const Parameters& parameters) {
  const Result<ViewOptions> options = stdout_options(arguments);
  if (!options) return fail(kExitUsage, options.error().to_string());
  auto daemon = DaemonConnection::open(arguments);
  if (!daemon) return fail(kExitUsage, daemon.error().to_string());
  int exit_code = kExitDaemonAway;
  const Result<std::string> json = ask(**daemon, path, parameters, exit_code);
  if (!json) return exit_code;
  if (arguments.has("json")) {
    return exit_after(print(*json + "\n"), kExitFound);
  }
  const Result<View> view = render(*json, *options);
  if (!view) return fail(kExitDaemonAway, view.error().to_string());
  return show(*view);
}

}  // namespace gasoline::cli
