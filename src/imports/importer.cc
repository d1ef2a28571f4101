#include "imports/importer.h"

#include "accounts/email.h"
#include "accounts/user_service.h"
#include "crypto/foreign_hash.h"

namespace imports {

using core::Result;

// One reading of the file.
struct Importer::Pass {
  bool writes;
  Complain complain;
  std::string_view detail;
  audit::Origin origin;
  std::unordered_set<std::string> role_names, seen = {};
  std::vector<Candidate> batch = {};
  Report report = {};

  void refuse(const std::string& where, const std::vector<core::FieldError>& problems) {
    for (const auto& problem : problems) complain(where, problem);
    ++report.refused;
  }
};

namespace {

constexpr size_t batch_size = 500;

struct Refusal {
  crypto::HashProblem problem;
  const char* code;
  const char* message;
};
constexpr Refusal hash_refusals[] = {
    {crypto::HashProblem::unknown, "hash_unknown", "is of no format that is accepted"},
    {crypto::HashProblem::malformed, "hash_malformed", "is not as its format has it"},
    {crypto::HashProblem::too_costly, "hash_too_costly", "asks for more memory or time than is spent on a sign-in"},
};

void check_hash(core::Decoder& decoder, std::string_view hash) {
  const auto read = crypto::read_hash(hash);
  if (hash.empty() || read) return;
  decoder.path = "passwordHash";
  for (const auto& refusal : hash_refusals)
    if (refusal.problem == read.error()) decoder.refuse(refusal.code, refusal.message);
}

void check_names(core::Decoder& decoder, const accounts::User& user) {
  const auto checked = accounts::check_names({user.first_name, user.last_name});
  if (checked) return;
  const auto& fields = checked.error().fields;
  decoder.errors.insert(decoder.errors.end(), fields.begin(), fields.end());
}

// A user without a name is called "-", as `usher user create` has it.
std::string or_dash(const std::optional<std::string>& name) { return name && !name->empty() ? *name : "-"; }

}  // namespace

Importer::Candidate Importer::prepare(const std::string& where, Entry entry, core::Decoder& decoder, const Pass& pass) {
  const core::Time now = parts_.clock.now();
  Candidate out{
      .where = where, .has_own_id = entry.id.has_value(), .roles = entry.roles.value_or(std::vector<std::string>())};
  out.user = {.id = entry.id ? accounts::UserId{*entry.id} : parts_.random.id<accounts::UserId>(now),
              .first_name = or_dash(entry.first_name),
              .last_name = or_dash(entry.last_name),
              .account_type = entry.account_type.value_or(accounts::AccountType::individual),
              .password_hash = entry.password_hash.value_or(""),
              .created_at = entry.created_at.value_or(now)};
  if (entry.email_verified.value_or(false)) out.user.email_verified_at = now;
  if (entry.disabled.value_or(false)) out.user.disabled_at = now;
  decoder.path = "email";
  if (auto email = accounts::Email::parse(entry.email)) {
    out.user.email = std::move(email->address);
    out.user.email_key = std::move(email->key);
  } else {
    decoder.refuse(entry.email.empty() ? "required" : "invalid_email",
                   entry.email.empty() ? "is required" : "must be an e-mail address");
  }
  check_names(decoder, out.user);
  check_hash(decoder, out.user.password_hash);
  decoder.path = "createdAt";
  if (out.user.created_at > now) decoder.refuse("in_the_future", "must be in the past");
  decoder.path = "roles";
  for (const auto& role : out.roles)
    if (!pass.role_names.contains(role)) decoder.refuse("unknown_role", "must be roles that exist");
  return out;
}

Result<> Importer::take(Pass& pass, const std::string& where, ReadEntry entry) {
  if (!entry) return pass.refuse(where, entry.error()), Result<>{};
  core::Decoder decoder;
  auto candidate = prepare(where, *std::move(entry), decoder, pass);
  const auto& user = candidate.user;
  if (decoder.errors.empty()) {
    decoder.path = "email";
    if (!pass.seen.insert(user.email_key).second) decoder.refuse("duplicate", "stands in the file before");
    decoder.path = "id";
    if (candidate.has_own_id && !pass.seen.insert(user.id.str()).second)
      decoder.refuse("duplicate", "stands in the file before");
  }
  if (!decoder.errors.empty()) return pass.refuse(where, decoder.errors), Result<>{};
  pass.batch.push_back(std::move(candidate));
  return pass.batch.size() < batch_size ? Result<>{} : flush(pass);
}

// False when somebody registered the address just now.
Result<bool> Importer::create(core::Tx& tx, const Candidate& candidate, const Pass& pass) {
  const auto& user = candidate.user;
  if (!TRY(parts_.users.create(tx, user))) return false;
  TRY(parts_.access.assign_default(tx, user.id));
  TRY(parts_.audit.append(tx, {"user.imported", user.id.value, {}, std::string(pass.detail)}, pass.origin));
  for (const auto& role : candidate.roles) {
    TRY(parts_.roles.assign(tx, {.user = user.id, .role = role, .given_at = parts_.clock.now()}));
    TRY(parts_.audit.append(tx, {"role.assigned", user.id.value, {}, role}, pass.origin));
  }
  return true;
}

// Returns what it counts: a transaction that has to be made again counts again.
Result<Report> Importer::settle(core::Tx& tx, Pass& pass) {
  Report report;
  for (const auto& candidate : pass.batch) {
    if (TRY(parts_.users.find_by_email(tx, candidate.user.email_key))) {
      ++report.existing;
    } else if (candidate.has_own_id && TRY(parts_.users.find(tx, candidate.user.id))) {
      pass.complain(candidate.where, {"id", "taken", "is another user's"});
      ++report.refused;
    } else {
      const bool created = !pass.writes || TRY(create(tx, candidate, pass));
      ++(created ? report.created : report.existing);
    }
  }
  return report;
}

Result<> Importer::flush(Pass& pass) {
  const auto work = [&](core::Tx& tx) { return settle(tx, pass); };
  const Report done = TRY(pass.writes ? parts_.transactor.atomically(work) : parts_.transactor.reading(work));
  pass.report.created += done.created;
  pass.report.existing += done.existing;
  pass.report.refused += done.refused;
  pass.batch.clear();
  return {};
}

Result<Report> Importer::run(Source& source, Pass& pass) {
  for (const auto& view : TRY(parts_.access.list())) pass.role_names.insert(view.role.name);
  TRY(source.each([&](const std::string& where, ReadEntry entry) { return take(pass, where, std::move(entry)); }));
  TRY(flush(pass));
  return pass.report;
}

Result<Report> Importer::examine(Source& source, const Complain& complain) {
  Pass pass{.writes = false, .complain = complain};
  return run(source, pass);
}

Result<Report> Importer::import(Source& source, std::string_view detail, const audit::Origin& origin) {
  const auto told_before = [](const std::string&, const core::FieldError&) {};
  Pass pass{.writes = true, .complain = told_before, .detail = detail, .origin = origin};
  return run(source, pass);
}

}  // namespace imports
