#include "mail/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>

namespace mail {
namespace {

template <auto free_function>
struct Release {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Easy = std::unique_ptr<CURL, Release<curl_easy_cleanup>>;
using Url = std::unique_ptr<CURLU, Release<curl_url_cleanup>>;
using Mime = std::unique_ptr<curl_mime, Release<curl_mime_free>>;
using List = std::unique_ptr<curl_slist, Release<curl_slist_free_all>>;

void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) std::abort();
}

List list_of(const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const auto& line : lines) list = curl_slist_append(list, line.c_str());
  return List(list);
}

// A part of a URL; empty when it has none.
std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

// Quoted-printable keeps line ends only when they are CR LF.
std::string with_crlf(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\r') continue;
    if (c == '\n') out += '\r';
    out += c;
  }
  return out;
}

Mime mime_of(CURL* easy, const Message& message) {
  Mime mime(curl_mime_init(easy));
  const std::array<std::pair<const char*, const std::string*>, 2> parts{
      {{"text/plain; charset=utf-8", &message.text}, {"text/html; charset=utf-8", &message.html}}};
  for (const auto& [type, content] : parts) {
    curl_mimepart* item = curl_mime_addpart(mime.get());
    const std::string body = with_crlf(*content);
    curl_mime_data(item, body.data(), body.size());
    curl_mime_type(item, type);
    curl_mime_encoder(item, "quoted-printable");
  }
  return mime;
}

int stopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::stop_token*>(stop)->stop_requested();
}

// RFC 4954 section 6 and RFC 3207 section 4: these speak of signing in or of TLS, not of the letter; an operator mends
// them.
bool concerns_sign_in(long code) { return code == 530 || code == 534 || code == 535 || code == 538; }

Delivery delivery_of(CURLcode result, long code) {
  if (result == CURLE_OK) return {Delivery::Outcome::delivered};
  std::string why = curl_easy_strerror(result);
  if (code > 0) why += ", last reply " + std::to_string(code);
  constexpr std::array about_the_letter{CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_WEIRD_SERVER_REPLY,
                                        CURLE_REMOTE_ACCESS_DENIED, CURLE_UPLOAD_FAILED};
  const bool refused = code >= 500 && code < 600 && !concerns_sign_in(code) &&
                       std::ranges::find(about_the_letter, result) != about_the_letter.end();
  return {refused ? Delivery::Outcome::refused : Delivery::Outcome::retry, why};
}

core::Result<SmtpServer::Tls> tls_of(const std::string& scheme, const std::string& query, bool signs_in) {
  if (scheme == "smtps" && query.empty()) return SmtpServer::Tls::implicit;
  if (scheme != "smtp") return core::fail(core::Code::validation_failed, "must begin with smtp:// or smtps://");
  if (!query.empty() && query != "starttls=required")
    return core::fail(core::Code::validation_failed, "may only end in ?starttls=required");
  return signs_in || !query.empty() ? SmtpServer::Tls::required : SmtpServer::Tls::opportunistic;
}

}  // namespace

core::Result<SmtpServer> parse_smtp_url(const crypto::Secret& text) {
  const Url url(curl_url());
  const std::string given(text.expose());
  if (given.find('\0') != given.npos ||
      curl_url_set(url.get(), CURLUPART_URL, given.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return core::fail(core::Code::validation_failed, "is not a URL");
  SmtpServer server{.user = part(url.get(), CURLUPART_USER, CURLU_URLDECODE),
                    .password = crypto::Secret(part(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE))};
  server.tls = TRY(tls_of(part(url.get(), CURLUPART_SCHEME), part(url.get(), CURLUPART_QUERY), !server.user.empty()));
  for (const auto dropped : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT})
    curl_url_set(url.get(), dropped, nullptr, 0);
  server.url = part(url.get(), CURLUPART_URL);
  return server;
}

struct Smtp::Curl {
  Easy easy{curl_easy_init()};
};

core::Result<std::unique_ptr<Smtp>> Smtp::create(const Config& config, SmtpTimeouts timeouts) {
  start_curl();
  auto server = parse_smtp_url(config.smtp_url);
  if (!server) return core::fail(core::Code::validation_failed, "mail.smtp_url " + server.error().detail);
  auto from = parse_named_address(config.from);
  if (!from) return core::fail(core::Code::validation_failed, "mail.from must be an address, or Name <address>");
  return std::unique_ptr<Smtp>(new Smtp(std::move(*server), std::move(*from), config.smtp_ca_file, timeouts));
}

Smtp::Smtp(SmtpServer server, NamedAddress from, std::string ca_file, SmtpTimeouts timeouts)
    : server_(std::move(server)),
      from_(std::move(from)),
      ca_file_(std::move(ca_file)),
      timeouts_(timeouts),
      curl_(std::make_unique<Curl>()) {
  CURL* easy = curl_->easy.get();
  const auto set = [easy](auto option, auto value) {
    // An option that libcurl does not take must not be left out silently: certificates are among them.
    if (curl_easy_setopt(easy, option, value) != CURLE_OK) std::abort();
  };
  set(CURLOPT_URL, server_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");  // not what the environment says
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_USE_SSL,
      static_cast<long>(server_.tls == SmtpServer::Tls::opportunistic ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!ca_file_.empty()) set(CURLOPT_CAINFO, ca_file_.c_str());
  if (!server_.user.empty()) {
    set(CURLOPT_USERNAME, server_.user.c_str());
    set(CURLOPT_PASSWORD, std::string(server_.password.expose()).c_str());
  }
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(timeouts_.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeouts_.all.count()));
  set(CURLOPT_MAIL_FROM, from_.address.c_str());
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, stopped);
}

Smtp::~Smtp() = default;

Delivery Smtp::deliver(const Letter& letter, std::stop_token stop) {
  if (!deliverable(letter.message.to)) return {Delivery::Outcome::refused, "the address cannot stand in an envelope"};
  CURL* easy = curl_->easy.get();
  const List headers = list_of(header_lines(letter, from_)), recipients = list_of({letter.message.to});
  const Mime mime = mime_of(easy, letter.message);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(easy, CURLOPT_MIMEPOST, mime.get());
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &stop);
  const CURLcode result = curl_easy_perform(easy);
  long code = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  for (const auto option : {CURLOPT_HTTPHEADER, CURLOPT_MAIL_RCPT, CURLOPT_MIMEPOST, CURLOPT_XFERINFODATA})
    curl_easy_setopt(easy, option, static_cast<void*>(nullptr));
  return delivery_of(result, code);
}

}  // namespace mail
