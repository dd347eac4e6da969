#include "src/model/origin.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "src/load/git_url.h"
#include "src/load/paths.h"
#include "weir/value/yaml.h"

namespace weir::kustomize {
namespace {

void AddLine(std::string* out, absl::string_view indent, const char* key,
             const std::string& text) {
  if (text.empty()) return;
  absl::StrAppend(out, indent, FormatYaml(Value::MakeObject({{key, text}})));
}

}  // namespace

Origin Origin::Below(const std::string& named) const {
  Origin origin = *this;
  const std::optional<GitUrl> url = ParseGitUrl(named);
  if (!url.has_value()) {
    origin.path = JoinPath(origin.path, named);
    return origin;
  }
  origin.repo = url->repository;
  origin.ref = url->ref;
  // Upstream shows where it has not cloned to yet.
  const std::string directory = CleanPath(url->directory);
  origin.path = directory == "." ? "notCloned" : directory;
  return origin;
}

// The fields in upstream's order.
std::string FormatOrigin(const Origin& origin) {
  std::string out;
  AddLine(&out, "", "path", origin.path);
  AddLine(&out, "", "repo", origin.repo);
  AddLine(&out, "", "ref", origin.ref);
  AddLine(&out, "", "configuredIn", origin.configured_in);
  std::string by;
  AddLine(&by, "  ", "apiVersion", origin.by_api_version);
  AddLine(&by, "  ", "kind", origin.by_kind);
  AddLine(&by, "  ", "name", origin.by_name);
  AddLine(&by, "  ", "namespace", origin.by_namespace);
  if (!by.empty()) absl::StrAppend(&out, "configuredBy:\n", by);
  return out;
}

std::string FormatOrigins(const std::vector<Origin>& origins) {
  std::string out;
  for (const Origin& origin : origins) {
    absl::string_view text;
    const std::string lines = FormatOrigin(origin);
    text = lines;
    bool first = true;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      absl::StrAppend(&out, first ? "- " : "  ", text.substr(0, end), "\n");
      text.remove_prefix(end + 1);
      first = false;
    }
  }
  return out;
}

}  // namespace weir::kustomize
