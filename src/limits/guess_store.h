// Owns: rows of guesses, one for each account that was guessed at.
// Does not own: what they mean (guesses.h).
// Thread rule: any worker thread.
#pragma once
#include <optional>

#include "core/unit_of_work.h"
#include "crypto/digest.h"
#include "limits/guesses.h"

namespace limits {

// A keyed hash of the address, so that whoever reads the table learns of nobody who is not a user.
using Subject = crypto::Digest256;

class GuessStore {
 public:
  virtual ~GuessStore() = default;
  // Absent when no guess failed since the last right one.
  virtual core::Result<std::optional<Guesses>> find(core::Tx& tx, const Subject& subject) = 0;
  // As find(), without failures where there is no row; nobody else locks it until the end of `tx`.
  virtual core::Result<Guesses> lock(core::Tx& tx, const Subject& subject) = 0;
  // Of a row that `tx` has locked.
  virtual core::Result<> update(core::Tx& tx, const Subject& subject, const Guesses& guesses) = 0;
  // Harmless when there is none.
  virtual core::Result<> remove(core::Tx& tx, const Subject& subject) = 0;
  // Removes up to `limit` rows whose last failure was before `before`; how many.
  virtual core::Result<int64_t> prune(core::Tx& tx, core::Time before, int64_t limit) = 0;
};

}  // namespace limits
