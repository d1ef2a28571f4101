#include "app/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "app/store.h"
#include "crypto/base64url.h"
#include "storage/data_directory.h"

namespace app {
namespace {

constexpr size_t key_bytes = 32, longest_file = 4096;

std::unexpected<core::Error> bad(const std::string& path, std::string_view what) {
  return core::fail(core::Code::validation_failed, path + ' ' + std::string(what));
}

struct File {
  int fd;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

core::Result<crypto::Secret> read_file(const std::string& path, int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0) return bad(path, "cannot be read");
  if (status.st_mode & 077) return bad(path, "can be read by others: chmod 600 it");
  std::string text(longest_file, '\0');
  const ssize_t size = ::read(fd, text.data(), text.size());
  text.resize(size < 0 ? 0 : static_cast<size_t>(size));
  while (text.ends_with('\n')) text.pop_back();
  if (text.size() < key_bytes) return bad(path, "is too short for a master key: restore it from a backup");
  return crypto::Secret(std::move(text));
}

// The name of the key must outlast a power cut too: what it sealed would be lost without it.
bool sync_directory(const std::string& path) {
  const File directory{::open(path.substr(0, path.rfind('/')).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return directory.fd >= 0 && ::fsync(directory.fd) == 0;
}

// Written under another name first, so that nobody ever reads half a key; link() fails where one is there already.
core::Result<> create_file(const std::string& path, crypto::Random& random) {
  std::array<uint8_t, key_bytes> key;
  random.fill(key);
  const crypto::Secret text(crypto::base64url_encode(key) + "\n");
  std::string draft = path + ".XXXXXX";
  const File file{::mkostemp(draft.data(), O_CLOEXEC)};  // 0600
  if (file.fd < 0) return bad(path, std::string("cannot be made: ") + std::strerror(errno));
  const bool written =
      ::write(file.fd, text.expose().data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file.fd) == 0;
  const bool linked = written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
  ::unlink(draft.c_str());
  if (!linked || !sync_directory(path)) return bad(path, "cannot be written");
  return {};
}

}  // namespace

core::Result<crypto::Secret> master_key(const Config& config, crypto::Random& random) {
  if (!config.store.master_key.empty()) return config.store.master_key;
  if (config.uses_postgres())
    return core::fail(core::Code::validation_failed,
                      "keys.master (USHER_KEYS_MASTER or USHER_KEYS_MASTER_FILE) is required with PostgreSQL: the same "
                      "on every node");
  const std::string path = config.store.data_dir + "/master.key";
  if (::access(path.c_str(), F_OK) != 0) {
    if (TRY(exists(config.store)))
      return bad(path, "is missing beside " + store_name(config) + ": restore it from a backup, or give keys.master");
    TRY(storage::create_directory(config.store.data_dir));
    TRY(create_file(path, random));
  }
  const File file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return bad(path, std::string("cannot be opened: ") + std::strerror(errno));
  return read_file(path, file.fd);
}

}  // namespace app
