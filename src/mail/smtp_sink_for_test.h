// Starts tests/support/smtp_sink.py, a real mail server, and reads what it saw.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/databases.h"

extern char** environ;

namespace mail {

class SmtpSink {
 public:
  explicit SmtpSink(std::vector<std::string> options = {}) : out_(support::create_test_directory() + "/events") {
    std::vector<std::string> words{"python3", USHER_SOURCE_DIR "/tests/support/smtp_sink.py", out_};
    words.insert(words.end(), options.begin(), options.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    // The system's python, which has Debian's aiosmtpd.
    posix_spawn(&pid_, "/usr/bin/python3", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    for (char c; read(pipe_ends[0], &c, 1) == 1 && c != '\n';) port_ += c;
    close(pipe_ends[0]);
    EXPECT_FALSE(port_.empty()) << "the mail server did not start";
  }
  ~SmtpSink() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  SmtpSink(const SmtpSink&) = delete;

  const std::string& port() const { return port_; }
  std::vector<boost::json::object> events(std::string_view kind) const {
    std::vector<boost::json::object> found;
    std::ifstream file(out_);
    for (std::string line; std::getline(file, line);) {
      auto event = boost::json::parse(line).as_object();
      if (event["event"].as_string() == kind) found.push_back(std::move(event));
    }
    return found;
  }

 private:
  std::string out_, port_;
  pid_t pid_ = -1;
};

struct Certificate {
  std::string cert, key;
};
// A new self-signed one, which is its own authority.
inline Certificate create_certificate(const std::string& host) {
  const std::string folder = support::create_test_directory();
  const Certificate made{folder + "/cert.pem", folder + "/key.pem"};
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=" + host +
      " -addext subjectAltName=DNS:" + host + " -out " + made.cert + " -keyout " + made.key + " 2>/dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0);
  return made;
}

// The first header of that name; "" when there is none.
inline std::string header_of(const boost::json::object& mail, std::string_view name) {
  for (const auto& pair : mail.at("headers").as_array())
    if (pair.as_array()[0].as_string() == name) return std::string(pair.as_array()[1].as_string());
  return "";
}

}  // namespace mail
