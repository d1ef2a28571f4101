// Owns: the server's certificate: loading it, and taking over a new one while running.
// Does not own: connections; one keeps the certificate that it began with.
// Thread rule: safe from any thread.
#pragma once
#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <mutex>

#include "core/result.h"

namespace http {

class Certificate {
 public:
  using Context = boost::asio::ssl::context;
  // Errors: validation_failed with a sentence that names the file.
  static core::Result<std::unique_ptr<Certificate>> create(std::string certificate_file, std::string key_file);

  std::shared_ptr<Context> current() const;
  // Reads both files again. On an error the certificate in use stays, and a line is logged.
  core::Result<> reload();
  // reload() when one of the files has changed since the last look.
  void reload_if_changed();

 private:
  Certificate(std::string certificate_file, std::string key_file);
  core::Result<std::shared_ptr<Context>> load() const;
  std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type> times() const;

  const std::string certificate_file_, key_file_;
  mutable std::mutex mutex_;
  std::shared_ptr<Context> context_;
  std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type> seen_;
};

}  // namespace http
