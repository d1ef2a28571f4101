// Seen by hand: redis-cli --scan --pattern 'usher:{sessions}:*', and PTTL of a key.
#include "sessions/copies_redis.h"

#include "cache/kept_connection.h"

namespace sessions {
namespace {

using core::Millis;

// All in one hash slot: what is asked for together is one question, also of a cluster.
constexpr std::string_view prefix = "usher:{sessions}:";
constexpr Millis call_limit{50};
constexpr size_t most_pending = 2000, most_written = 100;

// Each KEYS[i] is ARGV[i + 1], for the milliseconds that ARGV[1] tells.
constexpr std::string_view put_script = R"lua(
for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end
return #KEYS
)lua";

std::string key_of(SessionId session) { return std::string(prefix) + session.str(); }

class RedisCopies final : public Copies {
 public:
  RedisCopies(const cache::Address& address, const std::string& ca_file, crypto::HmacKey key, core::Seconds life)
      : key_(std::move(key)),
        life_(std::to_string(Millis(life).count())),
        kept_(address, ca_file, std::string(prefix) + "probe",
              "sessions are read from the database alone: Redis cannot be asked"),
        thread_([this] { write(); }) {}
  ~RedisCopies() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  std::vector<Copy> find(std::span<const SessionId> sessions) override {
    std::vector<std::string> keys;
    for (const SessionId& session : sessions) keys.push_back(key_of(session));
    std::vector<std::string_view> words{"MGET"};
    words.insert(words.end(), keys.begin(), keys.end());
    const auto reply =
        kept_.call(words, call_limit, [&](const cache::Reply& r) { return r.list.size() == keys.size(); });
    std::vector<Copy> copies;
    for (size_t i = 0; reply && i < sessions.size(); ++i)
      if (auto copy = copy_of(sessions[i], reply->list[i].text, key_)) copies.push_back(*std::move(copy));
    return copies;
  }

  void put(std::vector<Copy> copies) override {
    {
      const std::lock_guard lock(mutex_);
      for (size_t i = 0; i < copies.size() && pending_.size() < most_pending; ++i)
        pending_.push_back(std::move(copies[i]));
    }
    changed_.notify_one();
  }

 private:
  // No request waits for it.
  void write() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
      const auto taken = std::exchange(pending_, {});
      lock.unlock();
      for (size_t i = 0; i < taken.size(); i += most_written)
        write_some(std::span(taken).subspan(i, std::min(most_written, taken.size() - i)));
      lock.lock();
    }
  }

  void write_some(std::span<const Copy> copies) {
    std::vector<std::string> texts{std::to_string(copies.size())};
    for (const Copy& copy : copies) texts.push_back(key_of(copy.session));
    texts.push_back(life_);
    for (const Copy& copy : copies) texts.push_back(to_bytes(copy, key_));
    std::vector<std::string_view> words{"EVAL", put_script};
    words.insert(words.end(), texts.begin(), texts.end());
    (void)kept_.call(words, call_limit, [](const cache::Reply& reply) { return reply.number > 0; });
  }

  const crypto::HmacKey key_;
  const std::string life_;
  cache::KeptConnection kept_;
  std::mutex mutex_;  // guards the two below
  std::vector<Copy> pending_;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Copies> create_redis_copies(const cache::Address& address, const cache::Config& config,
                                            crypto::HmacKey key, core::Seconds life) {
  return std::make_unique<RedisCopies>(address, config.tls_ca, std::move(key), life);
}

}  // namespace sessions
