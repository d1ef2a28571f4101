#include "http/http_config.h"

#include <charconv>

#include "http/address.h"
#include "http/cors.h"

namespace http {
namespace {

using core::Code;
using core::fail;

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(port) : std::nullopt;
}

core::Result<> fail_setting(std::string_view name, std::string_view value, std::string_view sentence) {
  return fail(Code::validation_failed, std::string(name) + ": \"" + std::string(value) + "\" " + std::string(sentence));
}

}  // namespace

void declare(core::Settings& settings, Config& config) {
  using Rule = core::SettingRule;
  settings.add("http.listen", config.listen, "Address and port of the HTTP server; a bare port means 127.0.0.1.",
               Rule{.min = 1, .max = 300, .also_from = {"PORT"}});
  settings.add("http.threads", config.threads, "Threads that read and write; 0 is one for each core.",
               Rule{.max = 256});
  settings.add("http.workers", config.workers, "Threads that run requests which ask the store.",
               Rule{.min = 1, .max = 1024});
  settings.add("http.queue", config.queue, "Requests that may wait for a worker; further ones are answered 503.",
               Rule{.min = 1, .max = 1'000'000});
  settings.add("http.max_connections", config.max_connections, "Open connections; further ones are closed at once.",
               Rule{.min = 1, .max = 1'000'000});
  settings.add("http.trusted_proxies", config.trusted_proxies,
               "Addresses or networks (CIDR) of proxies whose X-Forwarded-For and X-Request-Id are believed.");
  settings.add("http.cors_origins", config.cors_origins,
               "Origins whose pages may call this server, exactly as a browser sends them (https://app.example.com).");
  settings.add("http.public_url", config.public_url,
               "The URL under which clients reach this server; links use only this.");
  settings.add("http.tls_cert", config.tls_cert,
               "PEM file of the certificate chain; with http.tls_key it turns TLS on.");
  settings.add("http.tls_key", config.tls_key, "PEM file of the certificate's private key.");
  settings.add("http.header_timeout", config.header_timeout, "A request's head must have arrived within this time.",
               Rule{.min = 1, .max = 3600});
  settings.add("http.body_timeout", config.body_timeout, "A request's body must have arrived within this time.",
               Rule{.min = 1, .max = 3600});
  settings.add("http.write_timeout", config.write_timeout, "An answer must have been taken within this time.",
               Rule{.min = 1, .max = 3600});
  settings.add("http.idle_timeout", config.idle_timeout, "A connection without a request is closed after this time.",
               Rule{.min = 1, .max = 86'400});
  settings.add(
      "http.drain_time", config.drain_time,
      "At a stop, requests are served for this long yet while /health/serving says no: until load balancers have "
      "turned away.",
      Rule{.max = 600});
  settings.add("http.stop_timeout", config.stop_timeout, "At a stop, requests in flight may take this long.",
               Rule{.min = 1, .max = 600});
}

core::Result<Listen> parse_listen(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto port = parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port)
    return fail(Code::validation_failed, "http.listen: \"" + std::string(text) + "\" does not end with a port");
  if (colon == std::string_view::npos) return Listen{"127.0.0.1", *port};
  std::string host(text.substr(0, colon));
  if (host.empty() || host == "*") host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (!Address::parse(host))
    return fail(Code::validation_failed,
                "http.listen: \"" + host + "\" is not an IP address; write 127.0.0.1:3000 or [::1]:3000");
  return Listen{host, *port};
}

std::string public_url(const Config& config) {
  std::string url = config.public_url;
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  const auto listen = parse_listen(config.listen);
  if (!listen) return "";
  const std::string host = listen->address == "0.0.0.0" || listen->address == "::" ? "localhost" : listen->address;
  const bool six = host.find(':') != std::string::npos;
  return std::string(config.tls_cert.empty() ? "http://" : "https://") + (six ? "[" + host + "]" : host) + ':' +
         std::to_string(listen->port);
}

core::Result<> check(const Config& config) {
  TRY(parse_listen(config.listen));
  for (const auto& text : config.trusted_proxies)
    if (!Network::parse(text))
      return fail_setting("http.trusted_proxies", text, "is not an address or a network such as 10.0.0.0/8");
  for (const auto& text : config.cors_origins)
    if (!is_origin(text))
      return fail_setting("http.cors_origins", text, "is not an origin such as https://app.example.com");
  const auto& url = config.public_url;
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://"))
    return fail_setting("http.public_url", url, "does not start with https:// or http://");
  if (config.tls_cert.empty() != config.tls_key.empty())
    return fail(Code::validation_failed, "http.tls_cert and http.tls_key belong together: only one of them is set");
  return {};
}

}  // namespace http
