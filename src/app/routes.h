// Owns: the list of all routes: what the server serves and what openapi.json and routes.md tell.
#pragma once
#include "app/app.h"
#include "http/route.h"
#include "mail/mailbox.h"
#include "mail/sender.h"

namespace app {

// `mailbox` and `sender` only while mails stay in the development mailbox.
std::vector<http::Route> all_routes(App& app, const mail::Mailbox* mailbox, mail::Sender* sender);
// GET /metrics, for callers on loopback, or for everybody when it has a listener of its own.
enum class MetricsFor { loopback, everybody };
http::Route metrics_route(App& app, MetricsFor callers);

}  // namespace app
