#include <cstdio>

#include "app/command_line.h"

namespace app {
namespace {

using core::Result;

Result<> list(const Call& call) {
  const auto app = TRY(open_app(call));
  for (const auto& key : TRY(app->keys.list()))
    std::printf("%s  %-7s %s  signs from %s%s\n", key.kid.c_str(), core::to_text(key.purpose).data(),
                crypto::name(key.algorithm).data(), core::iso8601(key.active_at).c_str(),
                key.retired_at ? (", verifies until " + core::iso8601(*key.retired_at)).c_str() : "");
  return {};
}

Result<> rotate(const Call& call) {
  const auto purpose = call.words.empty() ? tokens::Purpose::access : core::from_text<tokens::Purpose>(call.words[0]);
  if (!purpose) return core::fail(core::Code::validation_failed, "keys rotate takes access or refresh");
  const auto app = TRY(open_app(call));
  const auto kid = TRY(app->keys.rotate(*purpose));
  std::printf("%s signs in %ld s, once every node knows it\n", kid.c_str(),
              static_cast<long>(tokens::KeyRing::staleness.count()));
  return {};
}

}  // namespace

std::vector<Command> key_commands() {
  return {{"keys list", "", "List signing keys.", 0, 0, list},
          {"keys rotate", "[access|refresh]", "Make a new signing key; the old one verifies until its tokens are gone.",
           0, 1, rotate}};
}

}  // namespace app
