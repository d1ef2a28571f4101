#include "cache/master.h"

namespace cache {
namespace {

using core::Millis, core::Result;
using Opened = std::unique_ptr<Connection>;
using Words = std::span<const std::string_view>;

constexpr int most_redirects = 5;

std::unexpected<core::Error> lost(std::string cause) {
  return core::fail_because(core::Code::store_unavailable, "Redis: " + std::move(cause));
}

// Sentinels have their own users: the URL's are the master's.
Result<Endpoint> ask_sentinel(const Endpoint& sentinel, const Address& address, const std::string& ca_file,
                              Millis limit) {
  Address anonymous;
  anonymous.tls = address.tls;
  const auto connection = TRY(Connection::open(sentinel, anonymous, ca_file, limit));
  const auto named = TRY(connection->call({"SENTINEL", "get-master-addr-by-name", address.sentinel_name}, limit));
  if (named.list.size() != 2) return lost("the sentinel knows no master of that name");
  return Endpoint{named.list[0].text, named.list[1].text};
}

// Also what a sentinel named may have been replaced a moment ago.
Result<Opened> open_obeying(Endpoint endpoint, const Address& address, const std::string& ca_file, Words probe,
                            Millis limit) {
  bool asking = false;
  for (int i = 0; i <= most_redirects; ++i) {
    auto connection = TRY(Connection::open(endpoint, address, ca_file, limit));
    if (asking) connection->ask_as_importing();
    const auto reply = TRY(connection->ask(probe, limit));
    if (reply.type != Reply::Type::error) return connection;
    const auto redirect = redirect_of(reply, endpoint);
    if (!redirect) return lost(reply.text);
    endpoint = redirect->endpoint;
    asking = redirect->asking;
  }
  return lost("the nodes of the cluster name each other");
}

Result<Opened> open_by(const Endpoint& endpoint, const Address& address, const std::string& ca_file, Words probe,
                       Millis limit) {
  const bool direct = address.sentinel_name.empty();
  const auto server = direct ? endpoint : TRY(ask_sentinel(endpoint, address, ca_file, limit));
  return open_obeying(server, address, ca_file, probe, limit);
}

}  // namespace

std::optional<Redirect> redirect_of(const Reply& reply, const Endpoint& asked) {
  const std::string_view text = reply.text;
  const bool asking = text.starts_with("ASK ");
  if (reply.type != Reply::Type::error || (!asking && !text.starts_with("MOVED "))) return std::nullopt;
  const size_t space = text.rfind(' '), colon = text.rfind(':');
  if (colon == std::string_view::npos || colon < space) return std::nullopt;
  const auto host = text.substr(space + 1, colon - space - 1), port = text.substr(colon + 1);
  return Redirect{{host.empty() ? asked.host : std::string(host), std::string(port)}, asking};
}

Result<Opened> open_master(const Address& address, const std::string& ca_file,
                           std::initializer_list<std::string_view> probe, Millis limit) {
  Result<Opened> opened = lost("redis.url names no server");
  for (const Endpoint& one : address.endpoints) {
    opened = open_by(one, address, ca_file, Words(probe.begin(), probe.size()), limit);
    if (opened) break;
  }
  return opened;
}

}  // namespace cache
