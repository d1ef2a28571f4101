// Owns: GET /dev/mailbox.
// Does not own: whether it exists: it is only asked for when no mail server is set.
// Thread rule: built before the server starts.
#pragma once
#include "http/route.h"
#include "mail/mailbox.h"

namespace mail {

// `settle` waits, for about a second at most, until what was enqueued before has arrived, so that a client which asks
// right after its request finds its mail.
std::vector<http::Route> routes(const Mailbox& mailbox, std::function<void()> settle);

}  // namespace mail
