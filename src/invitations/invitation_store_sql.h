// Owns: invitations in SQL for both engines.
#pragma once
#include <memory>

#include "invitations/invitation_store.h"

namespace invitations {

std::unique_ptr<InvitationStore> create_sql_invitation_store();

}  // namespace invitations
