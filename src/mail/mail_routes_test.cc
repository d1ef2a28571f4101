#include "mail/mail_routes.h"

#include "core/json.h"
#include "mail/mail_worlds_for_test.h"
#include "mail/sender.h"

namespace mail {
namespace {

class DevelopmentMailbox : public testing::Test {
 protected:
  void arrive(const std::string& to, const std::string& text = "code 012345") {
    mailbox_.deliver({.message = {.to = to, .subject = "Hello", .text = text, .html = "<p>x</p>"}}, {});
    clock_.advance(core::Millis(1000));
  }
  core::Result<http::Response> get(std::string_view query, std::string_view client = "127.0.0.1") {
    const http::Request request{.path = "/dev/mailbox", .query = query, .client = client};
    http::Context context{.request = request, .caller = {}};
    return routes_.at(0).handle(context);
  }
  boost::json::array messages(std::string_view query) {
    const auto response = get(query);
    EXPECT_TRUE(response);
    return core::parse_json(response->body)->at("messages").as_array();
  }
  core::FakeClock clock_;
  Mailbox mailbox_{clock_};
  int settled_ = 0;
  std::vector<http::Route> routes_ = routes(mailbox_, [this] { ++settled_; });
};

TEST_F(DevelopmentMailbox, ShowsTheNewestFirst) {
  arrive("ann@example.org", "first");
  arrive("bob@example.org", "second");
  arrive("ann@example.org", "third");
  ASSERT_EQ(messages("").size(), 3u);
  const auto anns = messages("to=ann%40example.org");
  ASSERT_EQ(anns.size(), 2u);
  EXPECT_EQ(anns[0].at("text").as_string(), "third");
  EXPECT_EQ(anns[0].at("to").as_string(), "ann@example.org");
  EXPECT_EQ(anns[0].at("subject").as_string(), "Hello");
  EXPECT_EQ(anns[0].at("html").as_string(), "<p>x</p>");
  EXPECT_EQ(anns[0].at("sentAt").as_string(), core::iso8601(clock_.now() - core::Millis(1000)));
  EXPECT_EQ(anns[1].at("text").as_string(), "first");
  EXPECT_EQ(settled_, 2);
}

TEST_F(DevelopmentMailbox, FindsAddressesAsPeopleTypeThem) {
  arrive("Ann+test@example.org");
  for (const char* query : {"to=Ann%2Btest@example.org", "to=Ann+test@example.org", "to=ann%2btest%40EXAMPLE.org"})
    EXPECT_EQ(messages(query).size(), 1u) << query;
  EXPECT_TRUE(messages("to=nn").empty());
  EXPECT_TRUE(messages("to=").empty());
}

TEST_F(DevelopmentMailbox, IsThereOnLoopbackOnly) {
  for (const char* client : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(get("", client)) << client;
  for (const char* client :
       {"", "10.0.0.1", "128.0.0.1", "::2", "::ffff:10.0.0.1", "127.0.0.1.evil", "localhost", "fe80::1"}) {
    const auto refused = get("", client);
    ASSERT_FALSE(refused) << client;
    EXPECT_EQ(refused.error().code, core::Code::not_found);
  }
}

TEST_F(DevelopmentMailbox, IsBounded) {
  for (size_t i = 0; i < Mailbox::capacity + 10; ++i) arrive("ann@example.org", std::to_string(i));
  const auto kept = messages("");
  ASSERT_EQ(kept.size(), Mailbox::capacity);
  EXPECT_EQ(kept[0].at("text").as_string(), std::to_string(Mailbox::capacity + 9));
}

TEST_F(DevelopmentMailbox, IsLoggedInOneLineWithoutTheCode) {
  testing::internal::CaptureStderr();
  arrive("ann@example.org", "code 012345");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), 1);
  EXPECT_NE(log.find("ann@example.org"), std::string::npos);
  EXPECT_EQ(log.find("012345"), std::string::npos);
}

TEST(DevelopmentMailboxPath, AMailIsThereRightAfterItsTransaction) {
  const auto world = create_world("Sqlite");
  const crypto::Sealer sealer(crypto::Secret(std::string(32, 'm')));
  crypto::SystemRandom random;
  const core::SystemClock clock;
  Service service(*world->transactor, *world->store, sealer, random, clock, {});
  Mailbox mailbox(clock);
  Sender sender(service, mailbox, clock);
  const auto routed = routes(mailbox, [&] { sender.settle(std::chrono::seconds(2)); });
  for (int i = 0; i < 10; ++i) {
    const std::string to = "user" + std::to_string(i) + "@example.org", query = "to=" + to;
    ASSERT_TRUE(world->transactor->atomically([&](core::Tx& tx) {
      return service.enqueue(tx, {.to = to, .text = "code"}, clock.now() + std::chrono::minutes(10));
    }));
    const http::Request request{.path = "/dev/mailbox", .query = query, .client = "::1"};
    http::Context context{.request = request, .caller = {}};
    EXPECT_EQ(core::parse_json(routed.at(0).handle(context)->body)->at("messages").as_array().size(), 1u) << i;
  }
}

}  // namespace
}  // namespace mail
