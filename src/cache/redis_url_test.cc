#include "cache/redis_url.h"

#include <gtest/gtest.h>

namespace cache {
namespace {

TEST(RedisUrl, EveryPartIsRead) {
  const auto full = parse_redis_url("rediss://usher:p%40ss%3Aword@redis.example.org:6380/3");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->host, "redis.example.org");
  EXPECT_EQ(full->port, "6380");
  EXPECT_TRUE(full->tls);
  EXPECT_EQ(full->user, "usher");
  EXPECT_EQ(full->password.expose(), "p@ss:word");
  EXPECT_EQ(full->database, 3);
}

TEST(RedisUrl, WhatIsLeftOutHasItsDefault) {
  const auto plain = parse_redis_url("redis://cache");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->port, "6379");
  EXPECT_FALSE(plain->tls);
  EXPECT_TRUE(plain->user.empty() && plain->password.empty());
  EXPECT_EQ(plain->database, 0);
  EXPECT_EQ(parse_redis_url("redis://[::1]:7000/")->host, "::1");
  EXPECT_EQ(parse_redis_url("redis://:secret@h")->password.expose(), "secret");
  EXPECT_EQ(parse_redis_url("redis://u:a@b@h")->password.expose(), "a@b");
}

TEST(RedisUrl, AMistakeIsASentenceWithoutTheUrl) {
  for (const std::string url : {"", "127.0.0.1:6379", "http://h", "redis://", "redis://:6379", "redis://h:0",
                                "redis://h:70000", "redis://h:x", "redis://[::1", "redis://[::1]x", "redis://h/x",
                                "redis://h/-1", "redis://hush@h", "redis://u:%zz@h", "redis://u:%4@h"}) {
    const auto refused = parse_redis_url(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_TRUE(refused.error().detail.starts_with("redis.url ")) << url;
    EXPECT_EQ(refused.error().detail.find("hush"), std::string::npos);
  }
}

}  // namespace
}  // namespace cache
