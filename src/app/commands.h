// Owns: the command line: the table of commands and how words and flags are read.
// Does not own: what a command does (command_*.cc).
// Thread rule: the main thread.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace app {

// The exit code: 0 done, 1 it could not be done, 2 the words are wrong.
int run(std::span<char*> arguments);

}  // namespace app
