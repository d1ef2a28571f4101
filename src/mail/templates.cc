#include "mail/templates.h"

#include <algorithm>
#include <vector>

#include "core/text.h"
#include "core/utf8.h"

namespace mail {
namespace {

// One piece of a mail, shown in both parts.
struct Block {
  enum Kind { paragraph, code, facts, small, link } kind;
  std::string text;
  std::string url = {};  // of a link
};

constexpr std::string_view font = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

// Colours that are legible as they are and after a mail program inverted them; no image, script or remote font.
std::string html_of(const Block& block) {
  const std::string text = core::escape_html(block.text);
  switch (block.kind) {
    case Block::paragraph:
      return "<p style=\"margin:0 0 16px\">" + text + "</p>\n";
    case Block::code:
      return "<p style=\"margin:0 0 16px;padding:16px;text-align:center;border:1px solid #8a94a6;border-radius:8px;"
             "font:600 32px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:8px\">" +
             text + "</p>\n";
    case Block::facts:
      return "<p style=\"margin:0 0 16px;padding:4px 0 4px 16px;border-left:3px solid #4f7cff\">" + text + "</p>\n";
    case Block::link:
      return "<p style=\"margin:0 0 16px\"><a href=\"" + core::escape_html(block.url) + "\" style=\"color:#4f7cff\">" +
             text + "</a></p>\n";
    case Block::small:
      return "<p style=\"margin:0;font-size:14px;opacity:0.8\">" + text + "</p>\n";
  }
  return "";
}

std::string text_of(const Block& block) {
  if (block.kind == Block::link) return block.text + ":\n    " + block.url + "\n\n";
  return block.kind == Block::code || block.kind == Block::facts ? "    " + block.text + "\n\n" : block.text + "\n\n";
}

std::string html_document(const Letterhead& head, const std::string& subject, const std::vector<Block>& blocks) {
  const std::string title = core::escape_html(subject), url = core::escape_html(one_line(head.public_url, 2048));
  std::string html =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>" +
      title +
      "</title>\n</head>\n<body style=\"margin:0;padding:0\">\n"
      "<div role=\"article\" aria-label=\"" +
      title +
      "\" lang=\"en\" style=\"max-width:480px;margin:0 auto;"
      "padding:32px 20px;font-size:16px;line-height:1.5;" +
      std::string(font) +
      "\">\n"
      "<h1 style=\"margin:0 0 24px;font-size:22px;line-height:1.3\">" +
      title + "</h1>\n";
  for (const Block& block : blocks) html += html_of(block);
  return html +
         "<hr style=\"margin:24px 0 16px;border:0;border-top:1px solid #8a94a6\">\n"
         "<p style=\"margin:0;font-size:13px\">Sent by <a href=\"" +
         url + "\" style=\"color:#4f7cff\">" + url + "</a></p>\n</div>\n</body>\n</html>\n";
}

Message compose(const Letterhead& head, const std::string& to, std::string subject, const std::vector<Block>& blocks) {
  std::string text;
  for (const Block& block : blocks) text += text_of(block);
  text += "-- \nSent by " + one_line(head.public_url, 2048) + "\n";
  std::string html = html_document(head, subject, blocks);
  return {.to = to, .subject = std::move(subject), .text = std::move(text), .html = std::move(html)};
}

std::string minutes(core::Millis life) {
  const auto count = std::max<int64_t>(1, std::chrono::floor<std::chrono::minutes>(life).count());
  return std::to_string(count) + (count == 1 ? " minute" : " minutes");
}

// "2026-01-31 12:00 UTC"
std::string moment(core::Time time) {
  std::string text = core::iso8601(time).substr(0, 16);
  std::ranges::replace(text, 'T', ' ');
  return text + " UTC";
}

Message code_letter(const Letterhead& head, const std::string& to, std::string subject, std::string what,
                    const crypto::Secret& code, core::Millis life, std::string otherwise) {
  return compose(head, to, std::move(subject),
                 {{Block::paragraph, std::move(what)},
                  {Block::code, one_line(code.expose())},
                  {Block::paragraph, "It can be used once, within " + minutes(life) + ". Never tell it to anybody."},
                  {Block::small, std::move(otherwise)}});
}

// "Chrome on macOS, from 192.0.2.1, 2026-01-31 12:00 UTC"
std::string whereabouts(const std::string& device, const std::string& ip_address, core::Time at) {
  return one_line(device.empty() ? "a device" : device) + (ip_address.empty() ? "" : ", from " + one_line(ip_address)) +
         ", " + moment(at);
}

// Characters that end a line or turn its direction (Unicode categories Zl, Zp and the bidirectional controls).
bool disturbs(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

std::string one_line(std::string_view text, size_t longest) {
  std::string out;
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    if (count++ == longest) return out + "…";
    const size_t begin = at;
    const auto c = core::next_code_point(text, at);
    if (!c || disturbs(*c)) out += ' ';
    else out += text.substr(begin, at - begin);
  }
  return out;
}

Message verification_code(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                          core::Millis life) {
  return code_letter(head, to, "Confirm your e-mail address", "Enter this code to confirm your e-mail address:", code,
                     life, "If you did not register, ignore this mail: without the code nothing happens.");
}

Message already_registered(const Letterhead& head, const std::string& to) {
  return compose(head, to, "You already have an account",
                 {{Block::paragraph,
                   "Somebody, perhaps you, tried to register with this e-mail address. It already has "
                   "an account, so nothing was created or changed."},
                  {Block::paragraph, "If it was you: sign in as usual, or reset your password if you forgot it."},
                  {Block::small, "If it was not you, there is nothing to do."}});
}

Message password_reset_code(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                            core::Millis life) {
  return code_letter(head, to, "Reset your password", "Enter this code to choose a new password:", code, life,
                     "If you did not ask for it, ignore this mail: your password stays as it is.");
}

Message password_reset_demanded(const Letterhead& head, const std::string& to,
                                const std::optional<crypto::Secret>& code, core::Millis life) {
  const std::string subject = "Choose a new password",
                    what = "Your password opens nothing any more, and all your devices have been signed out.",
                    later = "Later, ask for a new code where you sign in, as if you had forgotten your password.";
  if (code) return code_letter(head, to, subject, what + " Enter this code to choose a new one:", *code, life, later);
  return compose(head, to, subject,
                 {{Block::paragraph, what + " Enter the code of the mail before this one to choose a new one."},
                  {Block::small, later}});
}

Message email_change_code_old(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                              core::Millis life) {
  return code_letter(
      head, to, "Confirm that your address changes",
      "Your account is to have another e-mail address. Enter this code, and the one that the new address got:", code,
      life, "If you did not ask for it, somebody knows your password: change it at once, and sign out all devices.");
}

Message email_change_code_new(const Letterhead& head, const std::string& to, const crypto::Secret& code,
                              core::Millis life) {
  return code_letter(head, to, "Confirm your new e-mail address",
                     "Enter this code, and the one that your old address got, to use this address for your account:",
                     code, life, "If you did not ask for it, ignore this mail: without the code nothing happens.");
}

Message email_in_use(const Letterhead& head, const std::string& to) {
  return compose(head, to, "Your address was asked for",
                 {{Block::paragraph,
                   "Somebody, perhaps you, tried to give this e-mail address to another account. It already has an "
                   "account, so nothing was changed."},
                  {Block::small, "If it was not you, there is nothing to do."}});
}

Message email_changed(const Letterhead& head, const std::string& to, core::Time at) {
  return compose(head, to, "The e-mail address of your account was changed",
                 {{Block::paragraph, "The account is signed in to, and written to, by its new address from now on:"},
                  {Block::facts, moment(at)},
                  {Block::paragraph, "If it was you, there is nothing to do."},
                  {Block::small, "If it was not you, ask those who run this service at once."}});
}

Message account_deletion_asked(const Letterhead& head, const std::string& to, core::Time end) {
  return compose(head, to, "Your account is going to be deleted",
                 {{Block::paragraph,
                   "All your devices have been signed out. The account, and all that it holds, is "
                   "deleted after:"},
                  {Block::facts, moment(end)},
                  {Block::paragraph, "To keep it, sign in before that time, and say that you want it back."},
                  {Block::small, "If it was not you, do that at once, and change your password."}});
}

Message account_deleted(const Letterhead& head, const std::string& to, core::Time at) {
  return compose(head, to, "Your account was deleted",
                 {{Block::paragraph, "The account of this address, and all that it held, was deleted:"},
                  {Block::facts, moment(at)},
                  {Block::small, "This is the last mail. The address may be registered anew."}});
}

Message step_up_code(const Letterhead& head, const std::string& to, const crypto::Secret& code, core::Millis life) {
  return code_letter(
      head, to, "Confirm that it is you", "Enter this code to go on:", code, life,
      "If you did not ask for it, somebody uses a device on which you are signed in: sign out all devices.");
}

Message sign_in_code(const Letterhead& head, const std::string& to, const crypto::Secret& code, core::Millis life) {
  return code_letter(head, to, "Confirm that it is you", "Enter this code to complete your sign-in:", code, life,
                     "If you are not signing in, somebody knows your password: reset it at once.");
}

Message roles_changed(const Letterhead& head, const std::string& to, const std::string& change, core::Time at) {
  return compose(head, to, "What you may do has changed",
                 {{Block::paragraph, "The roles of your account were changed:"},
                  {Block::facts, one_line(change) + "; " + moment(at)},
                  {Block::small, "If you did not expect it, ask those who run this service."}});
}

Message invitation(const Letterhead& head, const std::string& to, const crypto::Secret& token, const std::string& link,
                   core::Time until) {
  const std::string secret(token.expose());
  const auto way = link.empty() ? Block{Block::facts, secret} : Block{Block::link, "Accept", link + "#token=" + secret};
  return compose(head, to, "You are invited",
                 {{Block::paragraph, "You are invited to have an account:"},
                  way,
                  {Block::paragraph, "It can be accepted once, until " + moment(until) + "."},
                  {Block::small, "If you did not expect it, do nothing: no account is made."}});
}

Message impersonated(const Letterhead& head, const std::string& to, const std::string& reason, core::Time at) {
  return compose(
      head, to, "Somebody sees your account",
      {{Block::paragraph, "Somebody who runs this service looks at your account as you see it:"},
       {Block::facts, one_line(reason) + "; " + moment(at)},
       {Block::paragraph, "Nothing of your account can be changed that way. You may end it among your devices."},
       {Block::small, "If you did not expect it, ask those who run this service."}});
}

Message password_changed(const Letterhead& head, const std::string& to, core::Time at) {
  return compose(head, to, "Your password was changed",
                 {{Block::paragraph, "The password of your account was changed:"},
                  {Block::facts, moment(at)},
                  {Block::paragraph, "If it was you, sign in again on the devices where you are signed out now."},
                  {Block::small, "If it was not you, reset your password at once and look through your devices."}});
}

Message second_factor_added(const Letterhead& head, const std::string& to, core::Time at) {
  return compose(
      head, to, "An authenticator app was added",
      {{Block::paragraph, "From now on signing in to your account needs a code of an authenticator app:"},
       {Block::facts, moment(at)},
       {Block::paragraph, "If it was you, sign in again on the devices where you are signed out now."},
       {Block::small, "If it was not you, reset your password at once and ask those who run this service."}});
}

Message second_factor_removed(const Letterhead& head, const std::string& to, core::Time at) {
  return compose(head, to, "Your authenticator app was removed",
                 {{Block::paragraph, "It is not asked for any more when you sign in to your account:"},
                  {Block::facts, moment(at)},
                  {Block::paragraph, "If it was you, sign in again on the devices where you are signed out now."},
                  {Block::small, "If it was not you, reset your password at once and look through your devices."}});
}

Message passkey_added(const Letterhead& head, const std::string& to, const std::string& name, core::Time at) {
  return compose(head, to, "A passkey was added",
                 {{Block::paragraph, "From now on this passkey signs in to your account, without your password:"},
                  {Block::facts, one_line(name) + "; " + moment(at)},
                  {Block::paragraph, "If it was you, there is nothing to do."},
                  {Block::small,
                   "If it was not you, remove the passkey, sign out all devices and change your password at once."}});
}

Message passkey_removed(const Letterhead& head, const std::string& to, const std::string& name, core::Time at) {
  return compose(head, to, "A passkey was removed",
                 {{Block::paragraph, "This passkey does not sign in to your account any more:"},
                  {Block::facts, one_line(name) + "; " + moment(at)},
                  {Block::paragraph, "If it was you, sign in again on the devices where you are signed out now."},
                  {Block::small, "If it was not you, change your password at once and look through your passkeys."}});
}

Message recovery_code_used(const Letterhead& head, const std::string& to, int64_t left, core::Time at) {
  return compose(
      head, to, "A recovery code was used",
      {{Block::paragraph, "One of the recovery codes of your account was used in the place of your authenticator app:"},
       {Block::facts, moment(at) + "; " + std::to_string(left) + " are left"},
       {Block::paragraph, "If it was you, there is nothing to do."},
       {Block::small, "If it was not you, change your password at once and replace your recovery codes."}});
}

Message recovery_codes_replaced(const Letterhead& head, const std::string& to, core::Time at) {
  return compose(
      head, to, "Your recovery codes were replaced",
      {{Block::paragraph, "New recovery codes were made for your account; the old ones open nothing any more:"},
       {Block::facts, moment(at)},
       {Block::paragraph, "If it was you, there is nothing to do."},
       {Block::small, "If it was not you, change your password at once and replace your recovery codes."}});
}

Message unusual_sign_in(const Letterhead& head, const std::string& to, const UnusualSignIn& sign_in,
                        const crypto::Secret& token) {
  const std::string where = whereabouts(sign_in.device, sign_in.ip_address, sign_in.at);
  const std::string why = sign_in.signals.empty() ? "" : " What was unusual: " + one_line(sign_in.signals) + ".";
  const bool moved = sign_in.signals == "second_network";
  const std::string subject = moved                     ? "Your account is used in another network"
                              : sign_in.signals.empty() ? "A new device signed in"
                                                        : "An unusual sign-in";
  const std::string what = moved ? "A device that is signed in to your account is used in a network that is new:"
                                 : "Somebody signed in to your account:";
  return compose(
      head, to, subject,
      {{Block::paragraph, what},
       {Block::facts, where},
       {Block::paragraph, "If it was you, there is nothing to do." + why},
       {Block::link, "This was not me", head.public_url + "/auth/not-me?token=" + std::string(token.expose())},
       {Block::small,
        "The link shows a page on which you sign out all devices and choose a new password. Opening it "
        "changes nothing yet."}});
}

Message approval_asked(const Letterhead& head, const std::string& to, const std::string& device,
                       const std::string& ip_address, core::Time at) {
  return compose(
      head, to, "A new device waits for your approval",
      {{Block::paragraph, "Somebody who knows your password signs in to your account:"},
       {Block::facts, whereabouts(device, ip_address, at)},
       {Block::paragraph, "If it is you, enter the number that it shows on a device where you are signed in already."},
       {Block::small, "If it is not you, deny it there, and change your password."}});
}

Message session_ended_for_reuse(const Letterhead& head, const std::string& to, const std::string& device,
                                const std::string& ip_address, core::Time at) {
  const std::string where = whereabouts(device, ip_address, at);
  return compose(head, to, "A device was signed out for your safety",
                 {{Block::paragraph,
                   "A sign-in of your account was used from two places at once, as happens when it was "
                   "copied. It has been ended:"},
                  {Block::facts, where},
                  {Block::paragraph, "Sign in again on that device to go on using it."},
                  {Block::small, "If you do not know this device, change your password and sign out all devices."}});
}

}  // namespace mail
