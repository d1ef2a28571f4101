// Owns: the migration files as they are inside of the binary; cmake/migrations.cmake writes the table.
// Does not own: applying them (../migrations.h).
// Thread rule: constants.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "storage/migrations.h"

namespace storage {

struct EmbeddedFile {
  std::string_view name, content;
};

std::span<const EmbeddedFile> embedded_files();
// By version. A file that is misnamed or a version that is there twice is an assertion.
std::vector<Migration> select_migrations(std::span<const EmbeddedFile> files, Engine engine);

}  // namespace storage
