#include <array>
#include <cstdio>

#include "app/command.h"
#include "cache/socket.h"
#include "devices/clean_text.h"

namespace app {
namespace {

using core::Result;

constexpr std::chrono::seconds limit{2};
constexpr size_t longest_answer = 16'384;

// Where this machine reaches a server that listens everywhere.
std::string reachable(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "::1" : address;
}

Result<std::string> ask(const http::Config& config) {
  const auto [address, port] = TRY(http::parse_listen(config.listen));
  const auto deadline = std::chrono::steady_clock::now() + limit;
  // The certificate is for the name that clients use, which is another than this address.
  const cache::Tls tls{.on = !config.tls_cert.empty(), .verify = false};
  auto socket = TRY(cache::Socket::open(reachable(address), std::to_string(port), tls, deadline));
  TRY(socket.write("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", deadline));
  std::string answer;
  std::array<char, 4096> room;
  while (answer.size() < longest_answer) {
    const auto count = socket.read(room, deadline);
    if (!count && answer.empty()) return std::unexpected(count.error());
    if (!count) break;
    answer.append(room.data(), *count);
  }
  return answer;
}

Result<> health(const Call& call) {
  const std::string answer = TRY(ask(call.config.http));
  if (!answer.starts_with("HTTP/1.1 200 ")) {
    const size_t body = answer.find("\r\n\r\n");
    return core::fail_because(core::Code::store_unavailable,
                              "not ready: " + devices::clean_text(answer.substr(body == answer.npos ? 0 : body), 1000));
  }
  std::printf("ready\n");
  return {};
}

}  // namespace

std::vector<Command> health_commands() {
  return {{"health", "", "Ask the server of these settings whether it is ready; exit 1 when not.", 0, 0, health}};
}

}  // namespace app
