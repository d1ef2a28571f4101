// An accounts::Store in memory. Give `users` to FakeTransactor::track().
#pragma once
#include <algorithm>
#include <map>

#include "accounts/user_store.h"

namespace test {

class FakeUsers final : public accounts::Store {
 public:
  using User = accounts::User;
  using UserId = accounts::UserId;
  std::map<UserId, User> users;

  core::Result<bool> create(core::Tx&, const User& user) override {
    if (taken(user)) return false;
    users[user.id] = user;
    return true;
  }
  core::Result<std::optional<User>> find(core::Tx&, UserId id) override {
    const auto at = users.find(id);
    return at == users.end() ? std::nullopt : std::optional(at->second);
  }
  core::Result<std::optional<User>> find_by_email(core::Tx&, std::string_view email_key) override {
    for (const auto& [id, user] : users)
      if (user.email_key == email_key) return user;
    return std::nullopt;
  }
  core::Result<std::optional<User>> lock(core::Tx& tx, UserId id) override { return find(tx, id); }
  core::Result<bool> update(core::Tx&, const User& user) override {
    const auto at = users.find(user.id);
    if (at == users.end() || taken(user)) return false;
    const core::Time created_at = at->second.created_at;
    at->second = user;
    at->second.created_at = created_at;
    return true;
  }
  core::Result<std::vector<User>> list(core::Tx&, const accounts::UserFilter& filter) override {
    std::vector<User> found;
    for (const auto& [id, user] : users)
      if (listed(user, filter)) found.push_back(user);
    std::ranges::sort(found, std::ranges::greater{}, place);
    if (std::ssize(found) > filter.limit) found.resize(static_cast<size_t>(filter.limit));
    return found;
  }

 private:
  static std::pair<core::Time, UserId> place(const User& user) { return {user.created_at, user.id}; }
  static std::string lower(std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
  }
  bool taken(const User& user) const {
    return std::ranges::any_of(
        users, [&](const auto& other) { return other.second.email_key == user.email_key && other.first != user.id; });
  }
  bool listed(const User& user, const accounts::UserFilter& filter) const {
    if (user.deleted_at || (filter.disabled && *filter.disabled != user.disabled_at.has_value())) return false;
    if (filter.after) {
      const auto after = users.find(*filter.after);
      if (after == users.end() || place(user) >= place(after->second)) return false;
    }
    const std::string search = lower(filter.search);
    return lower(user.email).contains(search) || lower(user.first_name + ' ' + user.last_name).contains(search);
  }
};

}  // namespace test
