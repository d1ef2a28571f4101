// Owns: what is an e-mail address here, and when two are the same account.
// Does not own: whether it receives mail (verification/), how it is sent (mail/).
// Thread rule: values and pure functions.
//
// Policy, where the standards leave a choice:
// - The local part is a dot-atom (RFC 5321 section 4.1.2) or its UTF-8 form (RFC 6531) of letters, marks and digits
// that
//   normalisation (NFC and NFKC) leaves alone. Quoted strings, comments, `%` and `!` (source routes) are refused.
// - The local part compares without case, by simple case folding: "ß" is not "ss", "ı" is not "i". Nothing else is
//   folded: `a+tag`, dots and look-alike letters of other scripts are different accounts.
// - The domain is a host name of at least two labels, valid under IDNA2008, kept in A-label form. Literals and a
// trailing
//   root dot are refused.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace accounts {

struct Email {
  std::string address;  // as stored and mailed to: the local part as typed, the domain in lower-case A-labels
  std::string key;      // equal for the same account; unique

  // Absent when `text`, without spaces and tabs at its ends, is not an address in the sense above.
  static std::optional<Email> parse(std::string_view text);
};

}  // namespace accounts
