// Owns: the one error type and the way it travels.
// Does not own: how an error is shown to a caller (http/problem.h).
// Thread rule: values; safe everywhere.
#pragma once
#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace core {

enum class Code {
#define USHER_ERROR(code, status, title, doc) code,
#include "core/errors.def"
#undef USHER_ERROR
};

// One row of errors.def.
struct ErrorRow {
  Code code;
  std::string_view name;   // stable, on the wire
  int status;              // HTTP
  std::string_view title;  // public sentence
  std::string_view doc;
};
const ErrorRow& row(Code code);
const std::vector<ErrorRow>& error_rows();

// One field that was refused. `field` is a JSON path such as `deviceInfo.platform`.
struct FieldError {
  std::string field, code, message;
};

struct Error {
  Code code;
  std::string detail = {};              // public, may be empty
  std::vector<FieldError> fields = {};  // public
  std::string reason = {};              // public: why a session ended, or which permission is missing
  std::string cause = {};               // private: logged with the request id, never sent
  std::chrono::seconds retry_after{};   // public: Retry-After of a 429
};

template <class T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string detail = {}) {
  return std::unexpected(Error{.code = code, .detail = std::move(detail)});
}

// A failure whose cause is for the log alone.
inline std::unexpected<Error> fail_because(Code code, std::string cause) {
  return std::unexpected(Error{.code = code, .cause = std::move(cause)});
}

}  // namespace core

// The value of `expression`, or return its error from the enclosing function.
#define TRY(expression) USHER_TRY_AS(USHER_JOIN(try_result_, __COUNTER__), expression)
#define USHER_JOIN(a, b) USHER_JOIN_EXPANDED(a, b)
#define USHER_JOIN_EXPANDED(a, b) a##b
#define USHER_TRY_AS(result, expression)                            \
  ({                                                                \
    auto&& result = (expression);                                   \
    if (!result) return std::unexpected(std::move(result).error()); \
    std::move(result).value();                                      \
  })
