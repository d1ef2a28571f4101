#include "passwords/breaches.h"

#include <curl/curl.h>

#include <memory>

#include "core/log.h"
#include "crypto/digest.h"

namespace passwords {
namespace {

constexpr long connect_millis = 1500, all_millis = 3000;
constexpr size_t most_bytes = 1 << 20, prefix_digits = 5;
constexpr int most_at_once = 8;
constexpr auto rest = std::chrono::seconds(30);

core::Counter& counter(core::Metrics& metrics, std::string labels) {
  return metrics.counter("usher_breach_checks_total", "Whether the service of leaked passwords answered.",
                         std::move(labels));
}

size_t collect(const char* bytes, size_t one, size_t count, void* out) {
  auto& body = *static_cast<std::string*>(out);
  if (body.size() + count > most_bytes) return 0;
  body.append(bytes, count);
  return one * count;
}

// The body of a 200; anything else is a failure.
core::Result<std::string> fetch(const std::string& url) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  // Padding hides from who watches the line how many hashes begin so.
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
      curl_slist_append(nullptr, "Add-Padding: true"), curl_slist_free_all);
  if (started != CURLE_OK || !easy || !headers) return core::fail_because(core::Code::internal, "libcurl");
  std::string body;
  const auto set = [&easy](auto option, auto value) {
    if (curl_easy_setopt(easy.get(), option, value) != CURLE_OK) std::abort();
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "https,http");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");  // not what the environment says
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // do not wait for a name that is being looked up
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, connect_millis);
  set(CURLOPT_TIMEOUT_MS, all_millis);
  set(CURLOPT_USERAGENT, "Usher");
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_WRITEFUNCTION, collect);
  set(CURLOPT_WRITEDATA, &body);
  const CURLcode done = curl_easy_perform(easy.get());
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (done == CURLE_OK && status == 200) return body;
  return core::fail_because(core::Code::store_unavailable,
                            std::string(curl_easy_strerror(done)) + ", status " + std::to_string(status));
}

}  // namespace

Breaches::Breaches(const Config& config, core::Metrics& metrics)
    : url_(config.breach_url),
      answered_(counter(metrics, "outcome=\"answered\"")),
      failed_(counter(metrics, "outcome=\"failed\"")),
      unasked_(counter(metrics, "outcome=\"unasked\"")) {}

core::Result<> Breaches::check(const crypto::Secret& password, std::string_view field) {
  if (url_.empty()) return {};
  const crypto::Secret digest(crypto::sha1_hex(password.bytes()));
  const std::string_view digits = digest.expose();
  const auto lines = ask(digits.substr(0, prefix_digits));
  if (!lines || !range_holds(*lines, digits.substr(prefix_digits))) return {};
  return core::fail_field(std::string(field), "breached", "is known from a leak of passwords",
                          core::Code::password_rejected);
}

// A service that is slow must not take all workers, so whoever would be one too many passes.
std::optional<std::string> Breaches::ask(std::string_view prefix) {
  const bool too_many = asking_.fetch_add(1) >= most_at_once;
  const bool rests = std::chrono::steady_clock::now() < rest_until_.load();
  auto lines = too_many || rests ? core::Result<std::string>() : fetch(url_ + std::string(prefix));
  asking_.fetch_sub(1);
  if (too_many || rests) return unasked_.add(), std::nullopt;
  (lines ? answered_ : failed_).add();
  if (lines) return std::move(*lines);
  rest_until_ = std::chrono::steady_clock::now() + rest;
  core::log(core::Level::warn, "the service of leaked passwords cannot be asked", {{"cause", lines.error().cause}});
  return std::nullopt;
}

bool range_holds(std::string_view lines, std::string_view suffix) {
  for (size_t at = 0; at < lines.size();) {
    const size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string_view line = lines.substr(at, end - at);
    const size_t colon = line.find(':');
    if (line.substr(0, colon) == suffix)
      return colon != line.npos && line.substr(colon + 1, 2).find_first_not_of("0\r") != line.npos;
    at = end + 1;
  }
  return false;
}

}  // namespace passwords
