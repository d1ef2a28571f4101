#include "cache/reply.h"

#include <charconv>

namespace cache {
namespace {

enum class State { complete, need_more, refused };

bool read_number(std::string_view text, int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// Takes what ends with CRLF off the front of `rest`.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

State read_bulk(std::string_view& rest, int64_t size, Reply& reply) {
  if (size == -1) return State::complete;
  if (size < 0 || static_cast<uint64_t>(size) > ReplyReader::most_bytes) return State::refused;
  const auto length = static_cast<size_t>(size);
  if (rest.size() < length + 2) return State::need_more;
  if (rest.substr(length, 2) != "\r\n") return State::refused;
  reply.type = Reply::Type::text;
  reply.text = rest.substr(0, length);
  rest.remove_prefix(length + 2);
  return State::complete;
}

State read_reply(std::string_view& rest, int depth, Reply& reply);

State read_list(std::string_view& rest, int64_t size, int depth, Reply& reply) {
  if (size == -1) return State::complete;
  if (size < 0 || depth == ReplyReader::most_depth) return State::refused;
  reply.type = Reply::Type::list;
  for (int64_t i = 0; i < size; ++i)
    if (const State state = read_reply(rest, depth + 1, reply.list.emplace_back()); state != State::complete)
      return state;
  return State::complete;
}

State read_reply(std::string_view& rest, int depth, Reply& reply) {
  const auto line = take_line(rest);
  if (!line) return State::need_more;
  if (line->empty()) return State::refused;
  const auto value = line->substr(1);
  switch (line->front()) {
    case '+':
    case '-':
      reply.type = line->front() == '+' ? Reply::Type::text : Reply::Type::error;
      reply.text = value;
      return State::complete;
    default:
      break;
  }
  int64_t number = 0;
  if (!read_number(value, number)) return State::refused;
  switch (line->front()) {
    case ':':
      reply.type = Reply::Type::number;
      reply.number = number;
      return State::complete;
    case '$':
      return read_bulk(rest, number, reply);
    case '*':
      return read_list(rest, number, depth, reply);
    default:
      return State::refused;
  }
}

}  // namespace

std::string encode_command(std::span<const std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto word : words) {
    out += '$' + std::to_string(word.size()) + "\r\n";
    out += word;
    out += "\r\n";
  }
  return out;
}

void ReplyReader::feed(std::string_view bytes) { bytes_ += bytes; }

core::Result<std::optional<Reply>> ReplyReader::next() {
  std::string_view rest = bytes_;
  Reply reply;
  const State state = read_reply(rest, 0, reply);
  if (state == State::complete) {
    bytes_.erase(0, bytes_.size() - rest.size());
    return reply;
  }
  if (state == State::need_more && bytes_.size() <= most_bytes) return std::nullopt;
  return core::fail_because(core::Code::store_unavailable, "what answers does not speak the protocol of Redis");
}

}  // namespace cache
