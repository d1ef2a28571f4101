#include "storage/postgres/errors.h"

#include <array>

namespace storage::postgres {
namespace {

struct Meaning {
  std::string_view state;  // a whole SQLSTATE or its class; the first row that fits decides
  core::Code code;
  Remedy remedy;
  std::string_view advice;
};

constexpr auto unavailable = core::Code::store_unavailable;

// PostgreSQL's documentation, appendix A.
constexpr std::array meanings{
    Meaning{"40001", unavailable, Remedy::repeat, "transactions kept colliding"},
    Meaning{"40P01", unavailable, Remedy::repeat, "transactions kept deadlocking"},
    Meaning{"23", core::Code::conflict, Remedy::none, "a constraint of the schema was violated"},
    Meaning{"55P03", unavailable, Remedy::none, "a lock was not given in time"},
    Meaning{"57014", unavailable, Remedy::none, "the statement took too long"},
    Meaning{"26000", unavailable, Remedy::reconnect, "the server forgot a prepared statement"},
    Meaning{"0A000", core::Code::internal, Remedy::reconnect,
            "not supported, or a prepared statement is older than the schema"},
    Meaning{"25006", unavailable, Remedy::reconnect, "the server is read-only: it may be a standby"},
    Meaning{"25P03", unavailable, Remedy::reconnect, "the transaction was idle for too long"},
    Meaning{"08P01", core::Code::internal, Remedy::none, "the parameters do not fit the statement"},
    Meaning{"08", unavailable, Remedy::reconnect, "the connection was lost"},
    Meaning{"57P", unavailable, Remedy::reconnect, "the server is stopping or starting"},
    Meaning{"28", unavailable, Remedy::reconnect, "the server refuses this user or password"},
    Meaning{"3D000", unavailable, Remedy::reconnect, "there is no such database on the server"},
    Meaning{"53", unavailable, Remedy::none, "the server has no disk, memory or connection left"},
    Meaning{"58", unavailable, Remedy::none, "the server's disk or system failed"},
    Meaning{"XX", unavailable, Remedy::none, "the server reports damage or a fault of its own"},
};

}  // namespace

std::string one_line(std::string_view text) {
  std::string line;
  for (char c : text) line += c == '\n' || c == '\t' ? ' ' : c;
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

Failure failure_of(std::string_view sqlstate, std::string_view message) {
  const std::string said = one_line(message) + (sqlstate.empty() ? "" : " (SQLSTATE " + std::string(sqlstate) + ")");
  if (sqlstate.empty()) return {{.code = unavailable, .cause = "the connection was lost: " + said}, Remedy::reconnect};
  for (const Meaning& meaning : meanings) {
    if (!sqlstate.starts_with(meaning.state)) continue;
    return {{.code = meaning.code, .cause = std::string(meaning.advice) + ": " + said}, meaning.remedy};
  }
  return {{.code = core::Code::internal, .cause = said}, Remedy::none};
}

}  // namespace storage::postgres
