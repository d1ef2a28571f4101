#include "mail/mail_routes.h"

#include <arpa/inet.h>

#include <algorithm>

namespace mail {
namespace {

struct ShownMail {
  std::string to, subject, text, html;
  core::Time sent_at;
  static constexpr std::string_view name = "DevelopmentMail";
  static constexpr auto fields() {
    return std::tuple{core::field("to", &ShownMail::to, "The recipient."),
                      core::field("subject", &ShownMail::subject, "The subject."),
                      core::field("text", &ShownMail::text, "The plain part."),
                      core::field("html", &ShownMail::html, "The HTML part."),
                      core::field("sentAt", &ShownMail::sent_at, "When it was delivered.")};
  }
};

struct ShownMails {
  std::vector<ShownMail> messages;
  static constexpr std::string_view name = "DevelopmentMailbox";
  static constexpr auto fields() { return std::tuple{core::field("messages", &ShownMails::messages, "Newest first.")}; }
};

bool is_loopback(std::string_view client) {
  const std::string text(client.starts_with("::ffff:") ? client.substr(7) : client);
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

// An address holds no space: it was a '+' that the client did not encode.
std::optional<std::string> recipient(const http::Context& context) {
  auto to = context.query_value("to");
  if (to) std::ranges::replace(*to, ' ', '+');
  return to;
}

core::Result<ShownMails> show(const http::Context& context, const Mailbox& mailbox) {
  ShownMails out;
  for (auto& mail : mailbox.list(recipient(context)))
    out.messages.push_back({std::move(mail.message.to), std::move(mail.message.subject), std::move(mail.message.text),
                            std::move(mail.message.html), mail.sent_at});
  return out;
}

}  // namespace

std::vector<http::Route> routes(const Mailbox& mailbox, std::function<void()> settle) {
  return {http::route<http::NoBody, ShownMails>(
      {.method = http::Method::get,
       .path = "/dev/mailbox",
       .id = "listDevelopmentMails",
       .summary = "Mails of the development mailbox; on loopback only, and only while no mail server is set.",
       .guard = http::Guard::open(),
       .query = {{"to", "Only mails to this address."}},
       .errors = {core::Code::not_found}},
      [&mailbox, settle = std::move(settle)](http::Context& context) -> core::Result<ShownMails> {
        if (!is_loopback(context.request.client)) return core::fail(core::Code::not_found);
        settle();
        return show(context, mailbox);
      })};
}

}  // namespace mail
