// What Redis holds, all of it in one hash slot and none of it the truth:
//   usher:{changes}:state    hash    epoch, the number of the last entry, when it was added (ms)
//   usher:{changes}:entries  stream  e = epoch, n = number, c = "kind uuid kind uuid …"; the newest ten thousand or so
// Seen by hand: redis-cli XREVRANGE 'usher:{changes}:entries' + - COUNT 3
#include "changes/change_stream_redis.h"

#include <charconv>
#include <mutex>

#include "cache/master.h"
#include "core/log.h"

namespace changes {
namespace {

using cache::Reply;
using core::Millis, core::Result;

constexpr std::string_view state_key = "usher:{changes}:state", entries_key = "usher:{changes}:entries";
constexpr Millis connect_limit{1000}, publish_limit{250}, read_limit{500}, longest_silence{1000}, policy_age{10'000};
constexpr std::string_view block_millis = "150";

// One atomic step: who is first after Redis forgot everything begins an epoch, so that nobody takes the new numbers for
// the old ones. A sign of life is left out when the last entry is younger than 100 ms.
constexpr std::string_view publish_script = R"lua(
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local age = ms - tonumber(redis.call('HGET', KEYS[1], 'at') or '0')
if ARGV[2] == '' and age >= 0 and age < 100 then return 0 end
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('DEL', KEYS[2])
end
local number = redis.call('HINCRBY', KEYS[1], 'number', 1)
redis.call('HSET', KEYS[1], 'at', ms)
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 10000, '*', 'e', epoch, 'n', number, 'c', ARGV[2])
return number
)lua";

std::string join_words(std::span<const Change> changes) {
  std::string out;
  for (const Change& change : changes) {
    if (!out.empty()) out += ' ';
    out += core::to_text(change.kind);
    out += ' ';
    change.key.append_to(out);
  }
  return out;
}

void read_words(std::string_view text, StreamEntry& entry) {
  while (!text.empty()) {
    const size_t middle = text.find(' '), end = std::min(text.find(' ', middle + 1), text.size());
    const auto kind = core::from_text<Kind>(text.substr(0, middle));
    const auto key = middle < end ? core::Uuid::parse(text.substr(middle + 1, end - middle - 1)) : std::nullopt;
    if (kind && key) entry.changes.push_back({*kind, *key});
    else entry.unknown = true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// [id, [field, value, …]]
Result<StreamEntry> read_entry(const Reply& reply) {
  StreamEntry entry;
  if (reply.list.size() == 2 && reply.list[0].is_text()) {
    entry.id = reply.list[0].text;
    const auto& fields = reply.list[1].list;
    for (size_t i = 0; i + 1 < fields.size(); i += 2) {
      const std::string &name = fields[i].text, &value = fields[i + 1].text;
      if (name == "e") entry.mark.epoch = value;
      else if (name == "n") std::from_chars(value.data(), value.data() + value.size(), entry.mark.number);
      else if (name == "c") read_words(value, entry);
    }
  }
  if (entry.mark.epoch.empty() || entry.mark.number <= 0)
    return core::fail_because(core::Code::store_unavailable, "the stream of changes holds something else");
  return entry;
}

Result<std::vector<StreamEntry>> read_entries(const Reply& reply) {
  std::vector<StreamEntry> entries;
  for (const Reply& one : reply.list) entries.push_back(TRY(read_entry(one)));
  return entries;
}

// What follows `name:` in an answer to INFO.
std::string_view info_of(std::string_view answer, std::string_view name) {
  const size_t at = answer.find("\n" + std::string(name) + ':');
  if (at == std::string_view::npos) return {};
  answer.remove_prefix(at + name.size() + 2);
  return answer.substr(0, answer.find('\r'));
}

class RedisStream final : public Stream {
 public:
  RedisStream(cache::Address address, std::string ca_file, std::string epoch)
      : address_(std::move(address)), ca_file_(std::move(ca_file)), epoch_(std::move(epoch)) {}

  Result<> publish(std::span<const Change> changes) override {
    // A Redis that takes its time must not hold up the last of many callers for the sum of all: he waits for the polls.
    const std::unique_lock lock(mutex_, publish_limit);
    if (!lock) return core::fail_because(core::Code::store_unavailable, "Redis is slow");
    // Only the follower connects: a caller who waits for that would wait on top of what he waits for anyway.
    if (!writer_) return core::fail_because(core::Code::store_unavailable, "Redis is not connected");
    const std::string epoch = epoch_ + '.' + std::to_string(++published_);
    const auto added =
        writer_->call({"EVAL", publish_script, "2", state_key, entries_key, epoch, join_words(changes)}, publish_limit);
    if (added) return {};
    writer_ = nullptr;  // the follower connects it anew
    failure_ = added.error();
    return std::unexpected(added.error());
  }

  Result<StreamPosition> join() override {
    reader_ = nullptr;
    auto writer = TRY(connect());
    reader_ = TRY(connect());
    auto newest = TRY(reader_->call({"XREVRANGE", entries_key, "+", "-", "COUNT", "1"}, read_limit));
    const auto entries = TRY(read_entries(newest));
    const std::lock_guard lock(mutex_);
    writer_ = std::move(writer);
    heard_ = std::chrono::steady_clock::now();
    policy_asked_ = heard_ - policy_age;
    if (entries.empty()) return StreamPosition{.id = "0-0", .last = {}};
    return StreamPosition{.id = entries[0].id, .last = entries[0].mark};
  }

  Result<std::vector<StreamEntry>> read(const StreamPosition& since) override {
    {
      const std::lock_guard lock(mutex_);
      if (!writer_) return std::unexpected(failure_);
    }
    TRY(ask_policy());
    const auto found = TRY(reader_->call(
        {"XREAD", "COUNT", std::to_string(most), "BLOCK", block_millis, "STREAMS", entries_key, since.id}, read_limit));
    const auto now = std::chrono::steady_clock::now();
    // [[key, entries]]
    if (!found.list.empty() && found.list[0].list.size() == 2) {
      heard_ = now;
      return read_entries(found.list[0].list[1]);
    }
    // Nodes give signs of life: where there are none, the ids went back, or what is written goes elsewhere.
    if (now - heard_ > longest_silence)
      return core::fail_because(core::Code::store_unavailable, "the stream of changes is silent");
    return std::vector<StreamEntry>{};
  }

  std::string eviction_policy() const override {
    const std::lock_guard lock(mutex_);
    return policy_;
  }

 private:
  // A user who may not ask for it goes without.
  Result<> ask_policy() {
    const auto now = std::chrono::steady_clock::now();
    if (now - policy_asked_ < policy_age) return {};
    policy_asked_ = now;
    const std::string_view words[] = {"INFO", "memory"};
    const std::string answer = TRY(reader_->ask(words, read_limit)).text;
    std::string policy(info_of(answer, "maxmemory_policy"));
    if (policy == "noeviction" || info_of(answer, "maxmemory") == "0") policy.clear();
    const std::lock_guard lock(mutex_);
    if (policy != policy_ && !policy.empty())
      core::log(core::Level::warn, "Redis may evict changes, which nodes then read from the database",
                {{"policy", policy}});
    policy_ = std::move(policy);
    return {};
  }

  Result<std::unique_ptr<cache::Connection>> connect() const {
    return cache::open_master(address_, ca_file_, {"HINCRBY", state_key, "number", "0"}, connect_limit);
  }

  const cache::Address address_;
  const std::string ca_file_;
  const std::string epoch_;         // with the count of entries a new one each time, should this node begin it
  mutable std::timed_mutex mutex_;  // guards the four below
  int64_t published_ = 0;
  core::Error failure_{core::Code::store_unavailable};  // why there is no writer
  std::unique_ptr<cache::Connection> writer_;
  std::string policy_;
  std::unique_ptr<cache::Connection> reader_;  // the follower's, as is when it brought something
  cache::Deadline heard_, policy_asked_;
};

}  // namespace

std::unique_ptr<Stream> create_redis_stream(const cache::Address& address, const cache::Config& config,
                                            crypto::Random& random) {
  return std::make_unique<RedisStream>(address, config.tls_ca, random.uuid7(core::SystemClock().now()).str());
}

}  // namespace changes
