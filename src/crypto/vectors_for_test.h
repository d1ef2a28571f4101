// Owns: finding and reading the public test vectors, which are not part of this repository.
// Does not own: judging them. For tests only.
// Thread rule: pure functions.
#pragma once
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "crypto/base64url.h"

namespace crypto {

inline std::string vectors_folder() {
  const char* folder = std::getenv("USHER_VECTORS");
  return folder ? folder : USHER_SOURCE_DIR "/../shared/vectors";
}

// Absent when there is no such file.
inline std::optional<boost::json::value> load_vectors(const std::string& path) {
  std::ifstream file(vectors_folder() + "/" + path);
  if (!file) return std::nullopt;
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

inline std::string text_at(const boost::json::value& object, std::string_view member) {
  const auto* value = object.as_object().if_contains(member);
  return value && value->is_string() ? std::string(std::string_view(value->get_string())) : std::string();
}

inline std::vector<uint8_t> hex_at(const boost::json::value& object, std::string_view member) {
  return hex_decode(text_at(object, member)).value();
}

// Calls judge(group, test) for every case of a Wycheproof file; returns how many there were.
template <class Judge>
int each_case(const boost::json::value& file, Judge&& judge) {
  int count = 0;
  for (const auto& group : file.at("testGroups").as_array()) {
    for (const auto& test : group.at("tests").as_array()) {
      SCOPED_TRACE("tcId " + std::to_string(test.at("tcId").as_int64()) + " " + text_at(test, "comment"));
      judge(group, test);
      ++count;
    }
  }
  return count;
}

}  // namespace crypto

#define LOAD_VECTORS_OR_SKIP(name, path)          \
  const auto name = ::crypto::load_vectors(path); \
  if (!name) GTEST_SKIP() << "skipped: no vectors"
