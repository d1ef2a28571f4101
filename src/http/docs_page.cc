#include <openssl/evp.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/text.h"
#include "http/openapi.h"

namespace http {
namespace {

using core::escape_html;

namespace json = boost::json;

constexpr std::string_view style =
    ":root{color-scheme:light dark;--line:#8885;--soft:#8881}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid var(--line)}"
    "details{border:1px solid var(--line);border-radius:6px;margin:.4rem 0;padding:.4rem .8rem}"
    "summary{cursor:pointer}summary code{font-weight:600}"
    ".method{display:inline-block;min-width:4.5rem;font:600 .8rem ui-monospace,monospace}"
    ".who{float:right;opacity:.75;font-size:.85rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.25rem .5rem;border-bottom:1px solid "
    "var(--line);vertical-align:top}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{background:var(--soft);padding:.6rem;overflow:"
    "auto}";

// The part behind the last slash of "#/components/schemas/Name".
std::string_view reference_name(const json::object& schema) {
  const auto* reference = schema.if_contains("$ref");
  if (!reference) return {};
  const std::string_view text = reference->get_string();
  return text.substr(text.rfind('/') + 1);
}

std::string type_text(const json::object& schema) {
  if (const auto name = reference_name(schema); !name.empty())
    return "<a href=\"#schema-" + escape_html(name) + "\">" + escape_html(name) + "</a>";
  const auto* type = schema.if_contains("type");
  if (!type) return "any";
  if (type->is_array()) return escape_html(json::serialize(*type));
  std::string text(type->get_string());
  if (const auto* items = schema.if_contains("items")) return type_text(items->get_object()) + "[]";
  if (const auto* format = schema.if_contains("format")) text += " (" + std::string(format->get_string()) + ')';
  if (const auto* values = schema.if_contains("enum")) text += ' ' + json::serialize(*values);
  return escape_html(text);
}

std::string errors_table(const Route& route) {
  std::string out = "<table><tr><th>Status<th>Code<th>Meaning";
  for (const auto code : error_codes(route)) {
    const auto& row = core::row(code);
    out += "<tr><td>" + std::to_string(row.status) + "<td><code>" + escape_html(row.name) + "</code><td>" +
           escape_html(row.title);
  }
  return out + "</table>";
}

std::string schema_link(const Schema& schema, core::Schemas& schemas) {
  if (!schema) return "none";
  const auto parsed = json::parse(schema(schemas));
  return type_text(parsed.get_object());
}

std::string operation_html(const Route& route, core::Schemas& schemas) {
  const Operation& operation = route.operation;
  std::string who = operation.guard.is_open() ? "anyone" : "session";
  if (!operation.guard.permission().empty()) who = escape_html(operation.guard.permission());
  if (operation.guard.is_recent()) who += ", recently";
  std::string out = "<details id=\"" + escape_html(operation.id) + "\"><summary><span class=\"who\">" + who +
                    "</span><span class=\"method\">" + std::string(to_text(operation.method)) + "</span> <code>" +
                    escape_html(operation.path) + "</code> " + escape_html(operation.summary) + "</summary>";
  for (const auto& field : operation.query)
    out += "<p>Query <code>" + escape_html(field.name) + "</code>: " + escape_html(field.doc) + "</p>";
  out += "<p>Body: " + schema_link(route.request_schema, schemas) + ". Answer " + std::to_string(operation.status) +
         ": " + schema_link(route.response_schema, schemas) + ".</p>";
  return out + errors_table(route) + "</details>";
}

std::string schema_html(const std::string& name, const std::string& text) {
  const auto parsed = json::parse(text);
  std::string out = "<h3 id=\"schema-" + escape_html(name) + "\">" + escape_html(name) +
                    "</h3><table><tr><th>Field<th>Type<th>Meaning";
  const auto* properties = parsed.get_object().if_contains("properties");
  if (!properties) return out + "</table>";
  for (const auto& member : properties->get_object()) {
    const auto& property = member.value().get_object();
    const auto* doc = property.if_contains("description");
    out += "<tr><td><code>" + escape_html(member.key()) + "</code><td>" + type_text(property) + "<td>";
    if (doc) out += escape_html(doc->get_string());
  }
  return out + "</table>";
}

}  // namespace

std::string docs_content_security_policy() {
  unsigned char digest[32];
  unsigned size = 0;
  EVP_Digest(style.data(), style.size(), digest, &size, EVP_sha256(), nullptr);
  unsigned char text[48];
  const int length = EVP_EncodeBlock(text, digest, sizeof digest);
  return "default-src 'none'; style-src 'sha256-" +
         std::string(reinterpret_cast<char*>(text), static_cast<size_t>(length)) +
         "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

std::string docs_page(std::span<const Route> routes, const ApiTitle& title) {
  core::Schemas schemas;
  std::string out =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>" +
      escape_html(title.title) + " API</title><style>" + std::string(style) + "</style><h1>" +
      escape_html(title.title) + " API <small>" + escape_html(title.version) +
      "</small></h1><p>JSON in and out. Errors are <code>application/problem+json</code>. The same in machine-readable "
      "form: "
      "<a href=\"/openapi.json\">openapi.json</a>.</p><h2>Operations</h2>";
  for (const Route& route : routes) out += operation_html(route, schemas);
  out += "<h2>Schemas</h2>";
  for (const auto& [name, schema] : schemas) out += schema_html(name, schema);
  return out + "</html>\n";
}

}  // namespace http
