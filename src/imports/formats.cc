#include "imports/formats.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fstream>
#include <iterator>

#include "core/json.h"
#include "imports/lines.h"
#include "imports/loose_json.h"

namespace imports {
namespace {

using boost::json::object, boost::json::value;
using core::Result;

auto fail(std::string sentence) { return core::fail(core::Code::validation_failed, std::move(sentence)); }

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(path + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A list of users that stands in one document.
class Document final : public Source {
 public:
  Document(boost::json::array users, Convert* convert, Context context)
      : users_(std::move(users)), convert_(convert), context_(std::move(context)) {}
  Result<> each(const Sink& sink) override {
    for (size_t i = 0; i < users_.size(); ++i)
      if (auto entry = read(users_[i])) TRY(sink("user " + std::to_string(i + 1), *std::move(entry)));
    return {};
  }

 private:
  std::optional<ReadEntry> read(const value& user) const {
    if (!user.is_object()) return refuse("", "wrong_type", "must be an object");
    return convert_(user.get_object(), context_);
  }
  boost::json::array users_;
  Convert* convert_;
  Context context_;
};

ReadEntry from_supabase_row(const object& row) {
  auto entry = from_supabase(row, {.now = core::SystemClock().now()});
  return entry ? *std::move(entry) : refuse("", "not_a_user", "is deleted or anonymous");
}

// The list of users in a document of that format; empty names: the document is the list.
struct Export {
  std::string_view name;
  std::vector<std::string_view> lists;
  std::vector<std::string_view> marks;  // members of a user, one of which tells this format from others
  Convert* convert;
};
const std::vector<Export>& exports() {
  static const std::vector<Export> all = {
      {"better-auth", {"user", "users"}, {"emailVerified", "email_verified"}, from_better_auth},
      {"firebase", {"users"}, {"localId"}, from_firebase},
      {"keycloak", {"users", ""}, {"username"}, from_keycloak},
      {"supabase", {"", "users"}, {"encrypted_password"}, from_supabase},
      {"kratos", {"", "identities"}, {"traits"}, from_kratos},
  };
  return all;
}

// Null when the document is none of that format.
boost::json::array* users_of(value& document, const Export& format) {
  for (const auto& list : format.lists) {
    if (list.empty() && document.is_array()) return &document.get_array();
    auto* found = document.is_object() ? document.get_object().if_contains(list) : nullptr;
    if (found && found->is_array()) return &found->get_array();
  }
  return nullptr;
}

// Better Auth's users are those that stand beside a table of accounts.
const boost::json::array* accounts_of(const value& document) {
  for (const char* name : {"account", "accounts"})
    if (const auto* found = document.is_object() ? find(document.get_object(), name) : nullptr)
      if (found->is_array()) return &found->get_array();
  return nullptr;
}

bool is_of(value& document, const Export& format) {
  const auto* users = users_of(document, format);
  if (!users || users->empty() || !(*users)[0].is_object()) return false;
  if (format.convert == from_better_auth && !accounts_of(document)) return false;
  const auto& first = (*users)[0].get_object();
  return std::ranges::any_of(format.marks, [&](std::string_view mark) { return find(first, mark); });
}

Result<const Export*> choose(value& document, const std::string& path, std::string_view name) {
  for (const auto& format : exports())
    if (name.empty() ? is_of(document, format) : format.name == name) return &format;
  return fail(path + " is of no format that can be recognised: give it by --format=" + format_names());
}

Result<OpenedSource> open_document(const std::string& path, const std::string& text, const OpenOptions& options) {
  auto document = core::parse_json(text);
  if (!document) return fail(path + ": " + std::string(core::row(document.error().code).title));
  const auto* format = TRY(choose(*document, path, options.format));
  auto* users = users_of(*document, *format);
  if (!users) return fail(path + " holds no list of users as " + std::string(format->name) + " exports them");
  Context context{.now = options.now};
  if (!options.hash_config.empty()) context.firebase = TRY(read_firebase_hash(TRY(read_file(options.hash_config))));
  if (const auto* accounts = accounts_of(*document)) context.passwords = better_auth_passwords(*accounts);
  return OpenedSource{std::string(format->name),
                      std::make_unique<Document>(std::move(*users), format->convert, std::move(context))};
}

Result<OpenedSource> open_rows(const std::string& path, std::string_view format) {
  const auto header = TRY(read_header(path));
  const bool supabase = format == "supabase" || std::ranges::find(header, "encrypted_password") != header.end();
  return OpenedSource{supabase ? "supabase" : "csv", TRY(open_csv(path, supabase ? from_supabase_row : from_row))};
}

// A line that is whole, and holds a user in this program's own form.
bool is_json_lines(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  while (std::getline(file, line) && line.find_first_not_of(" \t\r") == line.npos) continue;
  const auto first = core::parse_json(line);
  return first && first->is_object() && first->get_object().contains("email");
}

}  // namespace

std::string format_names() {
  std::string names = "jsonl|csv";
  for (const auto& format : exports()) names += '|' + std::string(format.name);
  return names;
}

Result<OpenedSource> open_source(const std::string& path, const OpenOptions& options) {
  const std::string& format = options.format;
  if (!format.empty() && !('|' + format_names() + '|').contains('|' + format + '|'))
    return fail("--format must be one of " + format_names());
  if (format == "csv" || (path.ends_with(".csv") && (format.empty() || format == "supabase")))
    return open_rows(path, format);
  if (format == "jsonl" || (format.empty() && is_json_lines(path)))
    return OpenedSource{"jsonl", TRY(open_json_lines(path))};
  return open_document(path, TRY(read_file(path)), options);
}

}  // namespace imports
