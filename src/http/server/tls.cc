#include "http/server/tls.h"

#include <openssl/ssl.h>

#include "core/log.h"

namespace http {

namespace ssl = boost::asio::ssl;

Certificate::Certificate(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)), seen_(times()) {}

core::Result<std::unique_ptr<Certificate>> Certificate::create(std::string certificate_file, std::string key_file) {
  std::unique_ptr<Certificate> made(new Certificate(std::move(certificate_file), std::move(key_file)));
  made->context_ = TRY(made->load());
  return made;
}

core::Result<std::shared_ptr<Certificate::Context>> Certificate::load() const {
  auto context = std::make_shared<Context>(ssl::context::tls_server);
  context->set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 | Context::no_tlsv1 |
                       Context::no_tlsv1_1 | Context::no_compression);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  boost::system::error_code error;
  const auto refuse = [&](std::string_view setting, const std::string& file) {
    return core::fail(core::Code::validation_failed,
                      std::string(setting) + ": " + file + " cannot be used: " + error.message());
  };
  context->use_certificate_chain_file(certificate_file_, error);
  if (error) return refuse("http.tls_cert", certificate_file_);
  context->use_private_key_file(key_file_, Context::pem, error);
  if (error) return refuse("http.tls_key", key_file_);
  return context;
}

std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type> Certificate::times() const {
  std::error_code ignored;
  return {std::filesystem::last_write_time(certificate_file_, ignored),
          std::filesystem::last_write_time(key_file_, ignored)};
}

std::shared_ptr<Certificate::Context> Certificate::current() const {
  std::lock_guard lock(mutex_);
  return context_;
}

core::Result<> Certificate::reload() {
  auto loaded = load();
  if (!loaded) {
    core::log(core::Level::error, "new certificate refused, the old one stays", {{"cause", loaded.error().detail}});
    return std::unexpected(loaded.error());
  }
  std::lock_guard lock(mutex_);
  context_ = std::move(*loaded);
  core::log(core::Level::info, "certificate loaded", {{"file", certificate_file_}});
  return {};
}

void Certificate::reload_if_changed() {
  const auto found = times();
  {
    std::lock_guard lock(mutex_);
    if (found == seen_) return;
    seen_ = found;
  }
  // The error is logged; the next change of a file tries again.
  if (!reload()) return;
}

}  // namespace http
