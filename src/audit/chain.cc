#include "audit/chain.h"

#include <algorithm>

namespace audit {
namespace {

constexpr size_t leaf_size = sizeof(core::Uuid) + sizeof(crypto::Digest256);

// What is hashed: numbers in 8 bytes, text behind its length, so that no two different rows give the same bytes.
class Bytes {
 public:
  Bytes& number(int64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8)
      out_.push_back(static_cast<char>(static_cast<uint64_t>(value) >> shift));
    return *this;
  }
  Bytes& raw(crypto::Bytes bytes) {
    out_.append(crypto::as_text(bytes));
    return *this;
  }
  Bytes& text(std::string_view text) {
    number(static_cast<int64_t>(text.size()));
    out_.append(text);
    return *this;
  }
  Bytes& id(const std::optional<core::Uuid>& id) {
    out_.push_back(id ? 1 : 0);
    return id ? raw(id->bytes) : *this;
  }
  crypto::Bytes bytes() const { return crypto::as_bytes(out_); }
  void clear() { out_.clear(); }

 private:
  std::string out_;
};

}  // namespace

crypto::Digest256 digest_of(const Record& record) {
  thread_local Bytes bytes;
  bytes.clear();
  const auto& [event, origin] = std::tie(record.event, record.origin);
  // Seals that are older than devices hold for events without one.
  bytes.text(origin.device.empty() ? "usher audit event v1" : "usher audit event v2")
      .raw(record.id.bytes)
      .number(core::to_millis(record.at));
  bytes.text(event.action).id(event.subject).id(event.session).text(event.detail);
  bytes.text(origin.ip_address).text(origin.request_id).id(origin.actor).id(origin.session);
  if (!origin.device.empty()) bytes.text(origin.device);
  return crypto::sha256(bytes.bytes());
}

crypto::Digest256 head_of(const Seal& seal) {
  Bytes bytes;
  bytes.text("usher audit seal v1").number(seal.number).number(core::to_millis(seal.at)).raw(seal.before);
  bytes.number(std::ssize(seal.leaves)).raw(pack(seal.leaves));
  return crypto::sha256(bytes.bytes());
}

Seal next_seal(const Seal& last, core::Time at, std::vector<Leaf> leaves) {
  Seal seal{.number = last.number + 1, .at = at, .before = last.head, .leaves = std::move(leaves)};
  seal.head = head_of(seal);
  return seal;
}

std::vector<uint8_t> pack(const std::vector<Leaf>& leaves) {
  std::vector<uint8_t> out;
  out.reserve(leaves.size() * leaf_size);
  for (const Leaf& leaf : leaves) {
    out.insert(out.end(), leaf.event.bytes.begin(), leaf.event.bytes.end());
    out.insert(out.end(), leaf.digest.begin(), leaf.digest.end());
  }
  return out;
}

std::optional<std::vector<Leaf>> unpack(crypto::Bytes packed) {
  if (packed.size() % leaf_size != 0) return std::nullopt;
  std::vector<Leaf> leaves(packed.size() / leaf_size);
  for (size_t i = 0; i < leaves.size(); ++i) {
    const auto leaf = packed.subspan(i * leaf_size, leaf_size);
    std::ranges::copy(leaf.first(sizeof(core::Uuid)), leaves[i].event.bytes.begin());
    std::ranges::copy(leaf.subspan(sizeof(core::Uuid)), leaves[i].digest.begin());
  }
  return leaves;
}

core::Result<crypto::SigningKey> head_key(const crypto::Secret& master) {
  return crypto::SigningKey::from_private(crypto::Algorithm::EdDSA,
                                          TRY(crypto::hkdf_sha256(master.bytes(), {}, "usher audit heads", 32)));
}

std::vector<uint8_t> pruned_bytes(int64_t number) {
  Bytes bytes;
  bytes.raw(crypto::as_bytes("usher audit pruned v1")).number(number);
  return {bytes.bytes().begin(), bytes.bytes().end()};
}

std::vector<uint8_t> signed_bytes(const Seal& seal) {
  Bytes bytes;
  bytes.raw(crypto::as_bytes("usher audit head v1")).number(seal.number).raw(seal.head);
  return {bytes.bytes().begin(), bytes.bytes().end()};
}

}  // namespace audit
