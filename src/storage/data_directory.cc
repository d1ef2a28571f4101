#include "storage/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace storage {
namespace {

std::unexpected<core::Error> refuse(const std::string& what, int error) {
  return core::fail_because(core::Code::store_unavailable, what + ": " + std::generic_category().message(error));
}

bool is_directory(const std::string& path) {
  struct stat status;
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string owner_of(int file) {
  char text[32] = {};
  const ssize_t size = pread(file, text, sizeof text - 1, 0);
  return size > 0 ? " (process " + std::string(text, static_cast<size_t>(size)) + ")" : std::string();
}

}  // namespace

DirectoryLock::~DirectoryLock() {
  if (file_ >= 0) close(file_);
}

core::Result<> create_directory(const std::string& path) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (mkdir(part.c_str(), 0700) != 0 && (errno != EEXIST || !is_directory(part))) {
      return refuse(
          "cannot create the directory " + part + ", choose another or let the user that runs Usher write there",
          errno);
    }
    if (end == path.npos) return {};
  }
}

void create_private_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
}

core::Result<DirectoryLock> lock_directory(const std::string& path) {
  TRY(create_directory(path));
  const std::string name = path + "/usher.lock";
  const int file = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return refuse("cannot write " + name + ", the directory must be writable for the user that runs Usher", errno);
  DirectoryLock lock(file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    return core::fail_because(core::Code::store_unavailable, "another server runs on " + path + owner_of(file) +
                                                                 ": stop it, or choose another directory (data.dir)");
  }
  const std::string process = std::to_string(getpid());
  if (ftruncate(file, 0) != 0 || pwrite(file, process.data(), process.size(), 0) < 0) {
    return refuse("cannot write " + name + ", the disk may be full", errno);
  }
  return lock;
}

}  // namespace storage
