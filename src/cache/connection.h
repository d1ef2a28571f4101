// Owns: one conversation with Redis: signing in, a command, its reply.
// Does not own: which commands (changes/change_stream_redis.cc), reconnecting.
// Thread rule: one thread at a time; never an I/O thread, it blocks until the limit that is given.
#pragma once
#include "cache/redis_config.h"
#include "cache/reply.h"
#include "cache/socket.h"
#include "core/clock.h"

namespace cache {

class Connection {
 public:
  // Connects to one of the address' servers, signs in and selects the database. store_unavailable with a cause that
  // holds no password.
  static core::Result<std::unique_ptr<Connection>> open(const Endpoint& endpoint, const Address& address,
                                                        const std::string& ca_file, core::Millis limit);

  // The reply to one command. store_unavailable when there is none in time, or it is an error; the cause tells which.
  core::Result<Reply> call(std::span<const std::string_view> words, core::Millis limit);
  core::Result<Reply> call(std::initializer_list<std::string_view> words, core::Millis limit) {
    return call(std::span(words.begin(), words.size()), limit);
  }
  // As call(), but a refusal is a reply too.
  core::Result<Reply> ask(std::span<const std::string_view> words, core::Millis limit);
  // Says ASKING before each command from now on: this node of a cluster is being given the keys.
  void ask_as_importing() { importing_ = true; }
  // An answer was late or malformed: what comes next would belong to another question.
  bool broken() const { return broken_; }

 private:
  explicit Connection(Socket socket) : socket_(std::move(socket)) {}
  core::Result<> sign_in(const Address& address, core::Millis limit);
  core::Result<Reply> exchange(std::span<const std::string_view> words, Deadline deadline);

  Socket socket_;
  ReplyReader reader_;
  bool broken_ = false;
  bool importing_ = false;
};

}  // namespace cache
