// Owns: delivering letters to a mail server (RFC 5321) over libcurl: TLS, sign-in, time-outs, MIME parts.
// Does not own: when to try again (mail_service.h).
// Thread rule: as Transport. The connection is kept between letters.
#pragma once
#include <memory>

#include "mail/mail_config.h"
#include "mail/rfc5322.h"
#include "mail/transport.h"

namespace mail {

// What mail.smtp_url says.
struct SmtpServer {
  enum class Tls {
    implicit,       // smtps: TLS from the first byte
    required,       // STARTTLS, or nothing is sent
    opportunistic,  // STARTTLS when the server offers it
  };
  std::string url;  // without user, password and query
  std::string user;
  crypto::Secret password;
  Tls tls = Tls::opportunistic;
};

// smtp://[user:password@]host[:port][?starttls=required] or smtps://…; user and password are %-decoded. With a user,
// TLS is required. Error: validation_failed, whose detail does not repeat the URL.
core::Result<SmtpServer> parse_smtp_url(const crypto::Secret& url);

struct SmtpTimeouts {
  core::Millis connect{10'000};
  core::Millis all{30'000};
};

class Smtp final : public Transport {
 public:
  // Error: validation_failed, a sentence for the operator. The server itself is not asked.
  static core::Result<std::unique_ptr<Smtp>> create(const Config& config, SmtpTimeouts timeouts = {});
  ~Smtp() override;

  Delivery deliver(const Letter& letter, std::stop_token stop) override;

 private:
  struct Curl;
  Smtp(SmtpServer server, NamedAddress from, std::string ca_file, SmtpTimeouts timeouts);

  const SmtpServer server_;
  const NamedAddress from_;
  const std::string ca_file_;
  const SmtpTimeouts timeouts_;
  std::unique_ptr<Curl> curl_;
};

}  // namespace mail
