// Sprig's paths (Go's path, and path/filepath as on Unix), URLs and network.
#include <cstring>

#include "absl/strings/match.h"
#include "rows.h"
#include "weir/base/status.h"
#include "weir/value/go_url.h"

namespace weir::gotmpl {
namespace {

std::string Clean(absl::string_view path) {
  if (path.empty()) return ".";
  const bool rooted = path[0] == '/';
  std::vector<absl::string_view> parts;
  size_t at = 0;
  while (at < path.size()) {
    const size_t slash = std::min(path.find('/', at), path.size());
    const absl::string_view part = path.substr(at, slash - at);
    at = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) {
    absl::StrAppend(&out, i > 0 ? "/" : "", parts[i]);
  }
  return out.empty() ? "." : out;
}

std::string Base(absl::string_view path) {
  if (path.empty()) return ".";
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  if (path.empty()) return "/";
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? path
                                                      : path.substr(slash + 1));
}

std::string Dir(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return Clean(slash == absl::string_view::npos ? absl::string_view()
                                                : path.substr(0, slash + 1));
}

std::string Ext(absl::string_view path) {
  const size_t dot = path.find_last_of("./");
  if (dot == absl::string_view::npos || path[dot] == '/') return "";
  return std::string(path.substr(dot));
}

template <std::string (*f)(absl::string_view)>
Result Of(Call& call) {
  return Text(call, f(call.args[0].AsString()));
}

Result IsAbs(Call& call) {
  return Any::Bool(absl::StartsWith(call.args[0].AsString(), "/"));
}

constexpr absl::string_view kText = "func(string) string";

constexpr Row kPathRows[] = {
    {"base", kText, Of<Base>},
    {"dir", kText, Of<Dir>},
    {"clean", kText, Of<Clean>},
    {"ext", kText, Of<Ext>},
    {"isAbs", "func(string) bool", IsAbs},
    {"osBase", kText, Of<Base>},
    {"osDir", kText, Of<Dir>},
    {"osClean", kText, Of<Clean>},
    {"osExt", kText, Of<Ext>},
    {"osIsAbs", "func(string) bool", IsAbs},
};

Result UrlParse(Call& call) {
  const absl::StatusOr<GoUrl> url = ParseGoUrl(call.args[0].AsString());
  if (!url.ok()) {
    return GoError("unable to parse url: ", url.status().message());
  }
  Any parts = Any::NewDict();
  const auto set = [&](absl::string_view key, absl::string_view value) {
    parts.AsDict()->Set(key, Any::String(value));
  };
  set("scheme", url->scheme);
  set("host", url->host);
  set("hostname", url->Hostname());
  set("path", url->path);
  set("query", url->raw_query);
  set("opaque", url->opaque);
  set("fragment", url->fragment);
  set("userinfo", url->has_user ? url->UserText() : "");
  return parts;
}

absl::StatusOr<std::string> Part(const Any& parts, absl::string_view key) {
  const Any* value = parts.is_nil() ? nullptr : parts.AsDict()->Find(key);
  if (value == nullptr) return std::string();
  if (value->is_nothing()) {
    return GoError(
        "runtime error: invalid memory address or nil pointer dereference");
  }
  if (!value->is_string()) {
    return GoError("unable to parse ", key,
                   " key, must be of type string, but ",
                   KindName(value->kind()), " found");
  }
  return std::string(value->AsString());
}

Result UrlJoin(Call& call) {
  const Any& parts = call.args[0];
  GoUrl url;
  WEIR_ASSIGN_OR_RETURN(url.scheme, Part(parts, "scheme"));
  WEIR_ASSIGN_OR_RETURN(url.host, Part(parts, "host"));
  WEIR_ASSIGN_OR_RETURN(url.path, Part(parts, "path"));
  WEIR_ASSIGN_OR_RETURN(url.raw_query, Part(parts, "query"));
  WEIR_ASSIGN_OR_RETURN(url.opaque, Part(parts, "opaque"));
  WEIR_ASSIGN_OR_RETURN(url.fragment, Part(parts, "fragment"));
  WEIR_ASSIGN_OR_RETURN(const std::string userinfo, Part(parts, "userinfo"));
  if (!userinfo.empty()) {
    const absl::StatusOr<GoUrl> user =
        ParseGoUrl(absl::StrCat("proto://", userinfo, "@host"));
    if (!user.ok()) {
      return GoError("unable to parse userinfo in dict: ",
                     user.status().message());
    }
    url.has_user = user->has_user;
    url.has_password = user->has_password;
    url.user = user->user;
    url.password = user->password;
  }
  return Text(call, url.ToString());
}

constexpr Row kUrlRows[] = {
    {"urlParse", "func(string) map[string]interface {}", UrlParse},
    {"urlJoin", "func(map[string]interface {}) string", UrlJoin},
    {"getHostByName", kText, [](Call&) -> Result { return Any::String(""); }},
};

}  // namespace

void AddPaths(FunctionTable& table) { AddRows(kPathRows, table); }
void AddUrls(FunctionTable& table) { AddRows(kUrlRows, table, 20); }

}  // namespace weir::gotmpl
