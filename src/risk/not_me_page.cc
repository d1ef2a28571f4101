#include "risk/not_me_page.h"

#include "core/text.h"
#include "crypto/base64url.h"
#include "crypto/digest.h"
#include "mail/templates.h"

namespace risk {
namespace {

const std::string style =
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;"
    "padding:0 1.25rem}h1{font-size:1.4rem}.facts{padding:.25rem 0 .25rem 1rem;border-left:3px solid #4f7cff}"
    "button{font:inherit;font-weight:600;padding:.7rem 1.2rem;border:0;border-radius:8px;color:#fff;background:#b3261e;"
    "cursor:pointer}";

std::string page(std::string_view title, const std::string& content) {
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>" +
         std::string(title) + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<main>\n<h1>" +
         std::string(title) + "</h1>\n" + content + "</main>\n</body>\n</html>\n";
}

}  // namespace

std::string ask_page(const Notice& notice, const std::string& token) {
  std::string where = core::escape_html(mail::one_line(notice.device.empty() ? "A device" : notice.device));
  if (!notice.ip_address.empty()) where += ", from " + core::escape_html(mail::one_line(notice.ip_address));
  return page("Was this not you?",
              "<p>This device signed in to your account:</p>\n<p class=\"facts\">" + where + "<br><time>" +
                  core::iso8601(notice.at) +
                  "</time></p>\n<p>If it was not you, all your devices are signed out, your password stops working, "
                  "and a code to choose a new one is mailed to you.</p>\n<form method=\"post\" action=\"?token=" +
                  core::escape_html(token) +
                  "\"><button>It was not me: secure my account</button></form>\n<p>If it was you, close this page: "
                  "nothing has changed.</p>\n");
}

std::string done_page() {
  return page("Your account is secured",
              "<p>All devices have been signed out, and your password opens nothing any more.</p>\n<p>A code to choose "
              "a new password with is on its way to your e-mail address.</p>\n");
}

std::string dead_link_page() {
  return page(
      "This link does not work any more",
      "<p>It was used before, or it is too old. To secure your account, reset your password: that signs out all "
      "devices.</p>\n");
}

std::string page_content_security_policy() {
  return "default-src 'none'; style-src 'sha256-" + crypto::base64url_encode(crypto::sha256(crypto::as_bytes(style))) +
         "='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
}

}  // namespace risk
