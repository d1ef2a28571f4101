#include "app/command_line.h"

namespace app {

core::Result<std::unique_ptr<App>> open_app(const Call& call) { return App::create(call.config, Migrate::off); }

std::string counted(int64_t count, std::string_view what) {
  return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

core::Result<accounts::User> get_user(App& app, const std::string& text) {
  const auto email = accounts::Email::parse(text);
  if (!email) return core::fail(core::Code::validation_failed, text + " is not an e-mail address");
  auto user = TRY(app.accounts.find_by_email(email->key));
  if (!user || user->deleted_at) return core::fail(core::Code::not_found, "there is no user " + text);
  return std::move(*user);
}

}  // namespace app
