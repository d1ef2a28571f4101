#include <algorithm>
#include <charconv>
#include <cstdio>

#include "admin/event_json.h"
#include "app/command_line.h"
#include "audit/verifier.h"
#include "crypto/base64url.h"

namespace app {
namespace {

using core::Result;

std::unexpected<core::Error> bad(std::string sentence) {
  return core::fail(core::Code::validation_failed, std::move(sentence));
}

// "12:9f…", as verify prints it.
std::optional<std::pair<int64_t, crypto::Digest256>> parse_head(const std::string& text) {
  const size_t colon = text.find(':');
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + std::min(colon, text.size()), number);
  if (colon == std::string::npos || error != std::errc{} || end != text.data() + colon || number < 1) return {};
  const auto bytes = crypto::hex_decode(std::string_view(text).substr(colon + 1));
  crypto::Digest256 head{};
  if (!bytes || bytes->size() != head.size()) return {};
  std::ranges::copy(*bytes, head.begin());
  return std::pair(number, head);
}

void print(const audit::Report& report) {
  for (const auto& finding : report.findings) std::printf("%s\n", finding.c_str());
  std::printf("%ld events in %ld seals, %ld not sealed yet\n", static_cast<long>(report.events),
              static_cast<long>(report.seals), static_cast<long>(report.unsealed));
  if (report.late > 0)
    std::printf("%ld seals were made over 15 minutes after what they hold, as when no server ran\n",
                static_cast<long>(report.late));
  if (report.last.number > 0)
    std::printf("head %ld:%s\n", static_cast<long>(report.last.number), crypto::hex_encode(report.last.head).c_str());
}

Result<> verify(const Call& call) {
  std::optional<std::pair<int64_t, crypto::Digest256>> noted;
  if (!call.words.empty() && !(noted = parse_head(call.words[0])))
    return bad(call.words[0] + " is no head as `usher audit verify` prints it");
  const auto app = TRY(open_app(call));
  const auto report = TRY(app->database->reading(
      [&](core::Tx& tx) { return audit::Verifier(*app->seal_rows, app->head_key.verify_key()).run(tx, noted); }));
  print(report);
  if (report.findings.empty()) return {};
  return core::fail(core::Code::conflict, "the record of events is not what was sealed");
}

// Events, then seals, one JSON object each: with the key all that others need to verify them.
Result<> write_events(App& app, core::Tx& tx) {
  core::Uuid after{};
  for (;;) {
    const auto records = TRY(app.seal_rows->events(tx, after, 1000));
    if (records.empty()) return {};
    for (const auto& record : records) std::printf("{\"event\":%s}\n", core::encode(admin::to_json(record)).c_str());
    after = records.back().id;
  }
}

void print(const audit::Seal& seal) {
  std::string leaves;
  for (const auto& leaf : seal.leaves)
    leaves += (leaves.empty() ? "[\"" : ",[\"") + leaf.event.str() + "\",\"" + crypto::hex_encode(leaf.digest) + "\"]";
  std::printf(R"({"seal":{"number":%ld,"at":"%s","before":"%s","head":"%s","leaves":[%s],"signature":"%s"}})"
              "\n",
              static_cast<long>(seal.number), core::iso8601(seal.at).c_str(), crypto::hex_encode(seal.before).c_str(),
              crypto::hex_encode(seal.head).c_str(), leaves.c_str(), crypto::base64url_encode(seal.signature).c_str());
}

Result<> write_seals(App& app, core::Tx& tx) {
  int64_t number = 0;
  for (;;) {
    const auto seals = TRY(app.seal_rows->list(tx, number, 100));
    if (seals.empty()) return {};
    for (const auto& seal : seals) print(seal);
    number = seals.back().number;
  }
}

Result<> export_all(const Call& call) {
  const auto app = TRY(open_app(call));
  return app->database->reading([&](core::Tx& tx) -> Result<> {
    std::printf("{\"key\":%s}\n", app->head_key.public_jwk().c_str());
    TRY(write_events(*app, tx));
    return write_seals(*app, tx);
  });
}

// Each word is NAME=VALUE.
struct Term {
  std::string_view name;
  Result<> (*read)(const std::string& value, App& app, audit::Filter& filter);
};

template <auto Member>
Result<> read_text(const std::string& value, App&, audit::Filter& filter) {
  filter.*Member = value;
  return {};
}
template <auto Member>
Result<> read_time(const std::string& value, App&, audit::Filter& filter) {
  const auto time = core::parse_iso8601(value);
  if (!time) return bad(value + " is not a time such as 2026-01-31T12:00:00Z");
  filter.*Member = crypto::least_uuid7(*time);
  return {};
}
// An id, or where the user is known by his address.
template <auto Member>
Result<> read_user(const std::string& value, App& app, audit::Filter& filter) {
  const auto id = core::Uuid::parse(value);
  filter.*Member = id ? *id : TRY(get_user(app, value)).id.value;
  return {};
}
Result<> read_session(const std::string& value, App&, audit::Filter& filter) {
  if (!(filter.session = core::Uuid::parse(value))) return bad(value + " is not a session id");
  return {};
}

constexpr Term terms[] = {{"subject", read_user<&audit::Filter::subject>},
                          {"actor", read_user<&audit::Filter::actor>},
                          {"session", read_session},
                          {"action", read_text<&audit::Filter::action>},
                          {"address", read_text<&audit::Filter::ip_address>},
                          {"from", read_time<&audit::Filter::from>},
                          {"to", read_time<&audit::Filter::before>}};

Result<> read_word(const std::string& word, App& app, audit::Filter& filter) {
  for (const Term& term : terms)
    if (word.starts_with(std::string(term.name) + '='))
      return term.read(word.substr(term.name.size() + 1), app, filter);
  return bad(word + " is not one of subject=, actor=, session=, action=, address=, from=, to=");
}

// Everything that passes, newest first, as lines of JSON.
Result<> search(const Call& call) {
  const auto app = TRY(open_app(call));
  audit::Filter filter{.limit = 1000};
  for (const auto& word : call.words) TRY(read_word(word, *app, filter));
  for (;;) {
    const auto page = TRY(app->database->reading([&](core::Tx& tx) { return app->audit->list(tx, filter); }));
    for (const auto& record : page.records) std::printf("%s\n", core::encode(admin::to_json(record)).c_str());
    if (!page.next) return {};
    filter.before = page.next;
  }
}

}  // namespace

std::vector<Command> audit_commands() {
  return {{"audit verify", "[HEAD]", "Name each event that was changed, dropped or added since it was sealed.", 0, 1,
           verify},
          {"audit search", "[NAME=VALUE …]", "Events by subject, actor, session, action, address, from and to.", 0,
           std::size(terms), search},
          {"audit export", "> FILE", "Events, seals and the key that signs them, as lines of JSON.", 0, 0, export_all}};
}

}  // namespace app
