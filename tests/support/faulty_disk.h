// Owns: a disk for SQLite that knows which writes were synced, and can lose the others, fail, or be slow.
// Does not own: locks and shared memory, which stay those of the system.
// Thread rule: any thread. Outlives the databases on it.
#pragma once
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace support {

enum class Syncs { succeed, fail };

class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;

  // What SqliteOptions::vfs takes.
  const std::string& name() const { return name_; }

  // Completed syncs of files whose name ends so.
  int64_t syncs(const std::string& ending) const;
  void set_syncs(Syncs syncs);
  void set_sync_time(std::chrono::microseconds time);
  // After that many more writes and syncs the power is gone: all further ones fail.
  void cut_power_after(int64_t operations);
  bool has_power() const;
  // What a machine finds in `directory` after the cut: synced bytes, and of the others a random part, torn at will.
  void write_survivors(const std::string& directory, std::mt19937_64& random) const;

  // For the VFS.
  struct Change {
    int64_t offset;
    std::string bytes;  // a truncation to `offset` when empty
  };
  int write(const std::string& file, Change change, int failure);
  int sync(const std::string& file);
  void opened(const std::string& file);
  void removed(const std::string& file);

 private:
  struct Image {
    std::string durable;
    std::vector<Change> pending;
    int64_t syncs = 0;
  };
  bool spend_power();

  std::string name_;
  sqlite3_vfs vfs_;
  mutable std::mutex mutex_;
  std::map<std::string, Image> images_;
  Syncs syncs_ = Syncs::succeed;
  std::chrono::microseconds sync_time_{0};
  int64_t power_ = std::numeric_limits<int64_t>::max();
};

}  // namespace support
