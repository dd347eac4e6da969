// The URLs library.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "kubernetes_functions.h"
#include "weir/value/go_url.h"

namespace weir::apiserver {
namespace {

using cel::Meter;
using Values = absl::Span<const cel::Value>;
using Result = cel::Value;

struct CelUrl {
  static constexpr char kCelType[] = "kubernetes.URL";
  GoUrl url;
  bool operator==(const CelUrl& other) const {
    return url.ToString() == other.url.ToString();
  }
};

const GoUrl& Of(const Result& value) {
  return CelObject<CelUrl>::Of(value).url;
}

Result ToUrl(Values v, Meter&) {
  absl::Status status = CheckGoRequestUri(v[0].AsString());
  if (status.ok()) {
    auto url = ParseGoUrl(v[0].AsString());
    if (url.ok()) return CelObject<CelUrl>::Make({*std::move(url)});
    status = url.status();
  }
  return Result::Error(absl::StrCat(
      "URL parse error during conversion from string: ", status.message()));
}

Result IsUrl(Values v, Meter&) {
  return Result::Bool(CheckGoRequestUri(v[0].AsString()).ok());
}

Result GetScheme(Values v, Meter&) { return Result::String(Of(v[0]).scheme); }
Result GetHost(Values v, Meter&) { return Result::String(Of(v[0]).host); }
Result GetHostname(Values v, Meter&) {
  return Result::String(Of(v[0]).Hostname());
}
Result GetPort(Values v, Meter&) { return Result::String(Of(v[0]).Port()); }
Result GetEscapedPath(Values v, Meter&) {
  return Result::String(Of(v[0]).EscapedPath());
}

Result GetQuery(Values v, Meter& meter) {
  std::vector<std::pair<Result, Result>> entries;
  for (auto& [key, texts] : Of(v[0]).Query()) {
    if (!meter.ChargeBytes((texts.size() + 2) * sizeof(Result))) break;
    std::vector<Result> values;
    for (const std::string& text : texts) {
      values.push_back(Result::String(text));
    }
    entries.emplace_back(Result::String(key),
                         Result::OfElements(std::move(values)));
  }
  return cel::MakeMap(std::move(entries));
}

}  // namespace

void AddCelUrls(CelOverloads& out) {
  constexpr auto kGlobal = cel::Overload::Style::kGlobal;
  constexpr auto kMember = cel::Overload::Style::kMember;
  const std::string url = "object(kubernetes.URL)";
  const cel::Overload rows[] = {
      {"url", "string_to_url", kGlobal, "string", url, ToUrl},
      {"getScheme", "url_get_scheme", kMember, url, "string", GetScheme},
      {"getHost", "url_get_host", kMember, url, "string", GetHost},
      {"getHostname", "url_get_hostname", kMember, url, "string", GetHostname},
      {"getPort", "url_get_port", kMember, url, "string", GetPort},
      {"getEscapedPath", "url_get_escaped_path", kMember, url, "string",
       GetEscapedPath},
      {"getQuery", "url_get_query", kMember, url, "map(string, list(string))",
       GetQuery},
      {"isURL", "is_url_string", kGlobal, "string", "bool", IsUrl},
  };
  out.insert(out.end(), std::begin(rows), std::end(rows));
}

}  // namespace weir::apiserver
