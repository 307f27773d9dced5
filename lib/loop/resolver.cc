#include "loop/resolver.h"

#include <cstring>
#include <utility>

#include "base/assert.h"
#include "loop/error.h"

namespace gasoline::loop {

struct Resolver::Request {
  uv_getaddrinfo_t uv{};
  Resolver* owner = nullptr;  // nullptr once given up
  std::string host;
  Done done;
};

Resolver::~Resolver() {
  if (request_ == nullptr) return;
  request_->owner = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&request_->uv));
}

std::vector<SocketAddress> Resolver::known(const std::string& host, uint16_t port) {
  std::vector<SocketAddress> addresses;
  const bool is_localhost = host == "localhost";
  for (const std::string& text : is_localhost ? std::vector<std::string>{"127.0.0.1", "::1"}
                                              : std::vector<std::string>{host}) {
    Result<SocketAddress> address = SocketAddress::from_ip(text, port);
    if (address) addresses.push_back(*address);
  }
  return addresses;
}

Status Resolver::resolve(const std::string& host, uint16_t port, Done done) {
  GASOLINE_ASSERT(request_ == nullptr);
  auto request = std::make_unique<Request>();
  request->uv.data = request.get();
  request->owner = this;
  request->host = host;
  request->done = std::move(done);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  const auto callback = [](uv_getaddrinfo_t* uv, int status, addrinfo* found) noexcept {
    const std::unique_ptr<Request> own(static_cast<Request*>(uv->data));
    std::vector<SocketAddress> addresses;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
      if (addresses.size() == kAddressesMax || at->ai_addrlen > sizeof(sockaddr_storage)) break;
      SocketAddress& address = addresses.emplace_back();
      std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
      address.size = at->ai_addrlen;
    }
    uv_freeaddrinfo(found);
    if (own->owner == nullptr) return;
    own->owner->request_ = nullptr;
    if (status == 0 && addresses.empty()) status = UV_EAI_NODATA;
    if (status < 0) return own->done(error_from_uv(status, "look up " + own->host));
    own->done(std::move(addresses));
  };
  const std::string service = std::to_string(port);
  const int status =
      uv_getaddrinfo(loop_.uv(), &request->uv, callback, host.c_str(), service.c_str(), &hints);
  if (status < 0) return error_from_uv(status, "look up " + host);
  request_ = request.release();
  return {};
}

}  // namespace gasoline::loop
