#include "http/fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <future>

#include "base/assert.h"

namespace gasoline::http {

ServerOnThread::ServerOnThread(Limits limits, Server::HeadCheck head_check,
                               Server::Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);
  loop_ = std::make_unique<loop::Loop>();
  mailbox_ = std::make_unique<loop::Mailbox>(*loop_, 100);
  server_ =
      std::make_unique<Server>(*loop_, clock_, limits, std::move(head_check), std::move(handler));
  port_ = *server_->listen_tcp("127.0.0.1", 0);
  std::array<char, 32> directory = {"/tmp/gasoline-http-XXXXXX"};
  GASOLINE_ASSERT(mkdtemp(directory.data()) != nullptr);
  directory_ = directory.data();
  path_ = directory_ + "/sock";
  GASOLINE_ASSERT(server_->listen_unix(path_, 0600).has_value());
  thread_ = std::thread([this] { loop_->run(); });
}

ServerOnThread::~ServerOnThread() {
  close_and_join();
  rmdir(directory_.c_str());
}

void ServerOnThread::run(const std::function<void(Server&)>& function) {
  std::promise<void> done;
  GASOLINE_ASSERT(mailbox_->try_post([&] {
    function(*server_);
    done.set_value();
  }));
  done.get_future().wait();
}

Server::Counters ServerOnThread::counters() {
  Server::Counters counters;
  run([&](Server& server) { counters = server.counters(); });
  return counters;
}

void ServerOnThread::close_and_join() {
  if (!thread_.joinable()) return;
  GASOLINE_ASSERT(mailbox_->try_post([this] {
    server_->close();
    mailbox_.reset();
  }));
  thread_.join();
  server_.reset();
  loop_.reset();
}

void echo(Request&& request, Responder responder) {
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path + " " + std::to_string(request.body.size());
  responder.respond(std::move(response));
}

RawSocket::RawSocket(uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd_.reset();
}

RawSocket::RawSocket(const std::string& path)
    : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fd_.reset();
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawSocket::end_sending() {
  shutdown(fd_.get(), SHUT_WR);
}

namespace {

/// The size of the first answer in `text`, npos if it is not complete.
size_t answer_size(std::string_view text) {
  const size_t head_size = text.find("\r\n\r\n");
  if (head_size == std::string_view::npos) return head_size;
  const size_t at = text.substr(0, head_size).find("Content-Length: ");
  if (at == std::string_view::npos) return head_size + 4;
  const size_t size = head_size + 4 + std::strtoul(text.data() + at + 16, nullptr, 10);
  return text.size() < size ? std::string_view::npos : size;
}

}  // namespace

std::string RawSocket::receive_answers(size_t count) {
  std::string text;
  std::array<char, 65536> piece;
  size_t complete = 0;
  size_t found = 0;
  while (found < count) {
    const size_t size = answer_size(std::string_view(text).substr(complete));
    if (size != std::string_view::npos) {
      complete += size;
      ++found;
      continue;
    }
    const ssize_t got = read(fd_.get(), piece.data(), piece.size());
    if (got <= 0) break;
    text.append(piece.data(), static_cast<size_t>(got));
  }
  return text;
}

std::string RawSocket::receive_all() {
  return receive_answers(SIZE_MAX);
}

std::string exchange(uint16_t port, std::string_view request) {
  RawSocket socket(port);
  socket.send(request);
  return socket.receive_answers(1);
}

int status_of(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.1 ")) return 0;
  return std::atoi(std::string(answer.substr(9, 3)).c_str());
}

std::string gzip(std::string_view text) {
  z_stream stream{};
  GASOLINE_ASSERT(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  GASOLINE_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  return packed;
}

bool eventually(const std::function<bool()>& claim) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace gasoline::http
