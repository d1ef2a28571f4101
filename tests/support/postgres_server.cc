#include "tests/support/postgres_server.h"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "tests/support/keeper.h"

namespace support {
namespace {

constexpr const char* programs = "/usr/lib/postgresql/15/bin";

// The keeper: starts the server, says "ready", and then reads from a pipe whose other end only the test process
// holds: when that process ends, the read ends, and the server goes with it. PostgreSQL refuses to run as root.
constexpr const char* keeper = R"sh(
trap '' INT TERM HUP
bin=$1; dir=$2
as=
if [ "$(id -u)" = 0 ]; then
  chown nobody:nogroup "$dir"
  as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
fi
cd "$dir"
$as $bin/initdb -D "$dir/data" -U usher -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 &&
cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = off
full_page_writes = off
max_connections = 200
deadlock_timeout = '100ms'
shared_buffers = '32MB'
END
$as $bin/pg_ctl -D "$dir/data" -l "$dir/server.log" -w -t 60 start >"$dir/start.log" 2>&1 </dev/null &&
echo ready || { cat "$dir"/*.log >&2; echo failed; }
exec 1>&-
read -r ended
$as $bin/pg_ctl -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
kill -CONT $(head -1 "$dir/data/postmaster.pid" 2>/dev/null) 2>/dev/null
rm -rf "$dir"
)sh";

class Server {
 public:
  Server() {
    directory_ = "/tmp/usher-postgres-XXXXXX";
    if (!mkdtemp(directory_.data())) std::abort();
    const int answer = start_keeper(keeper, {programs, directory_});
    char text[8] = {};
    const ssize_t size = read(answer, text, 5);
    close(answer);
    if (size != 5 || std::string(text) != "ready") {
      std::fprintf(stderr, "PostgreSQL for the tests did not start\n");
      std::abort();
    }
  }

  std::string url(const std::string& database) const {
    return "postgresql:///" + database + "?host=" + directory_ + "&user=usher";
  }
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

Server& server() {
  static Server* started = new Server;  // ends with the process, by the keeper
  return *started;
}

void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) {
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::abort();
  }
}

std::string with_processes() {
  return "pid=$(head -1 " + server().directory() +
         "/data/postmaster.pid); children() { cat /proc/$pid/task/$pid/children; }; ";
}

}  // namespace

std::optional<std::string> create_postgres_database() {
  if (access((std::string(programs) + "/postgres").c_str(), X_OK) != 0) return std::nullopt;
  static std::atomic<int> number{0};
  const std::string name = "test_" + std::to_string(++number);
  PGconn* connection = PQconnectdb(server().url("postgres").c_str());
  PGresult* result = PQexec(connection, ("CREATE DATABASE " + name).c_str());
  if (PQresultStatus(result) != PGRES_COMMAND_OK) {
    std::fprintf(stderr, "%s", PQerrorMessage(connection));
    std::abort();
  }
  PQclear(result);
  PQfinish(connection);
  return server().url(name);
}

void restart_postgres() {
  const std::string as = getuid() == 0 ? "setpriv --reuid=nobody --regid=nogroup --clear-groups " : "";
  const std::string& directory = server().directory();
  run("cd " + directory + " && " + as + programs + "/pg_ctl -D " + directory + "/data -l " + directory +
      "/server.log -m immediate -w restart >/dev/null 2>&1 </dev/null");
}

// The parent stands still first: until then a child may end and be reaped between being listed and being signalled.
void freeze_postgres() {
  run(with_processes() +
      "kill -STOP $pid && until grep -q '^State:.T' /proc/$pid/status; do sleep 0.01; done && "
      "kill -STOP $(children)");
}

void thaw_postgres() { run(with_processes() + "kill -CONT $(children) && kill -CONT $pid"); }

}  // namespace support
