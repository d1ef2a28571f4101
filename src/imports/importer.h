// Owns: making accounts of the entries of a file: what is acceptable, in which transactions, what is recorded.
// Does not own: how files are written (formats.h); how a hash is verified at the first sign-in (passwords/hasher.h).
// Thread rule: one thread.
//
// An address that has an account already is left as it is, so that the same file may be imported again, after a failure
// in its midst as well.
#pragma once
#include <unordered_set>

#include "access/access_service.h"
#include "imports/entry.h"

namespace imports {

struct Report {
  int64_t created = 0;   // of an examination: would be
  int64_t existing = 0;  // have an account
  int64_t refused = 0;
};

// Told of each thing that is wrong with an entry. Nothing of it is secret.
using Complain = std::function<void(const std::string& where, const core::FieldError& problem)>;

class Importer {
 public:
  struct Parts {
    core::Transactor& transactor;
    accounts::Store& users;
    roles::RoleStore& roles;
    roles::Service& access;
    audit::Store& audit;
    crypto::Random& random;
    const core::Clock& clock;
  };
  explicit Importer(Parts parts) : parts_(parts) {}

  // Reads all of it and changes nothing.
  core::Result<Report> examine(Source& source, const Complain& complain);
  // Makes an account of each entry that examine() does not refuse, batch by batch. `detail` is recorded with each.
  core::Result<Report> import(Source& source, std::string_view detail, const audit::Origin& origin);

 private:
  struct Candidate {
    std::string where;
    accounts::User user;
    bool has_own_id = false;
    std::vector<std::string> roles;
  };
  struct Pass;
  core::Result<Report> run(Source& source, Pass& pass);
  core::Result<> take(Pass& pass, const std::string& where, ReadEntry entry);
  core::Result<> flush(Pass& pass);
  core::Result<Report> settle(core::Tx& tx, Pass& pass);
  core::Result<bool> create(core::Tx& tx, const Candidate& candidate, const Pass& pass);
  Candidate prepare(const std::string& where, Entry entry, core::Decoder& decoder, const Pass& pass);

  Parts parts_;
};

}  // namespace imports
