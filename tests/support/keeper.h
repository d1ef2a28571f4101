// Owns: shell scripts that outlive the test process just long enough to clean up after it, however it ended.
// Does not own: what they clean up.
// Thread rule: any thread.
#pragma once
#include <string>
#include <vector>

namespace support {

// Runs `script` by sh with `arguments` as $1…; its `read` returns when this process has ended. Returns a file that
// reads what the script prints.
int start_keeper(const char* script, const std::vector<std::string>& arguments);

}  // namespace support
