#include "cache/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cache {
namespace {

std::unexpected<core::Error> lost(std::string cause) {
  return core::fail_because(core::Code::store_unavailable, std::move(cause));
}

std::string last_tls_error(SSL* session) {
  const long verified = session ? SSL_get_verify_result(session) : X509_V_OK;
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : "the connection was closed";
}

int left_of(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 1'000'000));
}

// An address that swallows everything leaves the others their share of the time: half of what is left, but to the last.
Deadline share_of(Deadline deadline, bool last) {
  const auto now = std::chrono::steady_clock::now();
  return last ? deadline : now + (deadline - now) / 2;
}

bool trust(SSL_CTX* context, const std::string& ca_file) {
  return ca_file.empty() ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
}

bool is_address(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

}  // namespace

void Socket::Close::operator()(const int* file) const {
  close(*file);
  delete file;
}
void Socket::Free::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
void Socket::Free::operator()(SSL* session) const { SSL_free(session); }
Socket::~Socket() = default;

core::Result<Socket> Socket::open(const std::string& host, const std::string& port, const Tls& tls, Deadline deadline) {
  addrinfo wanted{.ai_socktype = SOCK_STREAM};
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found))
    return lost("cannot find " + host + ": " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  std::string cause;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    Socket socket;
    socket.file_.reset(new int(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
    const int on = 1;
    setsockopt(*socket.file_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int error = connect(*socket.file_, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      if (!socket.wait(POLLOUT, share_of(deadline, !at->ai_next))) error = ETIMEDOUT;
      else getsockopt(*socket.file_, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0) {
      if (tls.on) TRY(socket.begin_tls(host, tls, deadline));
      return socket;
    }
    cause = std::strerror(error);
  }
  return lost("cannot connect to " + host + " port " + port + ": " + cause);
}

core::Result<> Socket::begin_tls(const std::string& host, const Tls& tls, Deadline deadline) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (tls.verify && !trust(context_.get(), tls.ca_file))
    return lost("redis.tls_ca cannot be used: " + last_tls_error(nullptr));
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), tls.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  session_.reset(SSL_new(context_.get()));
  SSL* session = session_.get();
  SSL_set_fd(session, *file_);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str());
  } else {
    SSL_set1_host(session, host.c_str());
    SSL_set_tlsext_host_name(session, host.c_str());
  }
  for (;;) {
    const int outcome = SSL_connect(session);
    if (outcome == 1) return {};
    TRY(wait_for_tls(outcome, deadline));
  }
}

core::Result<> Socket::wait(short events, Deadline deadline) {
  pollfd file{*file_, events, 0};
  int ready;
  do ready = poll(&file, 1, left_of(deadline));
  while (ready < 0 && errno == EINTR);
  if (ready == 0) return lost("no answer in time");
  return {};
}

core::Result<> Socket::wait_for_tls(int outcome, Deadline deadline) {
  switch (SSL_get_error(session_.get(), outcome)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT, deadline);
    default:
      return lost("TLS: " + last_tls_error(session_.get()));
  }
}

core::Result<> Socket::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (session_) {
      ERR_clear_error();
      size_t count = 0;
      const int outcome = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
      if (outcome == 1) bytes.remove_prefix(count);
      else TRY(wait_for_tls(outcome, deadline));
      continue;
    }
    const ssize_t count = send(*file_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) bytes.remove_prefix(static_cast<size_t>(count));
    else if (errno == EAGAIN) TRY(wait(POLLOUT, deadline));
    else if (errno != EINTR) return lost(std::strerror(errno));
  }
  return {};
}

core::Result<size_t> Socket::read(std::span<char> room, Deadline deadline) {
  for (;;) {
    if (session_) {
      ERR_clear_error();
      size_t count = 0;
      const int outcome = SSL_read_ex(session_.get(), room.data(), room.size(), &count);
      if (outcome == 1) return count;
      TRY(wait_for_tls(outcome, deadline));
      continue;
    }
    const ssize_t count = recv(*file_, room.data(), room.size(), 0);
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0) return lost("the connection was closed");
    if (errno == EAGAIN) TRY(wait(POLLIN, deadline));
    else if (errno != EINTR) return lost(std::strerror(errno));
  }
}

}  // namespace cache
