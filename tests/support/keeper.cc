#include "tests/support/keeper.h"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdlib>

extern char** environ;

namespace support {

int start_keeper(const char* script, const std::vector<std::string>& arguments) {
  // The write end of `life` is never closed: the system does it when the process ends.
  int life[2], answer[2];
  if (pipe2(life, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0) std::abort();
  std::vector<const char*> words{"sh", "-c", script, "keeper"};
  for (const std::string& argument : arguments) words.push_back(argument.c_str());
  words.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, life[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, answer[1], STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);  // a Ctrl-C for the tests is not for it
  pid_t process;
  if (posix_spawn(&process, "/bin/sh", &files, &attributes, const_cast<char**>(words.data()), environ) != 0)
    std::abort();
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  close(life[0]);
  close(answer[1]);
  return answer[0];
}

}  // namespace support
