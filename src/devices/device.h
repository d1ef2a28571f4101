// Owns: what is known of the device behind a session, how it is named, and when two are told apart.
// Does not own: reading a User-Agent (user_agent.h), storing (sessions).
// Thread rule: values and pure functions; complete() and family_of() never on an I/O thread, as UserAgents.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace devices {

class UserAgents;

// `deviceInfo` of api.md section 1: what a client sends, or what was read off its User-Agent.
struct Device {
  std::optional<std::string> name;         // deviceName, "Chrome on macOS"
  std::optional<std::string> platform;     // one lower-case word: "macos", "windows", "ios", "android", "linux" …
  std::optional<std::string> app_version;  // only a client can say
  std::optional<std::string> user_agent;
  std::optional<std::string> device_id;  // only a client can say
  bool operator==(const Device&) const = default;
};

inline constexpr size_t longest_field = 256;  // characters
inline constexpr size_t longest_name = 128;   // characters of a name that was made here

// `sent` with name, platform and user_agent filled in where they are missing or empty, read off `user_agent_header`
// (for the name and the platform off `sent.user_agent` when there is one). The name is then never absent: at worst
// "Unknown device". What is filled in is UTF-8 without control characters.
Device complete(Device sent, std::string_view user_agent_header, const UserAgents& agents);

// What stays when a browser, an app or a system is updated. A part that is not known is empty.
struct Family {
  std::string platform, browser, device_id;
  bool operator==(const Family&) const = default;
  // "platform|browser|device_id", for a column of the session; empty when nothing is known.
  std::string str() const;
  // The inverse of str(); every text is one.
  static Family parse(std::string_view text);
};

// Read off the header alone, since a refresh sends nothing else; `sent` gives the device id, and the platform when the
// header does not tell (a native app's HTTP library).
Family family_of(const Device& sent, std::string_view user_agent_header, const UserAgents& agents);

// False when something that both sides know differs; a header or an id that is missing on one side is not
// "another device" by itself.
bool same_device(const Family& first, const Family& second);

}  // namespace devices
