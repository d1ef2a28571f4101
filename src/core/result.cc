#include "core/result.h"

namespace core {

const std::vector<ErrorRow>& error_rows() {
  static const std::vector<ErrorRow> rows = {
#define USHER_ERROR(code, status, title, doc) {Code::code, #code, status, title, doc},
#include "core/errors.def"
#undef USHER_ERROR
  };
  return rows;
}

const ErrorRow& row(Code code) { return error_rows()[static_cast<size_t>(code)]; }

}  // namespace core
