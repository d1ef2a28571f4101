// Owns: a mail as features write it, and as a transport delivers it.
// Does not own: its wording (templates.h), its way (mail_service.h), its form on the wire (rfc5322.h).
// Thread rule: values.
#pragma once
#include <string>

#include "core/clock.h"
#include "core/id.h"

namespace mail {

// What all mails share.
struct Letterhead {
  std::string public_url;  // http.public_url: what every link in a mail begins with
};

struct Message {
  std::string to;       // one address, as stored with the account
  std::string subject;  // UTF-8, one line
  std::string text;     // UTF-8; lines end with '\n'
  std::string html;     // a whole document that says the same
};

using LetterId = core::Id<struct LetterTag>;

// A message on its way.
struct Letter {
  LetterId id;
  Message message;
  core::Time created_at, expires_at;  // it is not delivered from expires_at on
  int64_t attempts = 0;               // begun so far, this one included
};

// "a***@example.com": enough to find a complaint in the log, too little to write to.
std::string masked(std::string_view address);

}  // namespace mail
