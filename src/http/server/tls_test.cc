#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <fstream>

#include "http/test_site.h"

namespace http::test {
namespace {

namespace ssl = boost::asio::ssl;

// A directory with cert.pem and key.pem.
struct Files {
  std::filesystem::path folder;
  Files() {
    char name[] = "/tmp/usher-tls-XXXXXX";
    folder = mkdtemp(name);
    make("first.test");
  }
  ~Files() { std::filesystem::remove_all(folder); }
  std::string cert() const { return folder / "cert.pem"; }
  std::string key() const { return folder / "key.pem"; }
  void make(const std::string& name) const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name + " -keyout " +
        key() + " -out " + cert() + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
};

Config tls_config(const Files& files) {
  auto config = test_config();
  config.tls_cert = files.cert();
  config.tls_key = files.key();
  return config;
}

struct TlsReply {
  std::string name, text, version;
};

// One request with `Connection: close`; `text` is empty when the handshake failed.
TlsReply ask(uint16_t port, std::string_view bytes, ssl::context::method method = ssl::context::tls_client) {
  asio::io_context context;
  ssl::context tls(method);
  ssl::stream<asio::ip::tcp::socket> stream(context, tls);
  boost::system::error_code error;
  TlsReply reply;
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port}, error);
  stream.handshake(ssl::stream_base::client, error);
  if (error) return reply;
  reply.version = SSL_get_version(stream.native_handle());
  X509* certificate = SSL_get1_peer_certificate(stream.native_handle());
  char name[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  reply.name = name;
  asio::write(stream, asio::buffer(bytes), error);
  char data[4096];
  while (!error) {
    const size_t got = stream.read_some(asio::buffer(data), error);
    reply.text.append(data, got);
  }
  return reply;
}

std::string closing(std::string_view path) { return get(path, "Connection: close\r\n"); }

TEST(Tls, ServesFastAndWorkLane) {
  Files files;
  TestServer site(tls_config(files));
  const auto fast = ask(site.server->port(), closing("/fast"));
  EXPECT_EQ(fast.name, "first.test");
  EXPECT_TRUE(fast.text.ends_with(R"({"fast":true})"));
  EXPECT_NE(fast.text.find("Strict-Transport-Security"), std::string::npos);
  const auto mixed = ask(site.server->port(), get("/things/a") + get("/fast") + closing("/work"));
  EXPECT_NE(mixed.text.find("\r\n\r\naHTTP/1.1 200"), std::string::npos);
  EXPECT_TRUE(mixed.text.ends_with("worked"));
}

TEST(Tls, RefusesOldVersionsAndPlainHttp) {
  Files files;
  TestServer site(tls_config(files));
  EXPECT_EQ(ask(site.server->port(), closing("/fast"), ssl::context::tlsv12_client).version, "TLSv1.2");
  EXPECT_EQ(ask(site.server->port(), closing("/fast"), ssl::context::tlsv11_client).text, "");
  Client plain(site.server->port());
  EXPECT_EQ(plain.ask(get("/fast")).status, 0);
}

TEST(Tls, TakesOverANewCertificateAndKeepsTheOldOneWhenItIsBroken) {
  Files files;
  TestServer site(tls_config(files));
  files.make("second.test");
  ASSERT_TRUE(site.server->reload_certificate());
  EXPECT_EQ(ask(site.server->port(), closing("/fast")).name, "second.test");
  std::ofstream(files.cert()) << "broken";
  EXPECT_FALSE(site.server->reload_certificate());
  EXPECT_EQ(ask(site.server->port(), closing("/fast")).name, "second.test");
  files.make("third.test");
  for (int i = 0; i < 60 && ask(site.server->port(), closing("/fast")).name != "third.test"; ++i) usleep(100'000);
  EXPECT_EQ(ask(site.server->port(), closing("/fast")).name, "third.test");
}

TEST(Tls, ABadCertificateIsAnErrorWithASentence) {
  Files files;
  auto config = tls_config(files);
  core::Metrics metrics;
  core::SystemClock clock;
  TestGate gate;
  Hold hold;
  config.tls_cert = "/nowhere/cert.pem";
  const auto started = Server::start({config}, test_routes(hold), gate, metrics, clock);
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().detail.starts_with("http.tls_cert: /nowhere/cert.pem cannot be used"));
}

TEST(Tls, ASilentHandshakeTimesOut) {
  Files files;
  auto config = tls_config(files);
  config.header_timeout = core::Seconds(1);
  TestServer site(config);
  Client silent(site.server->port());
  EXPECT_TRUE(silent.closes_within(std::chrono::seconds(5)));
}

}  // namespace
}  // namespace http::test
