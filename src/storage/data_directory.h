// Owns: the data directory and the rule that one server at a time runs on it.
// Does not own: the files in it.
// Thread rule: called at start-up, by one thread.
#pragma once
#include <string>

#include "core/result.h"

namespace storage {

// Held for as long as the server runs; the system drops it when the process ends in any way.
class DirectoryLock {
 public:
  explicit DirectoryLock(int file) : file_(file) {}
  DirectoryLock(DirectoryLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  int file_;
};

// Makes `path` and what is missing above it, for the user alone (0700). An error's cause says what to change.
core::Result<> create_directory(const std::string& path);
// Makes an empty file (0600) where there is none: in a directory that others may read, it is not for them. Who opens it
// meets what went wrong.
void create_private_file(const std::string& path);
// Creates the directory and takes its lock; the command line beside a running server does not need it.
core::Result<DirectoryLock> lock_directory(const std::string& path);

}  // namespace storage
