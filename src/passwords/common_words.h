// Owns: which words everybody tries first, and how a text is folded before it is compared with them.
// Does not own: what follows from it (policy.h).
// Thread rule: pure functions.
#pragma once
#include <string>
#include <string_view>

namespace passwords {

// `text` without differences of case and width (Unicode case folding and NFKC), so that "ＰassWord" is "password".
// Bytes that are not UTF-8 come back as they are.
std::string fold(std::string_view text);

// Whether `folded`, as fold() returned it, is one of the most used passwords of 8 and more characters.
bool is_common(std::string_view folded);

}  // namespace passwords
