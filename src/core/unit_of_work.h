// Owns: the seam by which services say "these belong together" without seeing a database.
// Does not own: SQL (storage/database.h implements it).
// Thread rule: Transactor from any worker thread, never an I/O thread; a Tx only inside its function.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <typeindex>
#include <vector>

#include "core/result.h"

namespace core {

// What is done in one Tx is committed together or not at all.
class Tx {
 public:
  // Runs on the caller's thread once the outcome is decided and before atomically() returns; also when the
  // outcome of the commit is unknown, so it must be harmless when nothing was committed (drop a cache entry).
  void after_commit(std::function<void()> hook) {
    hooks_.push_back([run = std::move(hook)](bool) { run(); });
  }
  // The same, but not when the outcome of the commit is unknown.
  void when_committed(std::function<void()> hook) {
    hooks_.push_back([run = std::move(hook)](bool certain) {
      if (certain) run();
    });
  }

  // The one T that belongs to this transaction, made when it is first asked for.
  template <class T>
  std::shared_ptr<T> own() {
    auto& slot = owned_[typeid(T)];
    if (!slot) slot = std::make_shared<T>();
    return std::static_pointer_cast<T>(slot);
  }

 protected:
  ~Tx() = default;
  using Hooks = std::vector<std::function<void(bool certain)>>;
  Hooks hooks_;

 private:
  std::map<std::type_index, std::shared_ptr<void>> owned_;
};

class Transactor {
 public:
  virtual ~Transactor() = default;

  // Runs `work` in a read-write transaction, again when the engine asks for it (serialisation, deadlock), so it
  // must have no effect outside of `tx`: no hashing, no I/O, no waiting in it. An error result rolls back.
  // A value is returned only after the commit is durable. store_unavailable when the store cannot be asked or
  // the outcome of the commit is unknown.
  template <class F>
  auto atomically(F&& work) -> decltype(work(std::declval<Tx&>())) {
    return run(Mode::write, std::forward<F>(work));
  }

  // Reads only, one snapshot.
  template <class F>
  auto reading(F&& work) -> decltype(work(std::declval<Tx&>())) {
    return run(Mode::read, std::forward<F>(work));
  }

 protected:
  enum class Mode { read, write };
  virtual Result<> run_erased(Mode mode, const std::function<Result<>(Tx&)>& work) = 0;

 private:
  template <class F>
  auto run(Mode mode, F&& work) -> decltype(work(std::declval<Tx&>())) {
    using R = decltype(work(std::declval<Tx&>()));
    R result = std::unexpected(Error{.code = Code::internal});
    auto done = run_erased(mode, [&](Tx& tx) -> Result<> {
      result = work(tx);
      if (!result) return std::unexpected(result.error());
      return {};
    });
    if (!done) return std::unexpected(std::move(done).error());
    return result;
  }
};

}  // namespace core
