// Owns: the settings of mail.
#pragma once
#include "crypto/settings.h"
#include "mail/rfc5322.h"

namespace mail {

struct Config {
  crypto::Secret smtp_url;
  std::string smtp_ca_file;
  std::string from = "Usher <no-reply@localhost>";
};

inline void declare(core::Settings& settings, Config& config) {
  settings.add("mail.smtp_url", config.smtp_url,
               "smtp://host:port (upgraded by STARTTLS when offered, always with ?starttls=required or a user) or "
               "smtps://user:pass@host. Without it mails stay in the development mailbox.");
  settings.add("mail.smtp_ca_file", config.smtp_ca_file,
               "Certificates (PEM) that the mail server is verified against; empty: the system's.");
  settings.add("mail.from", config.from, "Who mails come from: an address, or Name <address>.", {.min = 3, .max = 320});
}

inline core::Result<> check(const Config& config) {
  if (parse_named_address(config.from)) return {};
  return core::fail(core::Code::validation_failed, "mail.from must be an address, or Name <address>");
}

}  // namespace mail
