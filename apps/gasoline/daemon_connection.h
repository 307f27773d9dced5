#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "command_line.h"
#include "http/client.h"
#include "loop/loop.h"
#include "timeline_view.h"

namespace gasoline::cli {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Asks one daemon, one question after the other, waiting for each answer.
class DaemonConnection {
 public:
  static constexpr int64_t kTimeoutUs = 30'000'000;

  /// The daemon of --url, else of GASOLINE_URL, else that of this user's socket. Does not connect.
  static Result<std::unique_ptr<DaemonConnection>> open(const Arguments& arguments);

  /// GET path?parameters. Whatever status is answered is a value.
  Result<http::Response> get(std::string_view path, const Parameters& parameters = {});

  /// POST path?parameters, without a body. Likewise.
  Result<http::Response> post(std::string_view path, const Parameters& parameters = {});

  /// What comes of a streamed answer; false to stop listening.
  struct Listener {
    std::function<bool(std::string)> on_piece;
    std::function<bool()> on_tick;  ///< every kTickUs, whether anything comes or not
  };
  static constexpr int64_t kTickUs = 100'000;
  /// GET path?parameters, whose answer comes piece by piece until somebody ends it. Without a
  /// piece for kTimeoutUs it has ended, with an Error. `last_event_id` may be empty.
  Result<http::Response> follow(std::string_view path, const Parameters& parameters,
                                const std::string& last_event_id, const Listener& listener);

  /// "/run/user/1000/gasoline/gasolined.sock"
  const std::string& place() const { return place_; }

 private:
  DaemonConnection(std::unique_ptr<loop::Loop> loop, const http::Client::Target& target,
                   std::string place);

  Result<http::Response> send(http::Request request);
  http::Request request_for(std::string_view path, const Parameters& parameters) const;

  std::unique_ptr<loop::Loop> loop_;
  http::Client client_;
  std::string place_;
  std::string token_;  // GASOLINE_TOKEN
};

/// Asks and takes only a 200. Anything else is said on stderr, in words, and `exit_code` is set.
Result<std::string> ask(DaemonConnection& daemon, std::string_view path,
                        const Parameters& parameters, int& exit_code);

/// What to tell the user, and do, where no daemon answers.
std::string explain_away(const DaemonConnection& daemon, const Error& error);

/// Says on stderr what a status other than 200 means; returns the exit code.
int explain_refusal(const DaemonConnection& daemon, const http::Response& response);

/// Opens, asks one question and shows the answer; with --json as it came.
int ask_and_show(const Arguments& arguments, std::string_view path,
                 Result<View> (*render)(std::string_view json, const ViewOptions& options),
                 const Parameters& parameters = {});

}  // namespace gasoline::cli
