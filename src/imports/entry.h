// Owns: what an import knows of one user, whatever system it comes from.
// Does not own: how that system writes it (lines.h, exports.h), whether it is acceptable (importer.h).
// Thread rule: values.
#pragma once
#include <expected>
#include <functional>

#include "accounts/user.h"

namespace imports {

// Its names are those of the JSON lines and of the CSV columns.
struct Entry {
  std::string email;
  std::optional<core::Uuid> id;
  std::optional<bool> email_verified, disabled;
  std::optional<std::string> first_name, last_name, password_hash;
  std::optional<accounts::AccountType> account_type;
  std::optional<core::Time> created_at;
  std::optional<std::vector<std::string>> roles;

  static constexpr std::string_view name = "ImportedUser";
  static constexpr auto fields() {
    using core::field;
    return std::tuple{field("email", &Entry::email, "The address."),
                      field("id", &Entry::id, "A UUID to keep."),
                      field("emailVerified", &Entry::email_verified, "Absent: it is not."),
                      field("disabled", &Entry::disabled, "Absent: it is not."),
                      field("firstName", &Entry::first_name, "Absent: \"-\"."),
                      field("lastName", &Entry::last_name, "Absent: \"-\"."),
                      field("passwordHash", &Entry::password_hash, "Absent: a reset sets the first one."),
                      field("accountType", &Entry::account_type, "Absent: INDIVIDUAL."),
                      field("createdAt", &Entry::created_at, "Absent: now."),
                      field("roles", &Entry::roles, "Besides the default role.", core::length(0, 64))};
  }
};

// An entry, or why it is none, and where it stands: "line 3", "users[2]".
using ReadEntry = std::expected<Entry, std::vector<core::FieldError>>;
using Sink = std::function<core::Result<>(const std::string& where, ReadEntry entry)>;

// A file of users that can be read more than once.
class Source {
 public:
  virtual ~Source() = default;
  // In the order of the file; ends with the first error that `sink` returns.
  virtual core::Result<> each(const Sink& sink) = 0;
};

inline std::unexpected<std::vector<core::FieldError>> refuse(std::string field, std::string code, std::string message) {
  return std::unexpected(std::vector<core::FieldError>{{std::move(field), std::move(code), std::move(message)}});
}

}  // namespace imports
