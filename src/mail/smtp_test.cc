#include "mail/smtp.h"

#include <chrono>
#include <thread>

#include "mail/smtp_sink_for_test.h"
#include "mail/templates.h"

namespace mail {
namespace {

using core::Millis;
using Outcome = Delivery::Outcome;

Config config_of(const std::string& url, const std::string& ca_file = "") {
  return {.smtp_url = crypto::Secret(url), .smtp_ca_file = ca_file, .from = "Usher <no-reply@usher.test>"};
}

std::unique_ptr<Smtp> create(const Config& config, SmtpTimeouts timeouts = {}) {
  auto smtp = Smtp::create(config, timeouts);
  EXPECT_TRUE(smtp) << smtp.error().detail;
  return std::move(*smtp);
}

Letter letter_to(const std::string& to = "ann@example.org") {
  crypto::SystemRandom random;
  Letter letter{.id = random.id<LetterId>(core::SystemClock().now()),
                .message = verification_code({"https://usher.test"}, to, crypto::Secret(std::string("012345")),
                                             std::chrono::minutes(10)),
                .created_at = core::from_millis(1'769'860'800'000)};
  letter.message.subject = "Grüße, dies ist ein ziemlich langer Betreff, der gefaltet werden muss: 🦊 und noch mehr";
  return letter;
}

Outcome deliver(const Config& config, const Letter& letter = letter_to()) {
  return create(config)->deliver(letter, {}).outcome;
}

TEST(Smtp, DeliversBothPartsAndTheWholeHeader) {
  const SmtpSink sink;
  const Letter letter = letter_to("o'hara+x@example.org");
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + sink.port()), letter), Outcome::delivered);
  const auto mails = sink.events("mail");
  ASSERT_EQ(mails.size(), 1u);
  const auto& mail = mails[0];
  EXPECT_EQ(mail.at("mail_from").as_string(), "no-reply@usher.test");
  ASSERT_EQ(mail.at("rcpt_tos").as_array().size(), 1u);
  EXPECT_EQ(mail.at("rcpt_tos").as_array()[0].as_string(), "o'hara+x@example.org");
  EXPECT_EQ(mail.at("type").as_string(), "multipart/alternative");
  EXPECT_EQ(header_of(mail, "Subject"), letter.message.subject);
  EXPECT_EQ(header_of(mail, "From"), "Usher <no-reply@usher.test>");
  EXPECT_EQ(header_of(mail, "To"), "o'hara+x@example.org");
  EXPECT_EQ(header_of(mail, "Date"), "Sat, 31 Jan 2026 12:00:00 +0000");
  EXPECT_EQ(header_of(mail, "Message-ID"), "<" + letter.id.str() + "@usher.test>");
  EXPECT_EQ(header_of(mail, "Mime-Version"), "1.0");
  const auto& parts = mail.at("parts").as_array();
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].at("type").as_string(), "text/plain");
  EXPECT_EQ(parts[0].at("charset").as_string(), "utf-8");
  EXPECT_EQ(parts[0].at("text").as_string(), letter.message.text);
  EXPECT_EQ(parts[1].at("type").as_string(), "text/html");
  EXPECT_EQ(parts[1].at("text").as_string(), letter.message.html);
  EXPECT_LE(mail.at("longest_line").as_int64(), 100);
  EXPECT_EQ(mail.at("bare_line_ends").as_int64(), 0);
}

TEST(Smtp, LinesOfDotsArriveWhole) {
  const SmtpSink sink;
  Letter letter = letter_to();
  letter.message.text = ".\n..\n.hidden\nend — 密碼 🦊 = trailing \n";
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + sink.port()), letter), Outcome::delivered);
  EXPECT_EQ(sink.events("mail").at(0).at("parts").as_array()[0].at("text").as_string(), letter.message.text);
}

TEST(Smtp, AddressesOutsideAsciiAskForSmtputf8) {
  const SmtpSink sink;
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + sink.port()), letter_to("žofie@example.org")), Outcome::delivered);
  const auto mail = sink.events("mail").at(0);
  EXPECT_EQ(mail.at("rcpt_tos").as_array()[0].as_string(), "žofie@example.org");
  EXPECT_NE(boost::json::serialize(mail.at("mail_options")).find("SMTPUTF8"), std::string::npos);
}

TEST(Smtp, ManyLettersShareAConnection) {
  const SmtpSink sink;
  const auto smtp = create(config_of("smtp://localhost:" + sink.port()));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(smtp->deliver(letter_to("user" + std::to_string(i) + "@example.org"), {}).outcome, Outcome::delivered);
  const auto mails = sink.events("mail");
  ASSERT_EQ(mails.size(), 20u);
  for (size_t i = 0; i < mails.size(); ++i)
    EXPECT_EQ(mails[i].at("rcpt_tos").as_array()[0].as_string(), "user" + std::to_string(i) + "@example.org");
}

TEST(Smtp, InjectionIsRefusedBeforeAnythingIsSent) {
  const SmtpSink sink;
  const auto smtp = create(config_of("smtp://localhost:" + sink.port()));
  for (const char* to :
       {"a@example.org\r\nRCPT TO:<evil@example.org>", "a@example.org>\r\nDATA", "<a@example.org>", "a", ""})
    EXPECT_EQ(smtp->deliver(letter_to(to), {}).outcome, Outcome::refused) << to;
  Letter letter = letter_to();
  letter.message.subject = "x\r\nBcc: evil@example.org\r\n\r\nbody";
  EXPECT_EQ(smtp->deliver(letter, {}).outcome, Outcome::delivered);
  ASSERT_EQ(sink.events("rcpt").size(), 1u);
  EXPECT_EQ(header_of(sink.events("mail").at(0), "Bcc"), "");
  EXPECT_EQ(header_of(sink.events("mail").at(0), "Subject"), "x  Bcc: evil@example.org    body");
}

class SmtpTls : public testing::Test {
 protected:
  std::vector<std::string> server(const std::string& tls, const Certificate& certificate) {
    return {"--tls", tls, "--cert", certificate.cert, "--key", certificate.key};
  }
  std::vector<std::string> signing_in(std::vector<std::string> options) {
    options.insert(options.end(), {"--auth", "us er:p@ss:w"});
    return options;
  }
  static inline const Certificate good = create_certificate("localhost"), other = create_certificate("localhost"),
                                  wrong_name = create_certificate("elsewhere.example");
};

TEST_F(SmtpTls, UpgradesWhenItIsOffered) {
  const SmtpSink sink(server("starttls", good));
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + sink.port(), good.cert)), Outcome::delivered);
  EXPECT_TRUE(sink.events("mail").at(0).at("tls").as_bool());
}

TEST_F(SmtpTls, RequiredButNotOfferedSendsNothing) {
  const SmtpSink sink;
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + sink.port() + "?starttls=required")), Outcome::retry);
  EXPECT_TRUE(sink.events("rcpt").empty());
}

TEST_F(SmtpTls, CredentialsNeverTravelInTheClear) {
  const SmtpSink sink(signing_in({}));  // offers AUTH, but no TLS
  EXPECT_EQ(deliver(config_of("smtp://us%20er:p%40ss%3Aw@localhost:" + sink.port())), Outcome::retry);
  EXPECT_TRUE(sink.events("auth").empty());
  EXPECT_TRUE(sink.events("rcpt").empty());
}

TEST_F(SmtpTls, SignsInOverTls) {
  for (const std::string tls : {"starttls", "implicit"}) {
    const SmtpSink sink(signing_in(server(tls, good)));
    const std::string scheme = tls == "implicit" ? "smtps" : "smtp";
    EXPECT_EQ(deliver(config_of(scheme + "://us%20er:p%40ss%3Aw@localhost:" + sink.port(), good.cert)),
              Outcome::delivered);
    ASSERT_EQ(sink.events("auth").size(), 1u);
    EXPECT_TRUE(sink.events("auth")[0].at("tls").as_bool());
    EXPECT_TRUE(sink.events("mail").at(0).at("authenticated").as_bool());
  }
}

TEST_F(SmtpTls, AWrongPasswordIsTriedAgainLater) {
  const SmtpSink sink(signing_in(server("starttls", good)));
  EXPECT_EQ(deliver(config_of("smtp://us%20er:wrong@localhost:" + sink.port(), good.cert)), Outcome::retry);
  EXPECT_TRUE(sink.events("rcpt").empty());
}

TEST_F(SmtpTls, AnUntrustedCertificateSendsNothing) {
  for (const std::string tls : {"starttls", "implicit"}) {
    const SmtpSink sink(signing_in(server(tls, good)));
    const std::string scheme = tls == "implicit" ? "smtps" : "smtp";
    for (const std::string user : {"", "us%20er:p%40ss%3Aw@"})
      EXPECT_EQ(deliver(config_of(scheme + "://" + user + "localhost:" + sink.port(), other.cert)), Outcome::retry);
    EXPECT_TRUE(sink.events("auth").empty());
    EXPECT_TRUE(sink.events("rcpt").empty());
  }
}

TEST_F(SmtpTls, ACertificateOfAnotherNameSendsNothing) {
  const SmtpSink sink(server("starttls", wrong_name));
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + sink.port(), wrong_name.cert)), Outcome::retry);
  EXPECT_TRUE(sink.events("rcpt").empty());
}

TEST(SmtpReplies, FourHundredsAreTriedAgain) {
  const SmtpSink sink({"--rcpt-reply", "451 try later", "--data-reply", "452 full"});
  const auto smtp = create(config_of("smtp://localhost:" + sink.port()));
  EXPECT_EQ(smtp->deliver(letter_to(), {}).outcome, Outcome::retry);
  EXPECT_EQ(smtp->deliver(letter_to(), {}).outcome, Outcome::retry);
  EXPECT_EQ(smtp->deliver(letter_to(), {}).outcome, Outcome::delivered);
}

TEST(SmtpReplies, FiveHundredsAreFinal) {
  const SmtpSink sink({"--rcpt-reply", "550 nobody here", "--data-reply", "552 too large"});
  const auto smtp = create(config_of("smtp://localhost:" + sink.port()));
  const auto first = smtp->deliver(letter_to(), {}), second = smtp->deliver(letter_to(), {});
  EXPECT_EQ(first.outcome, Outcome::refused) << first.why;
  EXPECT_NE(first.why.find("550"), std::string::npos) << first.why;
  EXPECT_EQ(first.why.find("ann"), std::string::npos) << first.why;
  EXPECT_EQ(second.outcome, Outcome::refused) << second.why;
  EXPECT_EQ(smtp->deliver(letter_to(), {}).outcome, Outcome::delivered) << "the next letter is not affected";
}

TEST(SmtpReplies, NobodyThereIsTriedAgain) {
  std::string port;
  {
    port = SmtpSink().port();
  }
  EXPECT_EQ(deliver(config_of("smtp://localhost:" + port)), Outcome::retry);
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(SmtpTimeouts, ASilentServerIsLeft) {
  const SmtpSink sink({"--hang"});
  const auto smtp = create(config_of("smtp://localhost:" + sink.port()), {.connect = Millis(500), .all = Millis(500)});
  EXPECT_LT(seconds_of([&] { EXPECT_EQ(smtp->deliver(letter_to(), {}).outcome, Outcome::retry); }), 3);
}

TEST(SmtpTimeouts, AStopEndsADelivery) {
  const SmtpSink sink({"--hang"});
  const auto smtp = create(config_of("smtp://localhost:" + sink.port()));
  std::stop_source stop;
  const std::jthread later([&] {
    std::this_thread::sleep_for(Millis(300));
    stop.request_stop();
  });
  EXPECT_LT(seconds_of([&] { EXPECT_EQ(smtp->deliver(letter_to(), stop.get_token()).outcome, Outcome::retry); }), 5);
}

TEST(SmtpUrl, IsReadInItsParts) {
  const auto server = parse_smtp_url(crypto::Secret(std::string("smtps://us%40er:p%3Aw@mail.example.org:4650")));
  ASSERT_TRUE(server);
  EXPECT_EQ(server->url, "smtps://mail.example.org:4650/");
  EXPECT_EQ(server->user, "us@er");
  EXPECT_EQ(server->password.expose(), "p:w");
  EXPECT_EQ(server->tls, SmtpServer::Tls::implicit);
  const auto tls = [](const char* url) { return parse_smtp_url(crypto::Secret(std::string(url)))->tls; };
  EXPECT_EQ(tls("smtp://mail:25"), SmtpServer::Tls::opportunistic);
  EXPECT_EQ(tls("smtp://mail:25?starttls=required"), SmtpServer::Tls::required);
  EXPECT_EQ(tls("smtp://mail:25/?starttls=required"), SmtpServer::Tls::required);
  EXPECT_EQ(tls("smtp://user:pass@mail:25"), SmtpServer::Tls::required);
}

TEST(SmtpUrl, OthersAreRefusedWithoutRepeatingThem) {
  for (const char* url :
       {"", "mail", "http://mail", "file:///etc/passwd", "smtp://", "smtp://mail?starttls=no",
        "smtp://user:hunter2@mail?tls=off", "smtps://mail?starttls=required", "smtp://user:hunter2@mail:x"}) {
    const auto smtp = Smtp::create(config_of(url));
    ASSERT_FALSE(smtp) << url;
    EXPECT_EQ(smtp.error().detail.find("hunter2"), std::string::npos);
  }
  EXPECT_FALSE(Smtp::create({.smtp_url = crypto::Secret(std::string("smtp://mail")), .from = "nonsense"}));
}

}  // namespace
}  // namespace mail
