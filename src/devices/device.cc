#include "devices/device.h"

#include <span>

#include "devices/clean_text.h"
#include "devices/user_agent.h"

namespace devices {
namespace {

constexpr std::string_view other = "Other";

struct Row {
  std::string_view family, name;
};
// The same program by the names of its editions; switching a telephone to "desktop site" does not change it.
constexpr Row browsers[] = {
    {"Chrome Mobile", "Chrome"},
    {"Chrome Mobile iOS", "Chrome"},
    {"Chrome Mobile WebView", "Chrome"},
    {"Mobile Safari", "Safari"},
    {"Mobile Safari UI/WKWebView", "Safari"},
    {"Firefox Mobile", "Firefox"},
    {"Firefox iOS", "Firefox"},
    {"Firefox Beta", "Firefox"},
    {"Firefox Alpha", "Firefox"},
    {"Edge Mobile", "Edge"},
    {"Opera Mobile", "Opera"},
    {"Opera Mobi", "Opera"},
    {"DuckDuckGo Mobile", "DuckDuckGo"},
    {"Ecosia iOS", "Ecosia"},
    {"Ecosia Android", "Ecosia"},
    {"IE", "Internet Explorer"},
    {"IE Mobile", "Internet Explorer"},
    {"Android", "Android Browser"},
    {other, ""},
};

struct System {
  std::string_view family, name, platform;
};
// Families that need another name or word than their own. An empty name: as uap-core has it.
constexpr System systems[] = {
    {"Mac OS X", "macOS", "macos"},
    {"Mac OS", "macOS", "macos"},
    {"Chrome OS", "ChromeOS", "chromeos"},
    {"Ubuntu", "", "linux"},
    {"Kubuntu", "", "linux"},
    {"Debian", "", "linux"},
    {"Fedora", "", "linux"},
    {"Red Hat", "", "linux"},
    {"CentOS", "", "linux"},
    {"SUSE", "", "linux"},
    {"Gentoo", "", "linux"},
    {"Slackware", "", "linux"},
    {"Arch Linux", "", "linux"},
    {"Linux Mint", "", "linux"},
    {"Mageia", "", "linux"},
    {"Mandriva", "", "linux"},
    {"PCLinuxOS", "", "linux"},
    {"Puppy", "", "linux"},
    {"WatchOS", "watchOS", "watchos"},
    {"ATV OS X", "tvOS", "tvos"},
};

// Words by which clients call their platform, for those whose User-Agent does not tell.
constexpr Row platform_words[] = {
    {"ios", "ios"},         {"iphone", "ios"},    {"ipad", "ios"},          {"ipados", "ios"}, {"android", "android"},
    {"windows", "windows"}, {"win32", "windows"}, {"macos", "macos"},       {"mac", "macos"},  {"darwin", "macos"},
    {"macintel", "macos"},  {"linux", "linux"},   {"chromeos", "chromeos"},
};

std::string_view find(std::span<const Row> rows, std::string_view family, std::string_view otherwise) {
  for (const Row& row : rows) {
    if (row.family == family) return row.name;
  }
  return otherwise;
}

// "Windows Phone" is "windows-phone".
std::string word(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c >= 'A' && c <= 'Z') result += static_cast<char>(c + ('a' - 'A'));
    else if (letter) result += c;
    else if (!result.empty() && result.back() != '-') result += '-';
  }
  while (result.ends_with('-')) result.pop_back();
  return result;
}

System system_of(std::string_view family) {
  if (family == other) return {};
  for (const System& row : systems) {
    if (row.family == family) return {family, row.name.empty() ? family : row.name, row.platform};
  }
  return {family, family, {}};
}

std::string platform_of(const System& system) {
  return system.platform.empty() ? word(system.family) : std::string(system.platform);
}

bool is_apple_handheld(std::string_view device) { return device == "iPhone" || device == "iPad" || device == "iPod"; }

std::string name_of(const UserAgent& agent) {
  const std::string_view browser = find(browsers, agent.browser_family, agent.browser_family);
  const std::string_view system =
      is_apple_handheld(agent.device_family) ? agent.device_family : system_of(agent.os_family).name;
  std::string name(browser);
  if (!browser.empty() && !system.empty()) name += " on ";
  name += system;
  return name.empty() ? "Unknown device" : clean_text(name, longest_name);
}

bool missing(const std::optional<std::string>& field) { return !field || field->empty(); }

// The first word of what a client calls its platform, "iOS 17.2" or "ios", where it is a known one.
std::string known_platform(const std::optional<std::string>& sent) {
  if (missing(sent)) return "";
  const std::string all = word(*sent);
  return std::string(find(platform_words, std::string_view(all).substr(0, all.find('-')), ""));
}

std::string without_bar(std::string text) {
  for (char& c : text) {
    if (c == '|') c = '/';
  }
  return text;
}

}  // namespace

Device complete(Device sent, std::string_view user_agent_header, const UserAgents& agents) {
  const bool own = !missing(sent.user_agent);
  const UserAgent agent = agents.parse(own ? std::string_view(*sent.user_agent) : user_agent_header);
  if (missing(sent.name)) sent.name = name_of(agent);
  if (missing(sent.platform)) {
    sent.platform = platform_of(system_of(agent.os_family));
    if (sent.platform->empty()) sent.platform.reset();
  }
  if (!own) {
    sent.user_agent = clean_text(user_agent_header, longest_field);
    if (sent.user_agent->empty()) sent.user_agent.reset();
  }
  return sent;
}

std::string Family::str() const {
  if (platform.empty() && browser.empty() && device_id.empty()) return "";
  return without_bar(platform) + "|" + without_bar(browser) + "|" + device_id;
}

Family Family::parse(std::string_view text) {
  auto part = [&text] {
    const size_t end = text.find('|');
    std::string head(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return head;
  };
  Family family;
  family.platform = part();
  family.browser = part();
  family.device_id = text;
  return family;
}

Family family_of(const Device& sent, std::string_view user_agent_header, const UserAgents& agents) {
  const UserAgent agent = agents.parse(user_agent_header);
  Family family;
  family.platform = platform_of(system_of(agent.os_family));
  if (family.platform.empty()) family.platform = known_platform(sent.platform);
  family.browser = without_bar(std::string(find(browsers, agent.browser_family, agent.browser_family)));
  family.device_id = clean_text(sent.device_id.value_or(""), longest_field);
  return family;
}

bool same_device(const Family& first, const Family& second) {
  auto agree = [](const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; };
  return agree(first.platform, second.platform) && agree(first.browser, second.browser) &&
         agree(first.device_id, second.device_id);
}

}  // namespace devices
