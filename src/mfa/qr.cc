#include "mfa/qr.h"

#include <qrcodegen/qrcodegen.hpp>

namespace mfa {

crypto::Secret qr_svg(const crypto::Secret& text) {
  const auto code = qrcodegen::QrCode::encodeText(std::string(text.expose()).c_str(), qrcodegen::QrCode::Ecc::MEDIUM);
  constexpr int quiet = 4;  // modules, as the standard demands
  const std::string size = std::to_string(code.getSize() + 2 * quiet);
  std::string path;
  for (int y = 0; y < code.getSize(); ++y)
    for (int x = 0; x < code.getSize(); ++x)
      if (code.getModule(x, y)) path += "M" + std::to_string(x + quiet) + "," + std::to_string(y + quiet) + "h1v1h-1z";
  return crypto::Secret(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )" + size + ' ' + size +
                        R"(" shape-rendering="crispEdges"><path fill="#fff" d="M0,0h)" + size + "v" + size + "H0z\"/>" +
                        R"(<path d=")" + path + R"("/></svg>)");
}

}  // namespace mfa
