// Owns: how a letter's header looks (RFC 5322, RFC 2047), and which addresses may stand in it.
// Does not own: the body's MIME parts and the dialogue (smtp.h); whether an address is somebody's (accounts/).
// Thread rule: pure functions.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "mail/message.h"

namespace mail {

struct NamedAddress {
  std::string name;  // may be empty
  std::string address;
};

// "Name <address>" or "address". Absent when the address is not deliverable() or the name holds control characters.
std::optional<NamedAddress> parse_named_address(std::string_view text);

// Whether `address` can stand in an envelope and a header without changing either: one '@' part each side, no control
// characters, no angle brackets, and specials only inside a quoted local part (RFC 5321 section 4.1.2, RFC 6531).
bool deliverable(std::string_view address);

// "Sat, 31 Jan 2026 12:00:00 +0000" (RFC 5322 section 3.3).
std::string date_header(core::Time time);

// `text` as the value of an unstructured field: as it is when it is short printable ASCII, else as encoded words of at
// most 75 characters on folded lines (RFC 2047 section 2). Control characters become spaces, so nothing can start
// another field.
std::string encode_words(std::string_view text);

// The field lines, without line ends and MIME's boundary. The Message-ID is the same at every attempt.
std::vector<std::string> header_lines(const Letter& letter, const NamedAddress& from);

}  // namespace mail
