// Owns: how events are chained, so that none can be changed, dropped, added or moved unseen.
// Does not own: when it is done (notary.h), finding what was changed (verifier.h), storage (seal_store.h).
// Thread rule: pure functions and values.
//
// A seal names events by their ids, ascending, each with the SHA-256 of all that it holds, and carries the head of the
// seal before it; its own head is the SHA-256 of these, and is signed. So a head vouches for every event before it.
#pragma once
#include "audit/event.h"
#include "crypto/digest.h"
#include "crypto/jwk.h"

namespace audit {

struct Leaf {
  core::Uuid event;
  crypto::Digest256 digest{};
  bool operator==(const Leaf&) const = default;
};

struct Seal {
  int64_t number = 0;  // from 1 on, without gaps
  core::Time at{};
  crypto::Digest256 before{}, head{};  // `before` of the first is all zeros
  std::vector<Leaf> leaves;
  std::vector<uint8_t> signature;  // Ed25519 (RFC 8032)
};

crypto::Digest256 digest_of(const Record& record);
// What `seal.head` must be, given all else.
crypto::Digest256 head_of(const Seal& seal);
// The seal behind `last`, without its signature.
Seal next_seal(const Seal& last, core::Time at, std::vector<Leaf> leaves);

// 48 bytes for each leaf. Absent for another length.
std::vector<uint8_t> pack(const std::vector<Leaf>& leaves);
std::optional<std::vector<Leaf>> unpack(crypto::Bytes packed);

// The key that signs heads (Ed25519). It follows from `master`, which is keys.master: whoever can only write to the
// database cannot sign.
core::Result<crypto::SigningKey> head_key(const crypto::Secret& master);

// The action by which it is recorded that seals up to the one in `detail` were removed with their events.
inline constexpr std::string_view pruned = "audit.pruned";
// What is signed of it, and stands in its detail behind the number: whoever can only write to the database removes
// nothing in the settings' name.
std::vector<uint8_t> pruned_bytes(int64_t number);
// And that the seals in `detail` were there and are no more.
inline constexpr std::string_view seals_lost = "audit.seals_lost";

// The bytes that are signed: "usher audit head v1", the number (8 bytes, big-endian), the head.
std::vector<uint8_t> signed_bytes(const Seal& seal);

}  // namespace audit
