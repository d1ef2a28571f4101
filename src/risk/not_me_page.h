// Owns: the page behind the link "this was not me".
// Does not own: what the button does (not_me.h).
// Thread rule: pure functions.
#pragma once
#include "risk/notice_store.h"

namespace risk {

// Asks: a button that sends `token` by POST.
std::string ask_page(const Notice& notice, const std::string& token);
std::string done_page();
// The link is unknown, used or too old.
std::string dead_link_page();
// What the pages need in the place of the common Content-Security-Policy.
std::string page_content_security_policy();

}  // namespace risk
