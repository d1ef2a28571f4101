#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>
#include <utility>

namespace support {
namespace {

constexpr const char* program = "/usr/bin/redis-server";

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool answers(int port) {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  const bool connected = connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(file);
  return connected;
}

std::string new_directory() {
  std::string directory = "/tmp/usher-redis-XXXXXX";
  if (!mkdtemp(directory.data())) std::abort();
  return directory;
}

}  // namespace

int free_port() {
  // Below those that the kernel gives to outgoing connections, so that none takes it before it is used.
  std::random_device random;
  for (;;) {
    const int port = std::uniform_int_distribution(10000, 31999)(random);
    const int file = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    const bool free = bind(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(file);
    if (free) return port;
  }
}

std::unique_ptr<RedisServer> RedisServer::start(const std::vector<std::string>& more) {
  if (access(program, X_OK) != 0) return nullptr;
  std::string directory = new_directory();
  const int port = free_port();
  std::vector<std::string> words = {program,   "--bind",    "127.0.0.1",       "--port", std::to_string(port),
                                    "--save",  "",          "--appendonly",    "no",     "--dir",
                                    directory, "--logfile", directory + "/log"};
  words.insert(words.end(), more.begin(), more.end());
  std::unique_ptr<RedisServer> server(new RedisServer(port, std::move(words), std::move(directory)));
  server->run();
  return server;
}

std::unique_ptr<RedisServer> RedisServer::start_sentinel(const std::string& master_port) {
  if (access(program, X_OK) != 0) return nullptr;
  std::string directory = new_directory();
  const int port = free_port();
  const std::string settings = directory + "/sentinel.conf";
  std::ofstream(settings) << "bind 127.0.0.1\nport " << port << "\nlogfile " << directory << "/log\ndir " << directory
                          << "\nsentinel monitor main 127.0.0.1 " << master_port
                          << " 1\nsentinel down-after-milliseconds main 300\nsentinel failover-timeout main 3000\n";
  std::vector<std::string> words = {program, settings, "--sentinel"};
  std::unique_ptr<RedisServer> server(new RedisServer(port, std::move(words), std::move(directory)));
  server->run();
  return server;
}

RedisServer::RedisServer(int port, std::vector<std::string> words, std::string directory)
    : port_(port), words_(std::move(words)), directory_(std::move(directory)) {}

RedisServer::~RedisServer() {
  kill();
  std::filesystem::remove_all(directory_);
}

void RedisServer::run() {
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> words;
    for (const auto& word : words_) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execv(program, words.data());
    _exit(127);
  }
  for (int i = 0; i < 500 && !answers(port_); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  if (answers(port_)) return;
  std::fprintf(stderr, "Redis for the tests did not start; see %s/log\n", directory_.c_str());
  std::abort();
}

void RedisServer::kill() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, 0), nullptr, 0);
}

void RedisServer::pause() { ::kill(pid_, SIGSTOP); }
void RedisServer::resume() { ::kill(pid_, SIGCONT); }
void RedisServer::restart() {
  kill();
  run();
}

}  // namespace support
