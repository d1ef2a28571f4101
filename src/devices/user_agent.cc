#include "devices/user_agent.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>
#include <cstdint>
#include <optional>
#include <vector>

#include "devices/clean_text.h"

extern "C" const char usher_user_agent_rules_begin[], usher_user_agent_rules_end[];

namespace devices {
namespace {

constexpr size_t longest_part = 100;  // characters

// Takes what stands before the first `separator` off the front of `text`; all of it when there is none.
std::string_view take(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return head;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  }
  return lower;
}

// Which three bytes follow each other in a text: nearly every needle is ruled out by one look.
class Trigrams {
 public:
  explicit Trigrams(std::string_view text) {
    for (size_t i = 0; i + 3 <= text.size(); ++i) seen_.set(slot(text.data() + i));
  }
  bool may_contain(std::string_view needle) const { return needle.size() < 3 || seen_.test(slot(needle.data())); }

 private:
  static constexpr size_t slots = 8192;
  static size_t slot(const char* bytes) {
    const auto at = [&](int i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])); };
    return ((at(0) << 16 | at(1) << 8 | at(2)) * 0x9E3779B1u) >> 19;
  }
  std::bitset<slots> seen_;
};

// A text in the forms in which rules look at it.
struct Subject {
  explicit Subject(std::string_view header) : text(header), lower(lower_case(header)), trigrams(lower) {}
  bool contains(std::string_view needle) const { return trigrams.may_contain(needle) && lower.contains(needle); }
  std::string_view text;
  std::string lower;
  Trigrams trigrams;
};

// One line of tools/gen_user_agents.py, which says what the fields mean.
class Rule {
 public:
  explicit Rule(std::string_view line) : kind_(line[0]) {
    take(line, '\t');
    fold_ = take(line, '\t') == "i";
    family_ = take(line, '\t');
    major_ = take(line, '\t');
    needles_ = take(line, '\t');
    regex_ = line;
  }

  char kind() const { return kind_; }

  // False when no text with these bytes can match; spares nearly every compilation.
  bool may_match(const Subject& subject) const {
    for (std::string_view conditions = needles_; !conditions.empty();) {
      bool held = false;
      for (auto one = take(conditions, '\x1e'); !held && !one.empty();) held = subject.contains(take(one, '\x1f'));
      if (!held) return false;
    }
    return true;
  }

  struct Found {
    std::string family, major;
  };
  // Absent when the text does not match.
  std::optional<Found> match(std::string_view text) const {
    const RE2& regex = compiled();
    const re2::StringPiece piece(text.data(), text.size());
    // Without groups first: that is the automaton, which is the fast way to say no.
    if (!regex.Match(piece, 0, piece.size(), RE2::UNANCHORED, nullptr, 0)) return {};
    Groups groups;
    const int count = 1 + regex.NumberOfCapturingGroups();
    if (!regex.Match(piece, 0, piece.size(), RE2::UNANCHORED, groups.data(), std::min<int>(count, groups.size())))
      return {};
    return Found{part(family_, groups, 1), part(major_, groups, 2)};
  }

 private:
  using Groups = std::array<re2::StringPiece, 10>;

  static std::string part(std::string_view replacement, const Groups& groups, size_t default_group) {
    std::string text;
    auto append = [&](size_t group) {
      if (groups[group].data()) text.append(groups[group].data(), groups[group].size());
    };
    if (replacement.empty()) append(default_group);
    for (size_t i = 0; i < replacement.size(); ++i) {
      const bool group =
          replacement[i] == '$' && i + 1 < replacement.size() && replacement[i + 1] >= '1' && replacement[i + 1] <= '9';
      if (group) append(replacement[++i] - '0');
      else text += replacement[i];
    }
    return clean_text(text, longest_part);
  }

  const RE2& compiled() const {
    std::call_once(once_, [this] {
      RE2::Options options;
      options.set_encoding(RE2::Options::EncodingLatin1);  // bytes: small automata, and no text is malformed
      options.set_case_sensitive(!fold_);
      options.set_log_errors(false);
      options.set_max_mem(rule_memory);
      re2_ = std::make_unique<RE2>(re2::StringPiece(regex_.data(), regex_.size()), options);
      assert(re2_->ok());
    });
    return *re2_;
  }

  char kind_;
  bool fold_;
  std::string_view family_, major_, needles_, regex_;
  mutable std::once_flag once_;
  mutable std::unique_ptr<const RE2> re2_;
};

}  // namespace

class UserAgents::Rules {
 public:
  explicit Rules(std::string_view lines) {
    while (!lines.empty()) rules_.emplace_back(take(lines, '\n'));
  }

  UserAgent parse(std::string_view text) const {
    const Subject subject(text);
    const auto browser = first('b', subject), os = first('o', subject), device = first('d', subject);
    return {browser.family, browser.major, os.family, os.major, device.family};
  }

 private:
  Rule::Found first(char kind, const Subject& subject) const {
    for (const Rule& rule : rules_) {
      if (rule.kind() != kind || !rule.may_match(subject)) continue;
      if (auto found = rule.match(subject.text)) return *found;
    }
    return {.family = "Other"};
  }

  std::list<Rule> rules_;
};

UserAgents::UserAgents(size_t cached) : cached_(cached) {}
UserAgents::~UserAgents() = default;

const UserAgents::Rules& UserAgents::rules() const {
  std::call_once(loaded_, [this] {
    rules_ = std::make_unique<Rules>(std::string_view(usher_user_agent_rules_begin, usher_user_agent_rules_end));
  });
  return *rules_;
}

size_t UserAgents::remembered() const {
  const std::lock_guard lock(mutex_);
  return order_.size();
}

bool UserAgents::remembers(std::string_view header) const {
  const std::lock_guard lock(mutex_);
  return answers_.contains(header.substr(0, longest_user_agent));
}

UserAgent UserAgents::parse(std::string_view header) const {
  header = header.substr(0, longest_user_agent);
  {
    const std::lock_guard lock(mutex_);
    if (auto known = answers_.find(header); known != answers_.end()) {
      order_.splice(order_.begin(), order_, known->second.place);
      return known->second.answer;
    }
  }
  UserAgent answer = rules().parse(header);
  const std::lock_guard lock(mutex_);
  if (cached_ == 0 || answers_.contains(header)) return answer;
  order_.emplace_front(header);
  answers_.emplace(order_.front(), Remembered{order_.begin(), answer});
  if (order_.size() > cached_) {
    answers_.erase(order_.back());
    order_.pop_back();
  }
  return answer;
}

}  // namespace devices
