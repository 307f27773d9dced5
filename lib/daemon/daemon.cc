#include "daemon/daemon.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "base/places.h"
#include "config/listen_address.h"
#include "config/memory_shares.h"
#include "daemon/access_policy.h"
#include "daemon/adoption.h"
#include "daemon/handlers.h"
#include "daemon/held_runs.h"
#include "daemon/learnt_file.h"
#include "daemon/line_intake.h"
#include "daemon/reload.h"
#include "daemon/sources.h"
#include "daemon/state_directory.h"
#include "daemon/systemd.h"
#include "daemon/taken_streams.h"
#include "http/server.h"
#include "io/real_file_system.h"
#include "loop/signal_watcher.h"
#include "loop/timer.h"
#include "process/keeper.h"
#include "setup/setup.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kQueryThreads = 2;
constexpr size_t kQueriesQueuedMax = 128;
constexpr size_t kSearchThreads = 1;
constexpr size_t kSearchesQueuedMax = 16;
constexpr int64_t kHousekeepingIntervalUs = 1'000'000;
constexpr useconds_t kLockRetryUs = 20'000;
// The pipeline looks around every ten seconds; adoption waits for a pipeline whose disk is slow.
constexpr int64_t kStallUs = 10'000'000;
constexpr int64_t kPipelineStallUs = 30'000'000;
constexpr int64_t kAdoptionStallUs = 60'000'000;
constexpr int64_t kShutdownLimitUs = 4'000'000;

/// Each followed file has a descriptor: as many as we may have without asking anybody.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::vector<config::ListenAddress> addresses_of(const config::Settings& settings) {
  std::vector<config::ListenAddress> addresses;
  for (const std::string& text : settings.listen) {
    if (const auto listen = config::parse_listen_address(text)) addresses.push_back(*listen);
  }
  return addresses;
}

AckLevel ack_of(config::Ack ack) {
  switch (ack) {
    case config::Ack::kMemory:
      return AckLevel::kMemory;
    case config::Ack::kWritten:
      return AckLevel::kWritten;
    case config::Ack::kSynced:
      return AckLevel::kSynced;
  }
  return AckLevel::kWritten;
}

store::Options store_options(const config::Settings& settings) {
  store::Options options;
  options.bytes_max = config::memory_shares(settings).store;
  options.events_max = static_cast<uint64_t>(settings.store_events_max);
  options.ttl_us = settings.ttl_us;
  return options;
}

/// No single body may need more than all of them may have.
http::Limits http_limits(const config::Settings& settings) {
  http::Limits limits;
  limits.bodies_size_bytes_max = config::memory_shares(settings).bodies;
  limits.unpacked_size_bytes_max =
      std::min(limits.unpacked_size_bytes_max, limits.bodies_size_bytes_max);
  limits.body_size_bytes_max = std::min(limits.body_size_bytes_max, limits.bodies_size_bytes_max);
  return limits;
}

}  // namespace

/// The parts, in the order in which they are built; destroyed in the opposite one.
struct Daemon::Parts {
  Parts(Options options_given, const Clock& clock_given, Log& log_given)
      : options(std::move(options_given)), clock(clock_given), diary(log_given) {}

  /// In force now; before open_server() what the daemon was started with.
  const config::Settings& settings() const {
    return reload ? reload->running().settings : options.configuration.settings;
  }
  Result<std::shared_ptr<const understand::Rules>> make_rules(const config::Settings& wanted);
  void put_in_force(Reload::Prepared prepared);
  std::function<void()> watched(const std::string& name, int64_t stall_us);
  Result<AccessPolicy::Options> access_of(const config::Settings& settings);
  Status open_state();
  Status open_pipeline();
  Status open_server();
  Status listen(std::vector<Problem>& problems);
  void keep_house();
  void note_clients();
  void shut_down();

  Options options;
  const Clock& clock;
  Log& diary;
  SystemRandom random;
  io::RealFileSystem files;
  loop::Loop loop;
  std::optional<StateDirectory> state;
  std::unique_ptr<EventLog> log;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<ClockSkew> clock_skew;
  std::unique_ptr<Tail> tail;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<LineIntake> intake;
  std::unique_ptr<loop::Mailbox> mailbox;  // from the supervisor's thread
  std::unique_ptr<Supervisor> supervisor;
  std::unique_ptr<Sources> sources;
  std::unique_ptr<AccessPolicy> policy;
  std::unique_ptr<Reload> reload;  // outlives the threads that it uses
  std::unique_ptr<QueryThreads> queries;
  std::unique_ptr<QueryThreads> searches;
  std::unique_ptr<Adoption> adoption;
  std::unique_ptr<Context> context;
  std::unique_ptr<Router> router;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<TakenStreams> taken;
  std::unique_ptr<HeldRuns> held;
  std::unique_ptr<loop::Timer> housekeeping;
  std::unique_ptr<loop::Timer> deadline;
  std::unique_ptr<loop::Timer> ending;  // shuts down from the loop, never from within a handler
  std::unique_ptr<loop::SignalWatcher> terminate;
  std::unique_ptr<loop::SignalWatcher> interrupt;
  std::unique_ptr<loop::SignalWatcher> hang_up;
  std::vector<Supervisor::Watch> watches;  // of our own tasks
  std::function<void()> on_loop_step;
  uint64_t requests_seen = 0;
  int64_t last_client_us = 0;
  bool is_ending = false;
};

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Daemon::~Daemon() = default;

const std::string& Daemon::state_directory() const {
  return parts_->options.state_directory;
}

Result<std::unique_ptr<Daemon>> Daemon::create(Options options, const Clock& clock, Log& log) {
  const config::Settings& settings = options.configuration.settings;
  for (const config::ListenAddress& listen : addresses_of(settings)) {
    if (!listen.is_loopback() && settings.token_file.empty()) {
      return Error::of(Error::kInvalid, "listen on " + to_string(listen),
                       "an address beyond this machine needs security.token_file, or --token-file");
    }
  }
  raise_descriptor_limit();
  auto parts = std::make_unique<Parts>(std::move(options), clock, log);
  if (Status opened = parts->open_state(); !opened) return opened.error();
  if (Status opened = parts->open_pipeline(); !opened) return opened.error();
  if (Status opened = parts->open_server(); !opened) return opened.error();
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Status Daemon::Parts::open_state() {
  auto opened = StateDirectory::open(files, options.state_directory);
  const int64_t give_up_us = clock.monotonic_us() + options.lock_timeout_us;
  while (!opened && opened.error().code == Error::kLocked && clock.monotonic_us() < give_up_us) {
    ::usleep(kLockRetryUs);
    opened = StateDirectory::open(files, options.state_directory);
  }
  if (!opened) return opened.error();
  state.emplace(std::move(*opened));
  EventLog::Options log_options;
  log_options.directory = options.state_directory + "/events";
  log_options.size_bytes_max = static_cast<uint64_t>(settings().log_size_bytes_max);
  log_options.ttl_us = settings().ttl_us;
  auto opened_log = EventLog::open(files, log_options, clock, random, diary);
  if (!opened_log) return opened_log.error();
  log = std::move(*opened_log);
  return {};
}

Result<std::shared_ptr<const understand::Rules>> Daemon::Parts::make_rules(
    const config::Settings& wanted) {
  understand::Options understanding = setup::understanding_options(wanted);
  if (!options.cache_directory.empty() && make_private_directories(options.cache_directory)) {
    understanding.pattern_cache_directory = options.cache_directory;
  }
  auto mask_key = state->mask_key(random);
  if (!mask_key) return mask_key.error();
  understanding.mask_key = understand::MaskKey::parse(*mask_key);
  auto created = understand::Rules::create(understanding, diary);
  if (!created) return created.error();
  return std::shared_ptr<const understand::Rules>(std::move(*created));
}

Status Daemon::Parts::open_pipeline() {
  auto rules = make_rules(settings());
  if (!rules) return rules.error();
  store = std::make_unique<store::Store>(store_options(settings()), clock);
  clock_skew = std::make_unique<ClockSkew>(host_name());
  supervisor = std::make_unique<Supervisor>(clock, random, diary);
  mailbox = std::make_unique<loop::Mailbox>(loop, Supervisor::kTasksMax);
  mailbox->set_keeps_loop_alive(false);
  Tail::Options tail_options;
  tail_options.on_step = watched("tail", kStallUs);
  tail = std::make_unique<Tail>(*store, clock, tail_options);
  Pipeline::Options pipeline_options;
  pipeline_options.on_stored = [this](std::span<const event::Event> events, int64_t sent_at_us) {
    clock_skew->note(events, sent_at_us);
    tail->notify();
  };
  const std::string learnt_path = options.state_directory + "/learnt";
  pipeline_options.learnt = load_learnt(files, learnt_path, diary);
  pipeline_options.keep_learnt = [this, learnt_path](const std::string& learnt) {
    save_learnt(files, learnt_path, learnt, diary);
  };
  pipeline_options.on_step = watched("pipeline", kPipelineStallUs);
  pipeline_options.ack = ack_of(settings().ack);
  pipeline_options.queued_bytes_max = config::memory_shares(settings()).queue;
  pipeline = std::make_unique<Pipeline>(*log, *store, std::move(*rules), clock, random, diary,
                                        pipeline_options);
  intake = std::make_unique<LineIntake>(*pipeline, *log);
  sources = std::make_unique<Sources>(
      source::Surroundings{*intake, files, clock, random, diary, options.state_directory},
      *supervisor,
      [this](std::function<void()> function) { return mailbox->try_post(std::move(function)); });
  queries = std::make_unique<QueryThreads>(kQueryThreads, kQueriesQueuedMax);
  searches = std::make_unique<QueryThreads>(kSearchThreads, kSearchesQueuedMax);
  return {};
}

/// Lets the supervisor watch over a task of ours, which is to call what is returned at each step.
std::function<void()> Daemon::Parts::watched(const std::string& name, int64_t stall_us) {
  TaskSettings task;
  task.name = name;
  task.stall_us = stall_us;
  watches.push_back(supervisor->watch(std::move(task)));
  return [heartbeat = watches.back().shared_heartbeat()] { heartbeat->beat(); };
}

/// The file of the settings, or the one that the daemon makes, has the token.
Result<AccessPolicy::Options> Daemon::Parts::access_of(const config::Settings& wanted) {
  AccessPolicy::Options access;
  access.uid = ::geteuid();
  access.allowed_hosts = wanted.allowed_hosts;
  access.allowed_origins = wanted.allowed_origins;
  auto token =
      wanted.token_file.empty() ? state->token(random) : read_token_file(wanted.token_file);
  if (!token) return token.error();
  access.token = std::move(*token);
  return access;
}

/// All of it is made; nothing of this can fail.
void Daemon::Parts::put_in_force(Reload::Prepared prepared) {
  if (is_ending) return;
  const config::Settings& wanted = prepared.configuration.settings;
  policy->replace(std::move(prepared.access));
  pipeline->use_rules(std::move(prepared.rules));
  store->set_bounds(store_options(wanted));
  log->set_bounds(static_cast<uint64_t>(wanted.log_size_bytes_max), wanted.ttl_us);
  sources->apply(wanted.sources);
}

Status Daemon::Parts::open_server() {
  auto access = access_of(settings());
  if (!access) return access.error();
  policy = std::make_unique<AccessPolicy>(std::move(*access));
  Reload::Parts reloading;
  reloading.read = options.read_configuration;
  reloading.make_rules = [this](const config::Settings& wanted) { return make_rules(wanted); };
  reloading.make_access = [this](const config::Settings& wanted) { return access_of(wanted); };
  reloading.put_in_force = [this](Reload::Prepared made) { put_in_force(std::move(made)); };
  reload = std::make_unique<Reload>(loop, *queries, clock, diary, options.configuration,
                                    std::move(reloading));
  context = std::make_unique<Context>(
      Context{clock,
              *store,
              *log,
              *pipeline,
              *queries,
              *searches,
              *tail,
              *clock_skew,
              *sources,
              *policy,
              [this] { return server->counters(); },
              [this] { return adoption == nullptr ? nullptr : &adoption->counters(); },
              [this] { return held.get(); },
              [this] { ending->start(0); },
              [this]() -> Reload& { return *reload; },
              *supervisor,
              options.version,
              options.socket_path,
              {},
              options.state_directory,
              clock.monotonic_us(),
              {}});
  router = std::make_unique<Router>(make_routes(*context));
  server = std::make_unique<http::Server>(
      loop, clock, http_limits(settings()),
      [this](const http::Request& request) {
        auto refused = policy->check(request);
        return refused ? std::move(refused) : router->check(request);
      },
      [this](http::Request&& request, http::Responder responder) {
        router->handle(std::move(request), std::move(responder));
      });
  return listen(context->problems);
}

/// The Unix socket must be had; a TCP port may belong to somebody else, who is left alone.
Status Daemon::Parts::listen(std::vector<Problem>& problems) {
  for (const int fd : take_activation_sockets()) {
    if (Status adopted = server->listen_fd(fd); !adopted) return adopted;
  }
  const std::string directory = options.socket_path.substr(0, options.socket_path.rfind('/'));
  if (Status made = make_private_directories(directory); !made) return made;
  if (Status bound = server->listen_unix(options.socket_path, 0600); !bound) return bound;
  taken = std::make_unique<TakenStreams>(loop, *pipeline, clock, diary);
  held = std::make_unique<HeldRuns>(
      loop, diary, process::find_keeper_program(), HeldRuns::affordable_runs(),
      [this](spool::HandOver hand_over) { taken->take(std::move(hand_over)); });
  const std::string hold_path = spool::hand_over_socket_path(options.socket_path);
  if (Status bound = held->listen(hold_path); !bound) return bound;
  for (const config::ListenAddress& wanted : addresses_of(settings())) {
    const auto port = server->listen_tcp(wanted.address, wanted.port);
    if (port) {
      context->addresses.push_back(to_string(config::ListenAddress{wanted.address, *port}));
      continue;
    }
    const std::string text = to_string(wanted);
    diary.warn(fmt::format("{}: {}; serving on {} all the same", text, port.error().to_string(),
                           options.socket_path));
    problems.push_back(
        {fmt::format("{} is not served: {}", text, port.error().to_string()),
         "end the program that holds the port, or start gasolined with another "
         "--listen ADDR:PORT; wrapped commands use the socket and are not affected"});
  }
  if (state->is_on_network()) {
    diary.warn(options.state_directory + " is on a network file system");
    problems.push_back({options.state_directory + " is on a network file system, where locks and "
                                                  "syncs may not hold",
                        "set XDG_STATE_HOME, or start gasolined with --state-dir on a local disk"});
  }
  return {};
}

void Daemon::run() {
  Parts& parts = *parts_;
  parts.supervisor->start();
  parts.sources->apply(parts.settings().sources);
  parts.pipeline->start();
  Adoption::Options adoption;
  adoption.directory = parts.options.spool_directory;
  adoption.ring_directory = parts.options.ring_directory;
  adoption.on_step = parts.watched("adoption", kAdoptionStallUs);
  parts.adoption = std::make_unique<Adoption>(parts.files, *parts.pipeline, parts.clock,
                                              parts.random, parts.diary, adoption);
  const auto end = [&parts](int) { parts.shut_down(); };
  parts.terminate = std::make_unique<loop::SignalWatcher>(parts.loop, end);
  parts.interrupt = std::make_unique<loop::SignalWatcher>(parts.loop, end);
  parts.hang_up = std::make_unique<loop::SignalWatcher>(parts.loop, [&parts](int) {
    notify_service_manager("RELOADING=1");
    const bool is_begun = parts.reload->request(
        [](const ReloadResult&) { notify_service_manager("READY=1"); });
    if (!is_begun) parts.diary.warn("SIGHUP: too many queries wait; send it again");
  });
  static_cast<void>(parts.terminate->start(SIGTERM));
  static_cast<void>(parts.interrupt->start(SIGINT));
  static_cast<void>(parts.hang_up->start(SIGHUP));
  parts.deadline = std::make_unique<loop::Timer>(parts.loop, [&parts] { parts.loop.stop(); });
  parts.deadline->set_keeps_loop_alive(false);
  parts.ending = std::make_unique<loop::Timer>(parts.loop, [&parts] { parts.shut_down(); });
  parts.last_client_us = parts.clock.monotonic_us();
  parts.housekeeping = std::make_unique<loop::Timer>(parts.loop, [&parts] { parts.keep_house(); });
  parts.on_loop_step = parts.watched("event loop", kStallUs);
  parts.housekeeping->start(kHousekeepingIntervalUs, kHousekeepingIntervalUs);
  for (const std::string& address : parts.context->addresses) {
    parts.diary.info("serving http://" + address);
  }
  parts.diary.info("serving " + parts.options.socket_path);
  notify_service_manager("READY=1");
  parts.loop.run();
  parts.diary.info("ended");
}

bool Daemon::must_exit_at_once() const {
  return parts_->sources->has_left_one();
}

/// Once a second: makes a socket that vanished anew, and ends a daemon that nobody needs.
void Daemon::Parts::keep_house() {
  on_loop_step();
  struct stat status {};
  if (::stat(options.socket_path.c_str(), &status) != 0) {
    const std::string directory = options.socket_path.substr(0, options.socket_path.rfind('/'));
    const Status made = make_private_directories(directory);
    const Status bound = made ? server->listen_unix(options.socket_path, 0600) : made;
    diary.warn(options.socket_path + " had vanished and " +
               (bound ? "was made again" : "cannot be made again: " + bound.error().to_string()));
  }
  held->keep_house();
  sources->settle();
  note_clients();
  const int64_t idle_us = clock.monotonic_us() - last_client_us;
  if (settings().idle_exit_us > 0 && idle_us >= settings().idle_exit_us) {
    diary.info("nobody has asked for anything in a while");
    shut_down();
  }
}

/// A client is whoever has a connection open, has asked something since the last look, or writes
/// into a pipe that we read.
void Daemon::Parts::note_clients() {
  const http::Server::Counters counters = server->counters();
  const bool has_clients = counters.connections_open > 0 ||
                           counters.requests_total != requests_seen || taken->runs() > 0 ||
                           held->runs() > 0 || sources->size() > 0;
  if (!has_clients) return;
  requests_seen = counters.requests_total;
  last_client_us = clock.monotonic_us();
}

/// Stops taking in, finishes what was taken, flushes; the loop runs out when the last answer is
/// sent.
void Daemon::Parts::shut_down() {
  if (is_ending) return;
  is_ending = true;
  diary.info("ending");
  notify_service_manager("STOPPING=1");
  deadline->start(kShutdownLimitUs);
  supervisor->stop();
  server->stop_accepting();
  held.reset();
  adoption.reset();
  static_cast<void>(sources->stop());
  pipeline->drain();
  taken.reset();
  server->close();
  housekeeping.reset();
  terminate.reset();
  interrupt.reset();
  hang_up.reset();
}

}  // namespace gasoline::daemon
