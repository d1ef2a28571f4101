// Owns: bytes to and from one server over TCP or TLS, every step bounded by a deadline.
// Does not own: what the bytes mean.
// Thread rule: one thread at a time; never an I/O thread, it blocks.
#pragma once
#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace cache {

using Deadline = std::chrono::steady_clock::time_point;

struct Tls {
  bool on = false;
  std::string ca_file = {};  // PEM; empty: the system's authorities
  bool verify = true;
};

class Socket {
 public:
  // Connects and, with TLS (1.2 or newer), verifies the certificate and that it is `host`'s, unless told not to.
  // Looking up a name may take longer than the deadline. store_unavailable with a cause.
  static core::Result<Socket> open(const std::string& host, const std::string& port, const Tls& tls, Deadline deadline);
  Socket(Socket&&) = default;
  Socket& operator=(Socket&&) = default;
  ~Socket();

  // All of it. Errors of both: store_unavailable; the socket is of no more use then.
  core::Result<> write(std::string_view bytes, Deadline deadline);
  // What has arrived, at least one byte.
  core::Result<size_t> read(std::span<char> room, Deadline deadline);

 private:
  struct Close {
    void operator()(const int* file) const;
  };
  struct Free {
    void operator()(SSL_CTX* context) const;
    void operator()(SSL* session) const;
  };
  Socket() = default;
  core::Result<> begin_tls(const std::string& host, const Tls& tls, Deadline deadline);
  core::Result<> wait(short events, Deadline deadline);
  core::Result<> wait_for_tls(int outcome, Deadline deadline);

  std::unique_ptr<int, Close> file_;
  std::unique_ptr<SSL_CTX, Free> context_;
  std::unique_ptr<SSL, Free> session_;
};

}  // namespace cache
