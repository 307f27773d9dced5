#include "http/server.h"

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "http/connection.h"
#include "http/server_core.h"
#include "loop/connector.h"

namespace gasoline::http {

namespace {

Response too_many_connections() {
  Response response = problem(503, "too_busy", "Too many connections",
                              "Close connections that are not in use, and try again.");
  response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace

/// On the loop's thread at once, from another by the mailbox; dropped if the server is gone. A
/// connection has one open request, and a stream one note at a time: the mailbox has room for all of
/// them and more.
void Gate::run_on_loop(std::function<void()> function) {
  if (loop_thread.load() == std::this_thread::get_id()) return function();
  const std::lock_guard lock(mutex);
  if (mailbox == nullptr) return;
  const bool is_posted = mailbox->try_post(std::move(function));
  GASOLINE_ASSERT(is_posted);
}

void Gate::deliver(const std::shared_ptr<Gate>& self, uint64_t connection, uint64_t request,
                   Response response) {
  run_on_loop([self, connection, request, response = std::move(response)]() mutable {
    if (self->core != nullptr) self->core->answer(connection, request, std::move(response));
  });
}

void Gate::begin(const std::shared_ptr<Gate>& self, std::shared_ptr<StreamState> state,
                 Response head) {
  run_on_loop([self, state = std::move(state), head = std::move(head)]() mutable {
    if (self->core != nullptr) self->core->begin_stream(state, std::move(head));
  });
}

void Gate::flush(const std::shared_ptr<Gate>& self, std::shared_ptr<StreamState> state) {
  run_on_loop([self, state = std::move(state)] {
    if (self->core != nullptr) self->core->flush_stream(state);
  });
}

void Responder::Exchange::answer(Response response) {
  if (is_answered.exchange(true) || !*is_connected) return;
  gate->deliver(gate, connection, request, std::move(response));
}

Responder::Exchange::~Exchange() {
  if (is_answered) return;
  answer(problem(500, "internal_error", "The request was not answered",
                 "This is a fault of the server; its log may say more."));
}

void Responder::respond(Response response) const {
  exchange_->answer(std::move(response));
}

ResponseStream Responder::stream(Response head, size_t waiting_bytes_max,
                                 std::function<void()> on_room) const {
  auto state = std::make_shared<StreamState>();
  state->waiting_bytes_max = waiting_bytes_max;
  state->on_room = std::move(on_room);
  state->gate = exchange_->gate;
  state->connection = exchange_->connection;
  state->request = exchange_->request;
  if (exchange_->is_answered.exchange(true) || !*exchange_->is_connected) {
    state->is_open = false;
  } else {
    state->gate->begin(state->gate, state, std::move(head));
  }
  return ResponseStream(std::make_shared<ResponseStream::Owner>(std::move(state)));
}

bool Responder::is_connected() const {
  return *exchange_->is_connected;
}

ServerCore::ServerCore(loop::Loop& loop_in, const Clock& clock, Limits limits_in,
                       Server::HeadCheck head_check_in, Server::Handler handler_in)
    : loop(loop_in),
      limits(limits_in),
      head_check(std::move(head_check_in)),
      handler(std::move(handler_in)),
      date(clock),
      scratch(kScratchBytes),
      sweep(loop_in, [this] { buried.clear(); }),
      mailbox(loop_in, 4 * limits_in.connections_max + 16),
      gate(std::make_shared<Gate>()) {
  // The sockets keep the loop going while there is something to answer.
  mailbox.set_keeps_loop_alive(false);
  gate->loop_thread = std::this_thread::get_id();
  gate->core = this;
  gate->mailbox = &mailbox;
}

ServerCore::~ServerCore() {
  const std::lock_guard lock(gate->mutex);
  gate->core = nullptr;
  gate->mailbox = nullptr;
}

Status ServerCore::listen(FileDescriptor socket, SocketFile file) {
  Result<loop::Listener> listener = loop::Listener::open(
      loop, std::move(socket), [this](loop::Stream stream) { accept(std::move(stream)); });
  if (!listener) return std::move(listener).error();
  listening.push_back({std::move(*listener), std::move(file)});
  return {};
}

void ServerCore::accept(loop::Stream stream) {
  // The loop may have been made on one thread and run on another.
  gate->loop_thread = std::this_thread::get_id();
  const bool is_extra = counters.connections_open >= limits.connections_max;
  ++(is_extra ? counters.connections_refused_total : counters.connections_total);
  if (is_extra && refusing >= limits.refused_connections_max) return;
  ++(is_extra ? refusing : counters.connections_open);
  const uint64_t id = ++last_connection;
  auto connection = std::make_unique<Connection>(*this, id, std::move(stream), is_extra);
  Connection& opened = *connection;
  connections.emplace(id, std::move(connection));
  is_extra ? opened.turn_away(too_many_connections()) : opened.start();
}

void ServerCore::answer(uint64_t connection, uint64_t request, Response response) {
  const auto found = connections.find(connection);
  if (found != connections.end()) found->second->answer(request, std::move(response));
}

void ServerCore::begin_stream(const std::shared_ptr<StreamState>& state, Response head) {
  const auto found = connections.find(state->connection);
  if (found == connections.end()) {
    state->is_open = false;
    return;
  }
  found->second->begin_stream(state, std::move(head));
}

void ServerCore::flush_stream(const std::shared_ptr<StreamState>& state) {
  const auto found = connections.find(state->connection);
  if (found != connections.end()) found->second->flush_stream(state);
}

void ServerCore::bury(uint64_t connection) {
  auto node = connections.extract(connection);
  if (node.empty()) return;
  buried.push_back(std::move(node.mapped()));
  if (!sweep.is_active()) sweep.start(0);
}

void ServerCore::stop_accepting() {
  for (const Listening& socket : listening) {
    if (!socket.file.path.empty()) socket.file.remove();
  }
  listening.clear();
}

void ServerCore::close() {
  stop_accepting();
  is_closing = true;
  std::vector<uint64_t> open;
  open.reserve(connections.size());
  for (const auto& [id, connection] : connections) open.push_back(id);
  for (const uint64_t id : open) {
    const auto found = connections.find(id);
    if (found != connections.end()) found->second->close_when_answered();
  }
}

/// ServerCore itself: the name keeps connections and locks out of the public header.
struct Server::State : ServerCore {
  using ServerCore::ServerCore;
};

Server::Server(loop::Loop& loop, const Clock& clock, Limits limits, HeadCheck head_check,
               Handler handler)
    : state_(std::make_unique<State>(loop, clock, limits, std::move(head_check),
                                     std::move(handler))) {}

Server::~Server() {
  state_->stop_accepting();
}

Result<uint16_t> Server::listen_tcp(const std::string& address, uint16_t port) {
  Result<loop::SocketAddress> where = loop::SocketAddress::from_ip(address, port);
  if (!where) return std::move(where).error();
  Result<FileDescriptor> socket = loop::bind_tcp(*where);
  if (!socket) {
    Error error = std::move(socket).error();
    error.while_doing = "listen on " + address + " port " + std::to_string(port);
    return error;
  }
  const uint16_t bound = loop::bound_port(socket->get());
  if (Status listened = state_->listen(std::move(*socket), {}); !listened) {
    return std::move(listened).error();
  }
  return bound;
}

Status Server::listen_unix(const std::string& path, mode_t mode) {
  std::vector<ServerCore::Listening>& listening = state_->listening;
  for (auto at = listening.begin(); at != listening.end(); ++at) {
    if (at->file.path != path) continue;
    if (at->file.is_ours()) return {};
    listening.erase(at);
    break;
  }
  SocketFile file;
  Result<FileDescriptor> socket = bind_unix(path, mode, file);
  if (!socket) return std::move(socket).error();
  return state_->listen(std::move(*socket), std::move(file));
}

Status Server::listen_fd(int fd) {
  FileDescriptor socket(fd);
  int is_stream = 0;
  socklen_t size = sizeof is_stream;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &is_stream, &size) != 0) {
    return Error::from_errno(errno, "take a socket to listen on");
  }
  if (is_stream != SOCK_STREAM) {
    return Error::of(Error::kInvalid, "take a socket to listen on", "it is no stream socket");
  }
  return state_->listen(std::move(socket), {});
}

void Server::stop_accepting() {
  state_->stop_accepting();
}

void Server::close() {
  state_->close();
}

Server::Counters Server::counters() const {
  return state_->counters;
}

}  // namespace gasoline::http
