# usher_migrations(target): every src/storage/migrations/*.sql goes into `target`, with the table embedded_files().
# Adding a file is enough.
function(usher_migrations target)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/storage/migrations
    ${CMAKE_CURRENT_SOURCE_DIR}/storage/migrations/*.sql)
  set(declarations "")
  set(rows "")
  foreach(file IN LISTS files)
    string(REPLACE "." "_" symbol "migration_${file}")
    usher_embed(${target} ${symbol} ${CMAKE_CURRENT_SOURCE_DIR}/storage/migrations/${file})
    string(APPEND declarations "extern const char ${symbol}_begin[], ${symbol}_end[];\n")
    string(APPEND rows "      {\"${file}\", {${symbol}_begin, ${symbol}_end}},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/embedded_migrations.cc @ONLY CONTENT [[
#include "storage/migrations/embedded.h"

extern "C" {
@declarations@}

namespace storage {

std::span<const EmbeddedFile> embedded_files() {
  static const std::vector<EmbeddedFile> files = {
@rows@  };
  return files;
}

}  // namespace storage
]])
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded_migrations.cc)
endfunction()
