#include "webauthn/cbor.h"

#include <algorithm>
#include <ranges>

#include "core/utf8.h"

namespace webauthn::cbor {
namespace {

using crypto::Bytes;
using Kind = Value::Kind;

constexpr int max_depth = 4;
constexpr size_t max_entries = 64;  // of a map, whose keys are compared with each other

struct Head {
  uint8_t major = 0;
  uint64_t number = 0;
};

std::optional<Bytes> take(Bytes& input, uint64_t size) {
  if (size > input.size()) return std::nullopt;
  const Bytes taken = input.first(size);
  input = input.subspan(size);
  return taken;
}

// RFC 8949 section 3, in the shortest form (section 4.2.1).
std::optional<Head> read_head(Bytes& input) {
  const auto first = take(input, 1);
  if (!first) return std::nullopt;
  Head head{.major = static_cast<uint8_t>((*first)[0] >> 5)};
  const uint8_t info = (*first)[0] & 31;
  if (info < 24) return head.number = info, head;
  if (info > 27) return std::nullopt;
  const size_t width = size_t{1} << (info - 24);
  const auto bytes = take(input, width);
  if (!bytes) return std::nullopt;
  for (const uint8_t byte : *bytes) head.number = head.number << 8 | byte;
  const uint64_t least = width == 1 ? 24 : uint64_t{1} << (width * 4);
  return head.number < least ? std::nullopt : std::optional(head);
}

std::optional<Value> read_item(Bytes& input, int depth);

bool read_string(Bytes& input, uint64_t size, Value& out) {
  const auto content = take(input, size);
  if (!content) return false;
  out.content = *content;
  return out.kind == Kind::bytes || core::count_code_points(crypto::as_text(*content));
}

// Each item takes a byte at least: what is promised beyond that is refused before anything is reserved.
bool read_items(Bytes& input, uint64_t count, int depth, Value& out) {
  if (depth >= max_depth || count > input.size()) return false;
  for (uint64_t i = 0; i < count; ++i) {
    auto item = read_item(input, depth + 1);
    if (!item) return false;
    out.items.push_back(*std::move(item));
  }
  return true;
}

bool is_key(const Value& value) {
  return value.is(Kind::unsigned_number) || value.is(Kind::negative_number) || value.is(Kind::text);
}

// In the shortest form a value has one spelling, so that equal keys are equal bytes.
bool has_sound_keys(const Value& map) {
  for (size_t i = 0; i < map.items.size(); i += 2) {
    if (!is_key(map.items[i])) return false;
    for (size_t j = 0; j < i; j += 2)
      if (std::ranges::equal(map.items[i].encoded, map.items[j].encoded)) return false;
  }
  return true;
}

bool read_map(Bytes& input, uint64_t entries, int depth, Value& out) {
  return entries <= max_entries && read_items(input, 2 * entries, depth, out) && has_sound_keys(out);
}

bool read_simple(const Head& head, Value& out) {
  if (head.number < 20 || head.number > 22) return false;
  out.kind = head.number == 22 ? Kind::null : Kind::boolean;
  out.number = head.number == 21;
  return true;
}

bool read_body(Bytes& input, const Head& head, int depth, Value& out) {
  constexpr Kind kinds[] = {
      Kind::unsigned_number, Kind::negative_number, Kind::bytes, Kind::text, Kind::array, Kind::map};
  if (head.major == 7) return read_simple(head, out);
  if (head.major == 6) return false;
  out.kind = kinds[head.major];
  out.number = head.number;
  switch (out.kind) {
    case Kind::bytes:
    case Kind::text:
      return read_string(input, head.number, out);
    case Kind::array:
      return read_items(input, head.number, depth, out);
    case Kind::map:
      return read_map(input, head.number, depth, out);
    default:
      return true;
  }
}

std::optional<Value> read_item(Bytes& input, int depth) {
  const Bytes before = input;
  const auto head = read_head(input);
  Value out;
  if (!head || !read_body(input, *head, depth, out)) return std::nullopt;
  out.encoded = before.first(before.size() - input.size());
  return out;
}

template <class F>
const Value* find_if(const Value& map, F&& is_key) {
  if (!map.is(Kind::map)) return nullptr;
  for (size_t i = 0; i < map.items.size(); i += 2)
    if (is_key(map.items[i])) return &map.items[i + 1];
  return nullptr;
}

}  // namespace

std::optional<int64_t> Value::integer() const {
  if (number > INT64_MAX || (kind != Kind::unsigned_number && kind != Kind::negative_number)) return std::nullopt;
  const auto magnitude = static_cast<int64_t>(number);
  return kind == Kind::unsigned_number ? magnitude : -1 - magnitude;
}

std::optional<std::string_view> Value::text() const {
  return kind == Kind::text ? std::optional(crypto::as_text(content)) : std::nullopt;
}

std::optional<Bytes> Value::bytes() const { return kind == Kind::bytes ? std::optional(content) : std::nullopt; }

const Value* Value::find(int64_t key) const {
  return find_if(*this, [&](const Value& each) { return each.integer() == key; });
}

const Value* Value::find(std::string_view key) const {
  return find_if(*this, [&](const Value& each) { return each.text() == key; });
}

std::optional<Value> read(Bytes& input) { return read_item(input, 0); }

std::optional<Value> decode(Bytes input) {
  auto value = read(input);
  return input.empty() ? std::move(value) : std::nullopt;
}

}  // namespace webauthn::cbor
