// Owns: a connection to the server that takes writes of some keys, made anew by a thread of its own when it is lost.
// Does not own: the commands.
// Thread rule: call() from any worker thread, one at a time; the others wait for their turn.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "cache/master.h"
#include "crypto/random.h"

namespace cache {

class KeptConnection {
 public:
  // `probe` is a key that nobody uses, beside those that are meant; `lost` is what the log says of an outage.
  KeptConnection(Address address, std::string ca_file, std::string probe, std::string lost);
  ~KeptConnection();

  // The reply to one command: `limit` is for its turn, and again for the answer. store_unavailable at once while there
  // is no connection, and after a reply that does not fit. Redis is then left alone for half a second or more.
  using Fits = std::function<bool(const Reply&)>;
  core::Result<Reply> call(std::span<const std::string_view> words, core::Millis limit, const Fits& fits);

 private:
  void keep_connected();
  void tell_recovery();
  void lose(std::string_view cause);

  const Address address_;
  const std::string ca_file_, probe_, lost_words_;
  crypto::SystemRandom random_;
  std::timed_mutex mutex_;  // guards what follows
  std::condition_variable_any lost_;
  std::unique_ptr<Connection> connection_;
  std::chrono::steady_clock::time_point told_;
  bool outage_told_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace cache
