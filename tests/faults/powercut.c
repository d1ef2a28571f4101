// A disk that loses power, for a process that runs with this in LD_PRELOAD.
//
// Files below POWERCUT_DIR are written as usual, but what fsync or fdatasync did not reach yet is remembered. At the
// write, truncation or sync number POWERCUT_AFTER the power goes: each file falls back to what was synced plus a random
// part of what was not, new files whose directory was not synced vanish, and the process ends. POWERCUT_SYNC=ignored is
// a disk that lies: the control that shows that a test can fail. While the file POWERCUT_FULL names exists, every write
// finds the disk full. -shm files are shared memory and left alone.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct change {
  struct change* next;
  off_t offset;
  size_t size;  // 0: truncated to offset
  char bytes[];
};

struct file {
  struct file* next;
  ino_t inode;
  int entry_synced;
  char* durable;
  size_t size;
  struct change *first, **last;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct file* files;
static const char *directory, *full;
static ino_t directory_inode;
static long left = -1;
static int lies;
static unsigned seed;

static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_pwrite)(int, const void*, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec*, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_unlink)(const char*);

static void die(const char* why) {
  dprintf(2, "powercut: %s\n", why);
  abort();
}

static void* room(void* old, size_t size) {
  void* got = realloc(old, size ? size : 1);
  if (!got) die("no memory");
  return got;
}

static void resize(struct file* file, size_t size) {
  file->durable = room(file->durable, size);
  if (size > file->size) memset(file->durable + file->size, 0, size - file->size);
  file->size = size;
}

static void apply(struct file* file, const struct change* change, size_t size) {
  if (change->size == 0) return resize(file, (size_t)change->offset);
  const size_t end = (size_t)change->offset + size;
  if (file->size < end) resize(file, end);
  memcpy(file->durable + change->offset, change->bytes, size);
}

static struct file* add(ino_t inode, int fd, off_t size, int entry_synced) {
  struct file* file = room(NULL, sizeof *file);
  *file = (struct file){.next = files, .inode = inode, .entry_synced = entry_synced};
  file->last = &file->first;
  resize(file, (size_t)size);
  for (off_t at = 0; at < size;) {
    const ssize_t got = pread(fd, file->durable + at, (size_t)(size - at), at);
    if (got <= 0) die("cannot read what is there");
    at += got;
  }
  return files = file;
}

static int ends_with(const char* text, const char* ending) {
  const size_t a = strlen(text), b = strlen(ending);
  return a >= b && strcmp(text + a - b, ending) == 0;
}

// The watched file behind a descriptor, or null.
static struct file* watched(int fd) {
  struct stat status;
  if (!directory || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
  for (struct file* file = files; file; file = file->next)
    if (file->inode == status.st_ino) return file;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, sizeof path - 1);
  if (size < 0) return NULL;
  path[size] = 0;
  const size_t prefix = strlen(directory);
  if (strncmp(path, directory, prefix) != 0 || path[prefix] != '/' || ends_with(path, "-shm")) return NULL;
  char own[64];
  snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
  const int reader = open(own, O_RDONLY | O_CLOEXEC);
  struct file* file = add(status.st_ino, reader, status.st_size, 0);
  close(reader);
  return file;
}

static void for_each_entry(void (*visit)(int dir, const char* name, const struct stat* status)) {
  DIR* dir = opendir(directory);
  if (!dir) die("cannot list the directory");
  for (struct dirent* entry; (entry = readdir(dir));) {
    struct stat status;
    if (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
        !ends_with(entry->d_name, "-shm"))
      visit(dirfd(dir), entry->d_name, &status);
  }
  closedir(dir);
}

static struct file* known(ino_t inode) {
  for (struct file* file = files; file; file = file->next)
    if (file->inode == inode) return file;
  return NULL;
}

static void note_entry(int dir, const char* name, const struct stat* status) {
  struct file* file = known(status->st_ino);
  if (file) {
    file->entry_synced = 1;
    return;
  }
  const int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  // Its entry is there from now on; what is in it was never synced unless it was there from the beginning.
  add(status->st_ino, fd, left == -2 ? status->st_size : 0, 1);
  close(fd);
}

static void fall_back(int dir, const char* name, const struct stat* status) {
  struct file* file = known(status->st_ino);
  if (!file || !file->entry_synced) {
    unlinkat(dir, name, 0);
    return;
  }
  const int kept_in_ten = rand_r(&seed) % 11;
  for (struct change* change = file->first; change; change = change->next) {
    if (rand_r(&seed) % 10 >= kept_in_ten) continue;
    const int torn = change->size > 1 && rand_r(&seed) % 4 == 0;
    apply(file, change, torn ? 1 + (size_t)rand_r(&seed) % change->size : change->size);
  }
  const int fd = openat(dir, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
  for (size_t at = 0; fd >= 0 && at < file->size;) {
    const ssize_t put = real_write(fd, file->durable + at, file->size - at);
    if (put <= 0) die("cannot write what is left");
    at += (size_t)put;
  }
  if (fd >= 0) close(fd);
}

// Under the mutex, which is never given back: nobody writes or syncs any more.
static void spend_power(void) {
  if (left < 0 || --left > 0) return;
  for_each_entry(fall_back);
  dprintf(2, "powercut: the power is gone\n");
  _exit(137);
}

static int is_full(const struct file* file) {
  if (!file || !full || access(full, F_OK) != 0) return 0;
  errno = ENOSPC;
  return 1;
}

static void remember(struct file* file, off_t offset, const void* bytes, size_t size) {
  struct change* change = room(NULL, sizeof *change + size);
  *change = (struct change){.offset = offset, .size = size};
  if (size) memcpy(change->bytes, bytes, size);
  *file->last = change;
  file->last = &change->next;
}

static int sync_file(struct file* file) {
  spend_power();
  if (lies) return 0;
  for (struct change* change = file->first; change;) {
    struct change* next = change->next;
    apply(file, change, change->size);
    free(change);
    change = next;
  }
  file->first = NULL;
  file->last = &file->first;
  return 0;
}

__attribute__((constructor)) static void begin(void) {
  real_write = (ssize_t(*)(int, const void*, size_t))dlsym(RTLD_NEXT, "write");
  real_pwrite = (ssize_t(*)(int, const void*, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
  real_writev = (ssize_t(*)(int, const struct iovec*, int))dlsym(RTLD_NEXT, "writev");
  real_ftruncate = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate64");
  real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  real_unlink = (int (*)(const char*))dlsym(RTLD_NEXT, "unlink");
  const char* text = getenv("POWERCUT_DIR");
  directory = text && *text ? realpath(text, NULL) : NULL;
  if (!directory) return;
  struct stat status;
  if (stat(directory, &status) == 0) directory_inode = status.st_ino;
  full = getenv("POWERCUT_FULL");
  lies = (text = getenv("POWERCUT_SYNC")) && strcmp(text, "ignored") == 0;
  seed = (text = getenv("POWERCUT_SEED")) ? (unsigned)atoi(text) : 1;
  left = -2;
  for_each_entry(note_entry);
  left = (text = getenv("POWERCUT_AFTER")) ? atol(text) : -1;
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  pthread_mutex_lock(&mutex);
  struct file* file = watched(fd);
  ssize_t done = -1;
  if (!is_full(file)) {
    if (file) spend_power();
    done = real_pwrite(fd, bytes, size, offset);
    if (file && done > 0) remember(file, offset, bytes, (size_t)done);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) { return pwrite64(fd, bytes, size, offset); }

ssize_t write(int fd, const void* bytes, size_t size) {
  if (!directory) return real_write ? real_write(fd, bytes, size) : -1;
  struct stat status;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    return real_write(fd, bytes, size);  // may block: without the mutex
  pthread_mutex_lock(&mutex);
  struct file* file = watched(fd);
  ssize_t done = -1;
  if (!is_full(file)) {
    if (file) spend_power();
    done = real_write(fd, bytes, size);
    if (file && done > 0) remember(file, lseek(fd, 0, SEEK_CUR) - done, bytes, (size_t)done);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  struct stat status;
  if (!directory || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return real_writev(fd, parts, count);
  ssize_t sum = 0;
  for (int i = 0; i < count; ++i) {
    const ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (done < 0) return sum ? sum : -1;
    sum += done;
  }
  return sum;
}

int ftruncate64(int fd, off_t size) {
  pthread_mutex_lock(&mutex);
  struct file* file = watched(fd);
  if (file) spend_power();
  const int done = real_ftruncate(fd, size);
  if (file && done == 0) remember(file, size, NULL, 0);
  pthread_mutex_unlock(&mutex);
  return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int fsync(int fd) {
  struct stat status;
  if (!directory || fstat(fd, &status) != 0) return real_fsync(fd);
  pthread_mutex_lock(&mutex);
  int done = 0;
  if (S_ISDIR(status.st_mode) && status.st_ino == directory_inode) {
    spend_power();
    if (!lies) for_each_entry(note_entry);
  } else {
    struct file* file = watched(fd);
    done = file ? sync_file(file) : real_fsync(fd);
  }
  pthread_mutex_unlock(&mutex);
  return done;
}

int fdatasync(int fd) { return fsync(fd); }

// The number of a removed file may be given to a new one.
int unlink(const char* path) {
  pthread_mutex_lock(&mutex);
  struct stat status;
  const int found = directory && stat(path, &status) == 0 && status.st_nlink == 1;
  const int done = real_unlink(path);
  for (struct file** at = &files; found && done == 0 && *at; at = &(*at)->next)
    if ((*at)->inode == status.st_ino) {
      *at = (*at)->next;  // its memory is not worth the trouble
      break;
    }
  pthread_mutex_unlock(&mutex);
  return done;
}
