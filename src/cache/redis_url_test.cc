#include "cache/redis_url.h"

#include <gtest/gtest.h>

namespace cache {
namespace {

TEST(RedisUrl, EveryPartIsRead) {
  const auto full = parse_redis_url("rediss://usher:p%40ss%3Aword@redis.example.org:6380/3");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->endpoints, (std::vector<Endpoint>{{"redis.example.org", "6380"}}));
  EXPECT_TRUE(full->sentinel_name.empty());
  EXPECT_TRUE(full->tls);
  EXPECT_EQ(full->user, "usher");
  EXPECT_EQ(full->password.expose(), "p@ss:word");
  EXPECT_EQ(full->database, 3);
}

TEST(RedisUrl, WhatIsLeftOutHasItsDefault) {
  const auto plain = parse_redis_url("redis://cache");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->endpoints, (std::vector<Endpoint>{{"cache", "6379"}}));
  EXPECT_FALSE(plain->tls);
  EXPECT_TRUE(plain->user.empty() && plain->password.empty());
  EXPECT_EQ(plain->database, 0);
  EXPECT_EQ(parse_redis_url("redis://[::1]:7000/")->endpoints[0], (Endpoint{"::1", "7000"}));
  EXPECT_EQ(parse_redis_url("redis://:secret@h")->password.expose(), "secret");
  EXPECT_EQ(parse_redis_url("redis://u:a@b@h")->password.expose(), "a@b");
}

TEST(RedisUrl, SeveralServersAreAList) {
  const auto list = parse_redis_url("rediss://usher:word@one:7000,two,[::1]:7002/0");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->endpoints, (std::vector<Endpoint>{{"one", "7000"}, {"two", "6379"}, {"::1", "7002"}}));
}

TEST(RedisUrl, SentinelsNameAMaster) {
  const auto sentinels = parse_redis_url("redis+sentinel://:word@one,two:5000/main/2");
  ASSERT_TRUE(sentinels);
  EXPECT_EQ(sentinels->endpoints, (std::vector<Endpoint>{{"one", "26379"}, {"two", "5000"}}));
  EXPECT_EQ(sentinels->sentinel_name, "main");
  EXPECT_EQ(sentinels->database, 2);
  EXPECT_FALSE(sentinels->tls);
  EXPECT_TRUE(parse_redis_url("rediss+sentinel://one/main")->tls);
  EXPECT_EQ(parse_redis_url("redis+sentinel://one/main/")->database, 0);
}

TEST(RedisUrl, AMistakeIsASentenceWithoutTheUrl) {
  for (const std::string url : {"",
                                "127.0.0.1:6379",
                                "http://h",
                                "redis://",
                                "redis://:6379",
                                "redis://h:0",
                                "redis://h:70000",
                                "redis://h:x",
                                "redis://[::1",
                                "redis://[::1]x",
                                "redis://h/x",
                                "redis://h/-1",
                                "redis://hush@h",
                                "redis://u:%zz@h",
                                "redis://u:%4@h",
                                "redis://a,",
                                "redis://a,,b",
                                "redis://,a",
                                "redis+sentinel://h",
                                "redis+sentinel://h/",
                                "redis+sentinel://h//1",
                                "redis+sentinel://h/main/x"}) {
    const auto refused = parse_redis_url(url);
    ASSERT_FALSE(refused) << url;
    EXPECT_TRUE(refused.error().detail.starts_with("redis.url ")) << url;
    EXPECT_EQ(refused.error().detail.find("hush"), std::string::npos);
  }
}

}  // namespace
}  // namespace cache
