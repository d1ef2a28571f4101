// Owns: reading a User-Agent header by uap-core's rules (embedded in the program, see NOTICE).
// Does not own: what is shown or compared (device.h).
// Thread rule: UserAgents is safe from any thread, but never call it on an I/O thread: a rule is compiled the first
// time that a text comes near it.
#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace devices {

// A part that no rule recognises is "Other"; an unknown version is empty. All parts are valid UTF-8 without controls.
struct UserAgent {
  std::string browser_family, browser_major;
  std::string os_family, os_major;
  std::string device_family;
  bool operator==(const UserAgent&) const = default;
};

// Bytes of a header that are looked at; what follows is ignored.
inline constexpr size_t longest_user_agent = 512;
// Bytes that one compiled rule may take; all rules together stay near 12 MB, the usual browsers need 2.
inline constexpr int64_t rule_memory = 96 << 10;

class UserAgents {
 public:
  // Reads nothing and compiles nothing yet.
  explicit UserAgents(size_t cached = 4096);
  ~UserAgents();

  // Never fails: every text has an answer. In time linear in the text; answers are remembered for the `cached`
  // texts that were seen last.
  UserAgent parse(std::string_view header) const;
  // Whether parse() would answer from memory: it takes up to milliseconds otherwise.
  bool remembers(std::string_view header) const;
  // How many answers are remembered now.
  size_t remembered() const;

 private:
  class Rules;
  const Rules& rules() const;

  using Order = std::list<std::string>;  // latest first
  struct Remembered {
    Order::iterator place;
    UserAgent answer;
  };
  const size_t cached_;
  mutable std::once_flag loaded_;
  mutable std::unique_ptr<const Rules> rules_;
  mutable std::mutex mutex_;
  mutable Order order_;
  // Ordered, so that nobody can choose texts that collide. The keys are those of order_.
  mutable std::map<std::string_view, Remembered> answers_;
};

}  // namespace devices
