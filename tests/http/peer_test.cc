#include "http/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "http/fixture.h"

using namespace gasoline;
using namespace gasoline::http;

TEST_CASE("the kernel tells who is at the other end, on TCP and on Unix sockets") {
  std::vector<Peer> peers;
  ServerOnThread server([&](Request&& request, Responder responder) {
    peers.push_back(request.peer);
    echo(std::move(request), std::move(responder));
  });
  constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  RawSocket tcp(server.port());
  RawSocket local(server.path());
  for (RawSocket* socket : {&tcp, &local, &tcp}) {
    REQUIRE(socket->send(kGet));
    REQUIRE(status_of(socket->receive_answers(1)) == 200);
  }
  REQUIRE(peers.size() == 3);
  CHECK(peers[0].loopback);
  CHECK_FALSE(peers[0].unix_socket);
  CHECK(peers[0].address == "127.0.0.1");
  CHECK(peers[1].unix_socket);
  CHECK_FALSE(peers[1].loopback);
  for (const Peer& peer : peers) {
    CHECK(peer.uid_known);
    CHECK(peer.uid == geteuid());
  }
}

TEST_CASE("a TCP peer that gave its socket up has no known uid, although the kernel prints 0") {
  std::optional<Peer> peer;
  Limits limits;
  ServerOnThread server(
      limits,
      [&](const Request& request) -> std::optional<Response> {
        peer = request.peer;
        return std::nullopt;
      },
      &echo);
  RawSocket socket(server.port());
  REQUIRE(eventually([&] { return server.counters().connections_open == 1; }));
  // While the server's thread is held here, the request comes and its sender goes.
  server.run([&](Server&) {
    REQUIRE(socket.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    socket.close();
  });
  REQUIRE(eventually([&] { return server.counters().connections_open == 0; }));
  REQUIRE(peer.has_value());
  CHECK(peer->loopback);
  CHECK_FALSE(peer->uid_known);
}

TEST_CASE("only the row of the peer's own end counts, and only with an inode") {
  std::array<char, 32> path = {"/tmp/gasoline-table-XXXXXX"};
  const FileDescriptor file(mkstemp(path.data()));
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
      "   0: 0100007F:1ED2 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1001        0 "
      "501 1 0000000000000000 20 4 30 10 -1\n"
      "   1: 0100007F:C001 0100007F:1ED2 01 00000000:00000000 00:00000000 00000000  1002        0 "
      "502 1 0000000000000000 20 4 30 10 -1\n"
      "   2: 0100007F:C002 0100007F:1ED2 06 00000000:00000000 03:00000B4B 00000000     0        0 "
      "0 3 0000000000000000\n";
  REQUIRE(write(file.get(), table.data(), table.size()) == static_cast<ssize_t>(table.size()));
  unsigned uid = 7;
  CHECK(find_uid_in_table(path.data(), "0100007F:C001", "0100007F:1ED2", uid));
  CHECK(uid == 1002);
  uid = 7;
  CHECK_FALSE(find_uid_in_table(path.data(), "0100007F:C002", "0100007F:1ED2", uid));
  CHECK_FALSE(find_uid_in_table(path.data(), "0100007F:C003", "0100007F:1ED2", uid));
  CHECK_FALSE(find_uid_in_table("/nonexistent", "0100007F:C001", "0100007F:1ED2", uid));
  CHECK(uid == 7);
  unlink(path.data());
}
