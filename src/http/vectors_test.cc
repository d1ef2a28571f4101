// Public collections of malformed messages. A request counts as served when it was answered as one, whatever the
// answer; a refusal is one of 400, 405, 413, 414, 431 and 501 together with the end of the connection.
#include <boost/json/parse.hpp>
#include <fstream>
#include <set>

#include <openssl/evp.h>

#include "http/test_site.h"
#include "http/text.h"

namespace http::test {
namespace {

namespace json = boost::json;

json::array load(const std::filesystem::path& file) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return json::parse(text).as_array();
}

std::string decode_base64(std::string_view text) {
  std::string out(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size) - (text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0));
  return out;
}

struct Outcome {
  int served = 0;
  bool refused = false, ended = false;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(std::string_view bytes, size_t piece) {
  Bench bench;
  Outcome out;
  for (const auto& reply : bench.feed(bytes, piece)) {
    const bool refusal =
        reply.header("Connection") == "close" && std::set{400, 405, 413, 414, 431, 501}.contains(reply.status);
    if (reply.status == 100) continue;
    refusal ? void(out.refused = true) : void(++out.served);
  }
  out.ended = bench.ended();
  return out;
}

// The same for whole and for single bytes.
Outcome outcome_of(std::string_view bytes) {
  const auto whole = outcome_of(bytes, 1 << 20), by_byte = outcome_of(bytes, 1);
  EXPECT_EQ(whole, by_byte);
  return whole;
}

// Most cases leave the Host out, which alone would refuse them: put one into every head that has none.
std::string with_host(std::string bytes) {
  constexpr std::string_view version = " HTTP/1.1\r\n";
  for (size_t at = bytes.find(version); at != std::string::npos; at = bytes.find(version, at + 1)) {
    const size_t end = std::min(bytes.find("\r\n\r\n", at), bytes.size());
    std::string head = bytes.substr(at, end - at);
    for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (head.find("\nhost:") != std::string::npos) continue;
    const auto target = std::string_view(bytes).substr(0, at);
    const size_t scheme = target.rfind("http://");
    std::string host = "a";
    if (scheme != std::string::npos && target.find(' ', scheme) == std::string::npos)
      host = target.substr(scheme + 7, target.find_first_of("/?", scheme + 7) - scheme - 7);
    bytes.insert(at + version.size(), "Host: " + host + "\r\n");
  }
  return bytes;
}

// Valid for llhttp, refused here on purpose.
const std::set<std::string_view> stricter = {
    "request/method.md:8",               // REPORT
    "request/method.md:139",             // M-SEARCH
    "request/method.md:221",             // PURGE
    "request/method.md:277",             // LINK
    "request/method.md:315",             // UNLINK
    "request/method.md:376",             // SOURCE with ICE/1.0
    "request/method.md:406",             // RTSP/1.0
    "request/transfer-encoding.md:755",  // deflate, chunked
    "request/transfer-encoding.md:797",  // the same in two fields
};

TEST(Vectors, LlhttpCases) {
  const auto folder = vectors("http-malformed");
  if (!folder) GTEST_SKIP() << "skipped: no vectors";
  int faulty = 0, lenient = 0, upgrades = 0, valid = 0, others = 0;
  for (const auto& value : load(*folder / "llhttp-cases.json")) {
    const auto& item = value.as_object();
    const std::string_view id = item.at("id").as_string(), kind = item.at("kind").as_string();
    const auto& meta = item.at("meta").as_object();
    const std::string_view type = meta.contains("type") ? std::string_view(meta.at("type").as_string()) : "";
    const std::string raw = decode_base64(std::string_view(item.at("bytes_b64").as_string()));
    const bool has_error = !item.at("llhttp_error").is_null();
    SCOPED_TRACE(std::string(id));
    if (kind == "url") {
      if (has_error) EXPECT_EQ(outcome_of("GET " + raw + " HTTP/1.1\r\nHost: hostname:443\r\n\r\n").served, 0);
      ++others;
      continue;
    }
    if (type.starts_with("response")) {  // an answer sent as a request
      EXPECT_EQ(outcome_of(raw), (Outcome{.served = 0, .refused = true, .ended = true}));
      ++others;
      continue;
    }
    const auto bare = outcome_of(raw), out = outcome_of(with_host(raw));
    EXPECT_LE(bare.served, out.served);
    if (item.at("paused_or_upgrade").as_bool()) {
      // Upgrade is ignored, and what follows would have to be another request.
      ++upgrades;
      EXPECT_LE(out.served, 1);
    } else if (has_error) {
      // Refused, or closed behind the one request before the fault, or still waiting for the rest of the first.
      ++faulty;
      EXPECT_TRUE((out.served == 0 && (out.refused || !out.ended)) || (out.served == 1 && out.ended)) << raw;
    } else if (type.starts_with("request-lenient")) {
      ++lenient;  // accepted by llhttp only when told to be lenient
      EXPECT_TRUE(out.refused && out.served <= 1) << raw;
    } else if (stricter.contains(id)) {
      ++valid;
      EXPECT_TRUE(out.refused && out.served == 0) << raw;
    } else {
      ++valid;
      EXPECT_FALSE(out.refused) << raw;
    }
  }
  std::printf("llhttp: %d faulty, %d lenient, %d upgrades, %d valid (%zu of them refused on purpose), %d others\n",
              faulty, lenient, upgrades, valid, stricter.size(), others);
}

TEST(Vectors, HttpGardenPayloads) {
  const auto folder = vectors("http-malformed");
  if (!folder) GTEST_SKIP() << "skipped: no vectors";
  int cases = 0, whole = 0;
  for (const auto& value : load(*folder / "http-garden-payloads.json")) {
    const auto& item = value.as_object();
    const std::string_view mistake = item.at("mistake").as_string();
    const std::string raw = decode_base64(std::string_view(item.at("bytes_b64").as_string()));
    SCOPED_TRACE(std::string(mistake));
    const auto out = outcome_of(raw);
    // Three payloads are whole requests that other servers got wrong.
    const bool is_valid =
        mistake.starts_with("Pipelined requests") || mistake.starts_with("Incoming chunked request bodies");
    ++cases;
    whole += is_valid;
    if (is_valid) EXPECT_EQ(out, (Outcome{.served = 1, .refused = false, .ended = false}));
    else EXPECT_EQ(out, (Outcome{.served = 0, .refused = true, .ended = true})) << raw;
    // The fault must not hide behind the missing Host.
    if (!is_valid) EXPECT_LE(outcome_of(with_host(raw)).served, 1) << raw;
  }
  std::printf("http-garden: %d payloads, %d of them valid\n", cases, whole);
}

}  // namespace
}  // namespace http::test
