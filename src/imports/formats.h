// Owns: which formats of users are read, and recognising one.
// Does not own: the formats themselves (lines.h, exports.h).
// Thread rule: pure functions, but for the files that they read.
#pragma once
#include <memory>

#include "imports/exports.h"

namespace imports {

struct OpenOptions {
  std::string format;       // empty: recognised by the file's content
  std::string hash_config;  // a file with Firebase's hash_config, or empty
  core::Time now;
};

struct OpenedSource {
  std::string format;
  std::unique_ptr<Source> source;
};

// Exports that are one document are held in memory, several times their size; files of lines are not.
// validation_failed with a sentence.
core::Result<OpenedSource> open_source(const std::string& path, const OpenOptions& options);

// "jsonl|csv|…".
std::string format_names();

}  // namespace imports
