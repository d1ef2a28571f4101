#include "app/serve.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>

#include "app/maintenance.h"
#include "app/notify.h"
#include "app/routes.h"
#include "app/store.h"
#include "http/server/server.h"
#include "login/gate.h"
#include "mail/smtp.h"
#include "storage/data_directory.h"

namespace app {
namespace {

// Blocked in every thread, so that wait_for_end() alone sees them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

void wait_for_end(const sigset_t& signals, http::Server& server) {
  for (;;) {
    int received = 0;
    sigwait(&signals, &received);
    if (received != SIGHUP) return;
    notify("RELOADING=1");
    if (const auto reloaded = server.reload_certificate(); !reloaded)
      core::log(core::Level::error, "the certificate was not reloaded", {{"detail", reloaded.error().detail}});
    notify("READY=1");
  }
}

// A second signal does not wait.
void drain(App& app, sigset_t signals) {
  app.draining = true;
  sigdelset(&signals, SIGHUP);
  const timespec limit{app.config.http.drain_time.count(), 0};
  sigtimedwait(&signals, nullptr, &limit);
}

// What a shell can run, wherever the binary lies.
std::string own_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "usher" : path.string();
}

// What a command needs to find the same store from another directory. What was given in the environment is not shown.
std::string same_store(const Config& config) {
  const std::string file = config.file.empty() ? "" : " --config=" + config.file;
  if (config.uses_postgres()) return file.empty() ? "   (with the settings of this server)" : file;
  return file + " --data.dir=" + std::filesystem::absolute(config.store.data_dir).string();
}

void greet(const Config& config, uint16_t port) {
  const bool tls = !config.http.tls_cert.empty();
  const std::string listen = config.http.listen;
  const std::string host = listen.find(':') == std::string::npos ? "127.0.0.1" : listen.substr(0, listen.rfind(':'));
  const std::string url = (tls ? "https://" : "http://") + (host.empty() || host == "0.0.0.0" ? "127.0.0.1" : host) +
                          ':' + std::to_string(port);
  std::printf(
      "Usher listens on %s\n"
      "Make an account:\n"
      "  curl %s/auth/register -H 'Content-Type: application/json' -d "
      "'{\"email\":\"ada@example.org\",\"password\":\"correct-horse-battery-7\","
      "\"firstName\":\"Ada\",\"lastName\":\"Lovelace\",\"accountType\":\"INDIVIDUAL\"}'\n"
      "Read its code:        %s\n"
      "Make the first admin: %s user grant ada@example.org super_admin%s\n"
      "API reference:        %s/docs\n",
      url.c_str(), url.c_str(),
      config.mail.smtp_url.empty() ? ("curl '" + url + "/dev/mailbox?to=ada@example.org'").c_str() : "in the mail",
      own_path().c_str(), same_store(config).c_str(), url.c_str());
  std::fflush(stdout);
}

// They mean nothing until such a role is created, which may be what is wanted; a misspelt one would go unseen.
core::Result<> warn_of_unknown_roles(App& app) {
  std::set<std::string, std::less<>> known;
  for (const auto& view : TRY(app.access.list())) known.insert(view.role.name);
  const auto warn = [&](std::string_view setting, const std::string& role) {
    if (!known.contains(role))
      core::log(core::Level::warn, "a setting names a role that does not exist",
                {{"setting", setting}, {"role", role}});
  };
  for (const auto& role : app.config.mfa.required_roles) warn("mfa.required_roles", role);
  for (const auto& role : app.config.mfa.phishing_resistant_roles) warn("mfa.phishing_resistant_roles", role);
  for (const auto& [role, _] : app.config.sessions.role_idle_timeouts) warn("sessions.role_idle_timeouts", role);
  for (const auto& [role, _] : app.config.sessions.role_absolute_timeouts)
    warn("sessions.role_absolute_timeouts", role);
  return {};
}

// What still waits then for a store that does not answer is left undone: to its client it looks like a crash.
void end_by_force_after(core::Millis limit) {
  std::thread([limit] {
    std::this_thread::sleep_for(limit);
    core::log(core::Level::error, "stopped without waiting for what is still running");
    _exit(0);
  }).detach();
}

core::Result<std::unique_ptr<mail::Transport>> create_transport(const Config& config, const core::Clock& clock) {
  if (config.mail.smtp_url.empty()) return std::make_unique<mail::Mailbox>(clock);
  return TRY(mail::Smtp::create(config.mail));
}

core::Result<std::unique_ptr<http::Server>> serve_metrics(App& app, http::Gate& gate) {
  if (app.config.metrics_listen.empty()) return nullptr;
  http::Config http{.listen = app.config.metrics_listen, .threads = 1, .workers = 2};
  std::vector<http::Route> routes;
  routes.push_back(metrics_route(app, MetricsFor::everybody));
  return http::Server::start({http}, std::move(routes), gate, app.own_metrics, app.clock);
}

}  // namespace

core::Result<> serve(const Config& config) {
  const sigset_t signals = block_signals();
  std::optional<storage::DirectoryLock> lock;
  if (!config.uses_postgres()) lock.emplace(TRY(storage::lock_directory(config.store.data_dir)));
  const auto app = TRY(App::create(config, config.store.migrate, Role::server));
  TRY(app->keys.adopt_algorithm());
  TRY(app->keys.reload());
  TRY(warn_of_unknown_roles(*app));
  TRY(app->feed.start());
  const auto transport = TRY(create_transport(config, app->clock));
  mail::Sender sender(app->mail, *transport, app->clock);
  const Maintenance maintenance(*app);
  login::Gate gate(app->checker, app->step_up);
  const auto server = TRY(http::Server::start({config.http, &app->limiter},
                                              all_routes(*app, dynamic_cast<mail::Mailbox*>(transport.get()), &sender),
                                              gate, *app->metrics, app->clock));
  // Behind the last part that adds a metric: a scrape must not meet one.
  const auto metrics_server = TRY(serve_metrics(*app, gate));
  greet(config, server->port());
  core::log(core::Level::info, "serving", {{"listen", config.http.listen}, {"port", server->port()}});
  notify("READY=1");
  wait_for_end(signals, *server);
  notify("STOPPING=1");
  core::log(core::Level::info, "stopping");
  drain(*app, signals);
  end_by_force_after(config.http.stop_timeout + core::Millis(1500));
  server->stop();
  app->feed.stop();
  return {};
}

}  // namespace app
