// Owns: which server takes writes: one that is configured, one that sentinels name, or the node of a cluster.
// Does not own: noticing that it no longer does; the connection's user does (changes/change_stream_redis.cc).
// Thread rule: any thread but an I/O thread; it blocks.
#pragma once
#include "cache/connection.h"

namespace cache {

// A new connection to the server that obeys `probe`, a command that writes a key without changing it: a replica refuses
// it, a cluster tells who holds the key. Each step waits `limit` at most. store_unavailable when there is none, with
// the cause of the last endpoint.
core::Result<std::unique_ptr<Connection>> open_master(const Address& address, const std::string& ca_file,
                                                      std::initializer_list<std::string_view> probe,
                                                      core::Millis limit);

// Where another node of a cluster holds the slot.
struct Redirect {
  Endpoint endpoint;
  bool asking = false;  // ASK: the slot is on its way there
};
// "MOVED slot host:port" or "ASK slot host:port"; an empty host is that of who was asked. Absent for any other reply.
std::optional<Redirect> redirect_of(const Reply& reply, const Endpoint& asked);

}  // namespace cache
