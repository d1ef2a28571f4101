// Owns: telling the service manager how far this process is (sd_notify(3)).
// Thread rule: any thread.
#pragma once
#include <string_view>

namespace app {

// "READY=1" and the like, as one datagram to $NOTIFY_SOCKET; without it nobody wants to know.
void notify(std::string_view state);

}  // namespace app
