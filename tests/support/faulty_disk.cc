#include "tests/support/faulty_disk.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <thread>

namespace support {
namespace {

// What SQLite sees as the file; the system's own file lies behind it.
struct File {
  sqlite3_file base;
  FaultyDisk* disk;
  const std::string* path;  // null: not watched
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File& self(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

// A method that only passes on.
template <auto method, class... Args>
int pass(sqlite3_file* file, Args... args) {
  sqlite3_file* real = self(file).real();
  return (real->pMethods->*method)(real, args...);
}

int close(sqlite3_file* file) {
  const int rc = pass<&sqlite3_io_methods::xClose>(file);
  delete self(file).path;
  return rc;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (const auto* path = self(file).path) {
    const std::string bytes(static_cast<const char*>(data), static_cast<size_t>(size));
    if (int rc = self(file).disk->write(*path, {offset, bytes}, SQLITE_IOERR_WRITE); rc != SQLITE_OK) return rc;
  }
  return pass<&sqlite3_io_methods::xWrite>(file, data, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const auto* path = self(file).path) {
    if (int rc = self(file).disk->write(*path, {size, ""}, SQLITE_IOERR_TRUNCATE); rc != SQLITE_OK) return rc;
  }
  return pass<&sqlite3_io_methods::xTruncate>(file, size);
}

int sync(sqlite3_file* file, int) { return self(file).path ? self(file).disk->sync(*self(file).path) : SQLITE_OK; }

int unmap(sqlite3_file* file, int erase) { return pass<&sqlite3_io_methods::xShmUnmap>(file, erase); }

void barrier(sqlite3_file* file) {
  sqlite3_file* real = self(file).real();
  real->pMethods->xShmBarrier(real);
}

// Version 2: without memory-mapped pages, which would pass by.
const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close,
    .xRead = pass<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    .xWrite = write,
    .xTruncate = truncate,
    .xSync = sync,
    .xFileSize = pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    .xLock = pass<&sqlite3_io_methods::xLock, int>,
    .xUnlock = pass<&sqlite3_io_methods::xUnlock, int>,
    .xCheckReservedLock = pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    .xFileControl = pass<&sqlite3_io_methods::xFileControl, int, void*>,
    .xSectorSize = pass<&sqlite3_io_methods::xSectorSize>,
    .xDeviceCharacteristics = pass<&sqlite3_io_methods::xDeviceCharacteristics>,
    .xShmMap = pass<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    .xShmLock = pass<&sqlite3_io_methods::xShmLock, int, int, int>,
    .xShmBarrier = barrier,
    .xShmUnmap = unmap,
};

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* result) {
  sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
  File& opened = *new (file) File{};
  if (int rc = system->xOpen(system, path, opened.real(), flags, result); rc != SQLITE_OK) return rc;
  opened.base.pMethods = &methods;
  opened.disk = static_cast<FaultyDisk*>(vfs->pAppData);
  if (path) {
    opened.path = new std::string(path);
    opened.disk->opened(*opened.path);
  }
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  auto* disk = static_cast<FaultyDisk*>(vfs->pAppData);
  if (!disk->has_power()) return SQLITE_IOERR_DELETE;
  disk->removed(path);
  sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
  return system->xDelete(system, path, sync_directory);
}

void replay(std::string& content, const FaultyDisk::Change& change) {
  const auto offset = static_cast<size_t>(change.offset);
  if (change.bytes.empty()) return content.resize(offset);
  if (content.size() < offset + change.bytes.size()) content.resize(offset + change.bytes.size());
  std::memcpy(content.data() + offset, change.bytes.data(), change.bytes.size());
}

}  // namespace

FaultyDisk::FaultyDisk() {
  static std::atomic<int> number{0};
  name_ = "faulty" + std::to_string(++number);
  vfs_ = *sqlite3_vfs_find(nullptr);
  vfs_.zName = name_.c_str();
  vfs_.szOsFile += static_cast<int>(sizeof(File));
  vfs_.pAppData = this;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyDisk::~FaultyDisk() { sqlite3_vfs_unregister(&vfs_); }

int64_t FaultyDisk::syncs(const std::string& ending) const {
  const std::lock_guard lock(mutex_);
  int64_t sum = 0;
  for (const auto& [path, image] : images_) sum += path.ends_with(ending) ? image.syncs : 0;
  return sum;
}

void FaultyDisk::set_syncs(Syncs syncs) {
  const std::lock_guard lock(mutex_);
  syncs_ = syncs;
}

void FaultyDisk::set_sync_time(std::chrono::microseconds time) {
  const std::lock_guard lock(mutex_);
  sync_time_ = time;
}

void FaultyDisk::cut_power_after(int64_t operations) {
  const std::lock_guard lock(mutex_);
  power_ = operations;
}

bool FaultyDisk::has_power() const {
  const std::lock_guard lock(mutex_);
  return power_ > 0;
}

bool FaultyDisk::spend_power() { return power_ > 0 && --power_ > 0; }

int FaultyDisk::write(const std::string& file, Change change, int failure) {
  const std::lock_guard lock(mutex_);
  if (!spend_power()) return failure;
  images_[file].pending.push_back(std::move(change));
  return SQLITE_OK;
}

int FaultyDisk::sync(const std::string& file) {
  std::unique_lock lock(mutex_);
  if (sync_time_.count() > 0) {
    const auto time = sync_time_;
    lock.unlock();
    std::this_thread::sleep_for(time);
    lock.lock();
  }
  if (!spend_power() || syncs_ == Syncs::fail) return SQLITE_IOERR_FSYNC;
  Image& image = images_[file];
  for (const Change& change : image.pending) replay(image.durable, change);
  image.pending.clear();
  ++image.syncs;
  return SQLITE_OK;
}

void FaultyDisk::opened(const std::string& file) {
  const std::lock_guard lock(mutex_);
  if (images_.contains(file)) return;
  std::ifstream content(file, std::ios::binary);
  images_[file].durable.assign(std::istreambuf_iterator<char>(content), {});
}

void FaultyDisk::removed(const std::string& file) {
  const std::lock_guard lock(mutex_);
  images_.erase(file);
}

void FaultyDisk::write_survivors(const std::string& directory, std::mt19937_64& random) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, image] : images_) {
    std::string content = image.durable;
    const auto kept_in_ten = random() % 11;
    for (Change change : image.pending) {
      if (random() % 10 >= kept_in_ten) continue;
      if (!change.bytes.empty() && random() % 4 == 0) change.bytes.resize(1 + random() % change.bytes.size());
      replay(content, change);
    }
    std::ofstream(directory + "/" + std::filesystem::path(path).filename().string(), std::ios::binary) << content;
  }
}

}  // namespace support
