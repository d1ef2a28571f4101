#include "cache/connection.h"

#include <array>

namespace cache {

core::Result<std::unique_ptr<Connection>> Connection::open(const Endpoint& endpoint, const Address& address,
                                                           const std::string& ca_file, core::Millis limit) {
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  auto socket = TRY(Socket::open(endpoint.host, endpoint.port, {address.tls, ca_file}, deadline));
  std::unique_ptr<Connection> connection(new Connection(std::move(socket)));
  TRY(connection->sign_in(address, limit));
  return connection;
}

core::Result<> Connection::sign_in(const Address& address, core::Millis limit) {
  const auto password = address.password.expose();
  if (!address.user.empty()) TRY(call({"AUTH", address.user, password}, limit));
  else if (!password.empty()) TRY(call({"AUTH", password}, limit));
  if (address.database) TRY(call({"SELECT", std::to_string(address.database)}, limit));
  return {};
}

core::Result<Reply> Connection::ask(std::span<const std::string_view> words, core::Millis limit) {
  if (broken_) return core::fail_because(core::Code::store_unavailable, "the connection to Redis is broken");
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  constexpr std::string_view asking[] = {"ASKING"};
  auto reply = importing_ ? exchange(asking, deadline) : core::Result<Reply>();
  if (reply) reply = exchange(words, deadline);
  if (!reply) {
    broken_ = true;
    reply.error().cause = "Redis: " + reply.error().cause;
  }
  return reply;
}

core::Result<Reply> Connection::call(std::span<const std::string_view> words, core::Millis limit) {
  auto reply = ask(words, limit);
  if (reply && reply->type == Reply::Type::error) {
    // Some servers repeat the words of a command that they do not know.
    const bool secret = words[0] == "AUTH";
    return core::fail_because(core::Code::store_unavailable,
                              "Redis refuses " + std::string(words[0]) + ": " +
                                  (secret ? reply->text.substr(0, reply->text.find(' ')) : reply->text));
  }
  return reply;
}

core::Result<Reply> Connection::exchange(std::span<const std::string_view> words, Deadline deadline) {
  TRY(socket_.write(encode_command(words), deadline));
  std::array<char, 16 * 1024> room;
  for (;;) {
    if (auto reply = TRY(reader_.next())) return std::move(*reply);
    const size_t count = TRY(socket_.read(room, deadline));
    reader_.feed({room.data(), count});
  }
}

}  // namespace cache
