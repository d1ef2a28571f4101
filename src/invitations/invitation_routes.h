// Owns: inviting people, over HTTP.
#pragma once
#include "http/route.h"
#include "invitations/invitation_service.h"

namespace invitations {

std::vector<http::Route> routes(Service& service);

}  // namespace invitations
