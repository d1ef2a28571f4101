#include "mail/mail_service.h"

#include <thread>

#include "mail/mail_worlds_for_test.h"
#include "mail/sender.h"

namespace mail {
namespace {

using core::Millis;
using Outcome = Delivery::Outcome;
using std::chrono::minutes;
using std::chrono::seconds;

class MailService : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    if (world_) service_ = create_service();
  }
  std::unique_ptr<Service> create_service() {
    return std::make_unique<Service>(*world_->transactor, *world_->store, sealer_, random_, world_->clock,
                                     Letterhead{});
  }
  void enqueue(const std::string& to = "ann@example.org", Millis life = minutes(10)) {
    in_tx_void([&](core::Tx& tx) {
      return service_->enqueue(tx, {.to = to, .subject = "Süb\"ject", .text = "code 012345\n", .html = "<p>012345</p>"},
                               world_->clock.now() + life);
    });
  }
  std::optional<core::Time> deliver(Transport& transport) {
    auto next = service_->deliver_due(transport);
    EXPECT_TRUE(next);
    return next.value_or(std::nullopt);
  }
  crypto::Sealer sealer_{crypto::Secret(std::string(32, 'm'))};
  crypto::SystemRandom random_;
  std::unique_ptr<Service> service_;
  ScriptedTransport transport_;
};

TEST_P(MailService, DeliversOnceWhatWasEnqueued) {
  enqueue();
  EXPECT_FALSE(deliver(transport_));
  EXPECT_FALSE(deliver(transport_));
  ASSERT_EQ(transport_.seen.size(), 1u);
  const Letter& letter = transport_.seen[0];
  EXPECT_EQ(letter.message.to, "ann@example.org");
  EXPECT_EQ(letter.message.subject, "Süb\"ject");
  EXPECT_EQ(letter.message.text, "code 012345\n");
  EXPECT_EQ(letter.message.html, "<p>012345</p>");
  EXPECT_EQ(letter.attempts, 1);
}

TEST_P(MailService, AFailedTransactionMailsNothing) {
  const auto undone = world_->transactor->atomically([&](core::Tx& tx) -> core::Result<> {
    TRY(service_->enqueue(tx, {.to = "ann@example.org"}, world_->clock.now() + minutes(1)));
    return core::fail(core::Code::conflict);
  });
  EXPECT_FALSE(undone);
  deliver(transport_);
  EXPECT_TRUE(transport_.seen.empty());
}

TEST_P(MailService, BacksOffUntilItSucceeds) {
  enqueue();
  transport_.next = {Outcome::retry, Outcome::retry, Outcome::retry};
  Millis expected = seconds(5);
  for (int failure = 1; failure <= 3; ++failure, expected *= 2) {
    const auto next = deliver(transport_);
    ASSERT_TRUE(next);
    const Millis wait = *next - world_->clock.now();
    EXPECT_GE(wait, expected / 2) << failure;
    EXPECT_LE(wait, expected * 3 / 2) << failure;
    world_->clock.advance(wait - Millis(1));
    deliver(transport_);
    EXPECT_EQ(transport_.seen.size(), static_cast<size_t>(failure)) << "not before its time";
    world_->clock.advance(Millis(1));
  }
  EXPECT_FALSE(deliver(transport_));
  ASSERT_EQ(transport_.seen.size(), 4u);
  EXPECT_EQ(transport_.seen[3].id, transport_.seen[0].id);
  EXPECT_EQ(transport_.seen[3].attempts, 4);
}

TEST_P(MailService, GivesUpWhatIsRefused) {
  enqueue();
  enqueue("bob@example.org");
  transport_.next = {Outcome::refused};
  EXPECT_FALSE(deliver(transport_));
  world_->clock.advance(minutes(5));
  EXPECT_FALSE(deliver(transport_));
  EXPECT_EQ(transport_.seen.size(), 2u) << "each once; the refusal of one does not stop the other";
}

TEST_P(MailService, AMailDiesWithItsCode) {
  enqueue();
  transport_.next.assign(100, Outcome::retry);
  for (int second = 0; second < 600; ++second, world_->clock.advance(seconds(1))) deliver(transport_);
  const size_t attempts = transport_.seen.size();
  EXPECT_GE(attempts, 5u);
  EXPECT_LE(attempts, 12u);
  transport_.next.clear();
  world_->clock.advance(minutes(20));
  EXPECT_FALSE(deliver(transport_));
  EXPECT_EQ(transport_.seen.size(), attempts) << "an expired code is not mailed";
}

TEST_P(MailService, ACrashBetweenDeliveryAndNoteCostsOneDuplicate) {
  enqueue();
  // The delivery of a node that dies before it can note it.
  in_tx([&](core::Tx& tx) { return world_->store->claim(tx, world_->clock.now(), world_->clock.now() + lease); });
  service_ = create_service();
  EXPECT_TRUE(deliver(transport_));
  EXPECT_TRUE(transport_.seen.empty()) << "as long as the lease runs, the other may be delivering";
  world_->clock.advance(lease);
  EXPECT_FALSE(deliver(transport_));
  EXPECT_EQ(transport_.seen.size(), 1u);
}

TEST_P(MailService, TwoNodesDeliverEachMailOnce) {
  for (int i = 0; i < 30; ++i) enqueue("user" + std::to_string(i) + "@example.org");
  const auto other = create_service();
  ScriptedTransport others;
  {
    const std::jthread node([&] { EXPECT_TRUE(other->deliver_due(others)); });
    deliver(transport_);
  }
  EXPECT_EQ(transport_.seen.size() + others.seen.size(), 30u);
  std::vector<std::string> to;
  for (const auto* seen : {&transport_.seen, &others.seen})
    for (const Letter& letter : *seen) to.push_back(letter.message.to);
  std::ranges::sort(to);
  EXPECT_EQ(std::ranges::adjacent_find(to), to.end());
}

TEST_P(MailService, TheStoreHoldsNoCodeInTheClear) {
  enqueue();
  const auto stored =
      in_tx([&](core::Tx& tx) { return world_->store->claim(tx, world_->clock.now(), world_->clock.now() + lease); });
  const std::string bytes(stored->sealed.begin(), stored->sealed.end());
  EXPECT_EQ(bytes.find("012345"), std::string::npos);
  EXPECT_EQ(bytes.find("ject"), std::string::npos);
}

TEST_P(MailService, AnotherMasterKeyWaitsForTheRightOne) {
  enqueue();
  const crypto::Sealer other(crypto::Secret(std::string(32, 'o')));
  Service stranger(*world_->transactor, *world_->store, other, random_, world_->clock, Letterhead{});
  EXPECT_TRUE(stranger.deliver_due(transport_).value());
  EXPECT_TRUE(transport_.seen.empty());
  world_->clock.advance(minutes(1));
  deliver(transport_);
  EXPECT_EQ(transport_.seen.size(), 1u);
}

TEST_P(MailService, TheSenderWakesAfterTheCommit) {
  const core::SystemClock clock;
  Service service(*world_->transactor, *world_->store, sealer_, random_, clock, {});
  Sender sender(service, transport_, clock);
  for (size_t i = 1; i <= 5; ++i) {
    in_tx_void([&](core::Tx& tx) { return service.enqueue(tx, {.to = "a@b.c"}, clock.now() + minutes(1)); });
    ASSERT_TRUE(sender.settle(seconds(5)));
    EXPECT_EQ(transport_.seen.size(), i);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, MailService, testing::Values("Fake", "Sqlite", "Postgres"), engine_name);

TEST(MailBackOff, DoublesUpToAQuarterOfAnHour) {
  const uint64_t seed = std::random_device()();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  crypto::SeededRandom random(seed);
  for (int64_t attempts = 1; attempts <= 1000; ++attempts) {
    const Millis middle = attempts > 8 ? Millis(minutes(15)) : Millis(seconds(5)) * (1 << (attempts - 1));
    const Millis wait = back_off(attempts, random);
    EXPECT_GE(wait, middle / 2);
    EXPECT_LE(wait, middle * 3 / 2);
  }
}

TEST(Sender, OutlivesAStoreThatIsAway) {
  test::FakeTransactor transactor;
  test::FakeMailStore store;
  const crypto::Sealer sealer(crypto::Secret(std::string(32, 'm')));
  crypto::SystemRandom random;
  const core::SystemClock clock;
  Service service(transactor, store, sealer, random, clock, {});
  ScriptedTransport transport;
  Sender sender(service, transport, clock);
  transactor.unavailable = true;
  service.bell().ring();
  EXPECT_TRUE(sender.settle(seconds(5)));
  transactor.unavailable = false;
  ASSERT_TRUE(transactor.atomically(
      [&](core::Tx& tx) { return service.enqueue(tx, {.to = "a@b.c"}, clock.now() + minutes(1)); }));
  EXPECT_TRUE(sender.settle(seconds(5)));
  EXPECT_EQ(transport.seen.size(), 1u);
}

// Blocks until it is told to stop.
class StuckTransport final : public Transport {
 public:
  std::atomic<bool> entered{false};
  Delivery deliver(const Letter&, std::stop_token stop) override {
    entered = true;
    while (!stop.stop_requested()) std::this_thread::sleep_for(Millis(1));
    return {Outcome::retry, "stopped"};
  }
};

TEST(Sender, ShutsDownDuringADelivery) {
  test::FakeTransactor transactor;
  test::FakeMailStore store;
  const crypto::Sealer sealer(crypto::Secret(std::string(32, 'm')));
  crypto::SystemRandom random;
  const core::SystemClock clock;
  Service service(transactor, store, sealer, random, clock, {});
  StuckTransport transport;
  {
    Sender sender(service, transport, clock);
    ASSERT_TRUE(transactor.atomically(
        [&](core::Tx& tx) { return service.enqueue(tx, {.to = "a@b.c"}, clock.now() + minutes(1)); }));
    EXPECT_FALSE(sender.settle(Millis(50))) << "it is still being attempted";
    while (!transport.entered) std::this_thread::yield();
  }
  EXPECT_EQ(store.letters.size(), 1u) << "it is tried again after the restart";
}

}  // namespace
}  // namespace mail
