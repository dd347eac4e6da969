#include "weir/helm/repositories.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "src/json_decoding.h"
#include "src/yaml.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

constexpr size_t kMaxFileBytes = 16u << 20;

void ReadRepository(const Value& value, JsonDecoder& reader, Repository* out) {
  std::string password;
  RepositoryAccess& access = out->access;
  const auto text = [&reader](std::string* to) {
    return [&reader, to](const Value& v) { reader.String(v, to); };
  };
  const auto flag = [&reader](bool* to) {
    return [&reader, to](const Value& v) { reader.Bool(v, to); };
  };
  reader.Struct(
      value, "v1.Entry",
      {{"name", text(&out->name)},
       {"url", text(&out->url)},
       {"username", text(&access.username)},
       {"password", text(&password)},
       {"certFile", text(&access.cert_file)},
       {"keyFile", text(&access.key_file)},
       {"caFile", text(&access.ca_file)},
       {"insecure_skip_tls_verify", flag(&access.insecure_skip_tls_verify)},
       {"pass_credentials_all", flag(&access.pass_credentials)}});
  access.password = Secret(std::move(password));
}

}  // namespace

absl::StatusOr<std::vector<Repository>> ReadRepositories(
    const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFileBytes),
                        "couldn't load repositories file (", path, ")");
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadYaml(text));
  std::vector<Repository> out;
  JsonDecoder reader(kDecoding);
  reader.Struct(value, "v1.File", {{"repositories", [&](const Value& list) {
                                      if (!reader.IsList(list, "[]*v1.Entry"))
                                        return;
                                      for (const Value& one : list.array()) {
                                        if (one.is_null()) continue;
                                        ReadRepository(one, reader,
                                                       &out.emplace_back());
                                      }
                                    }}});
  if (reader.status().ok()) return out;
  return absl::InvalidArgumentError(
      absl::StrCat("error unmarshaling JSON: while decoding JSON: ",
                   reader.status().message()));
}

}  // namespace weir::helm
