#include "weir/helm/manifests.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/json_decoding.h"
#include "src/yaml.h"
#include "weir/base/status.h"

namespace weir::helm {
namespace {

constexpr char kHook[] = "helm.sh/hook";
constexpr char kHookWeight[] = "helm.sh/hook-weight";
constexpr char kHookDeletePolicy[] = "helm.sh/hook-delete-policy";
constexpr char kHookOutputLogPolicy[] = "helm.sh/hook-output-log-policy";

constexpr absl::string_view kEvents[] = {
    "pre-install",  "post-install",  "pre-delete",
    "post-delete",  "pre-upgrade",   "post-upgrade",
    "pre-rollback", "post-rollback", "test"};

// What decides how an object is treated.
struct Head {
  std::string api_version;
  std::string kind;
  std::string name;
  std::map<std::string, std::string> annotations;
};

absl::StatusOr<Head> ReadHead(absl::string_view text) {
  const auto is_wanted = [](absl::string_view key) {
    return absl::EqualsIgnoreCase(key, "apiVersion") ||
           absl::EqualsIgnoreCase(key, "kind") ||
           absl::EqualsIgnoreCase(key, "metadata");
  };
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadYamlMembers(text, is_wanted));
  Head head;
  JsonDecoder reader(kDecoding);
  reader.Struct(
      value, "util.SimpleHead",
      {{"apiVersion",
        [&](const Value& v) { reader.String(v, &head.api_version); }},
       {"kind", [&](const Value& v) { reader.String(v, &head.kind); }},
       {"metadata", [&](const Value& metadata) {
          reader.Struct(
              metadata,
              "struct { Name string \"json:\\\"name\\\"\"; Annotations "
              "map[string]string \"json:\\\"annotations\\\"\" }",
              {{"name", [&](const Value& v) { reader.String(v, &head.name); }},
               {"annotations", [&](const Value& v) {
                  reader.StringMap(v, &head.annotations);
                }}});
        }}});
  if (reader.status().ok()) return head;
  return absl::InvalidArgumentError(
      absl::StrCat("error unmarshaling JSON: while decoding JSON: ",
                   reader.status().message()));
}

std::string NormalWord(absl::string_view text) {
  return absl::AsciiStrToLower(TrimSpace(text));
}

std::vector<std::string> Words(const Head& head, const char* annotation) {
  std::vector<std::string> out;
  const auto found = head.annotations.find(annotation);
  if (found == head.annotations.end()) return out;
  for (absl::string_view word : absl::StrSplit(found->second, ',')) {
    out.push_back(NormalWord(word));
  }
  return out;
}

// Nothing when one of them is unknown.
std::optional<std::vector<std::string>> Events(const std::string& text) {
  std::vector<std::string> out;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    std::string word = NormalWord(part);
    if (word == "test-success") word = "test";
    if (std::find(std::begin(kEvents), std::end(kEvents), word) ==
        std::end(kEvents)) {
      return std::nullopt;
    }
    out.push_back(std::move(word));
  }
  return out;
}

// As Go's strconv.Atoi; 0 when it is no number.
int Weight(const Head& head) {
  const auto found = head.annotations.find(kHookWeight);
  if (found == head.annotations.end()) return 0;
  absl::string_view text = found->second;
  if (text.size() > 1 && text[0] == '+' && absl::ascii_isdigit(text[1])) {
    text.remove_prefix(1);
  }
  int weight = 0;
  const auto result =
      std::from_chars(text.data(), text.data() + text.size(), weight);
  const bool is_whole = result.ptr == text.data() + text.size();
  return result.ec == std::errc() && is_whole ? weight : 0;
}

absl::Status SortDocument(const std::string& path, std::string document,
                          Manifests& out) {
  WEIR_ASSIGN_OR_RETURN(Head head, ReadHead(document), "YAML parse error on ",
                        path);
  const auto hook = head.annotations.find(kHook);
  if (hook == head.annotations.end()) {
    out.objects.push_back({path, std::move(document),
                           std::move(head.api_version), std::move(head.kind)});
    return absl::OkStatus();
  }
  std::optional<std::vector<std::string>> events = Events(hook->second);
  if (!events.has_value()) return absl::OkStatus();
  Hook& one = out.hooks.emplace_back();
  one.name = head.name;
  one.kind = head.kind;
  one.path = path;
  one.content = std::move(document);
  one.events = *std::move(events);
  one.weight = Weight(head);
  one.delete_policies = Words(head, kHookDeletePolicy);
  one.output_log_policies = Words(head, kHookOutputLogPolicy);
  return absl::OkStatus();
}

class KindLess {
 public:
  explicit KindLess(const std::vector<absl::string_view>& order) {
    for (size_t i = 0; i < order.size(); ++i) ranks_[order[i]] = i;
  }
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    const auto rank_a = ranks_.find(a.kind);
    const auto rank_b = ranks_.find(b.kind);
    if (rank_a == ranks_.end() && rank_b == ranks_.end()) {
      return a.kind < b.kind;
    }
    if (rank_a == ranks_.end() || rank_b == ranks_.end()) {
      return rank_a != ranks_.end();
    }
    return rank_a->second < rank_b->second;
  }

 private:
  std::map<absl::string_view, size_t> ranks_;
};

}  // namespace

bool Hook::is_test() const {
  return std::find(events.begin(), events.end(), "test") != events.end();
}

std::vector<std::string> SplitManifests(absl::string_view text) {
  text = TrimLeftSpace(text);
  std::vector<std::string> out;
  size_t start = 0;
  const auto add = [&](absl::string_view document) {
    document = TrimLeftSpace(document);
    if (!document.empty()) out.emplace_back(document);
  };
  for (size_t line = 0; line <= text.size();) {
    if (text.substr(line, 3) == "---") {
      add(text.substr(start, line - start));
      start = line + 3;
      while (start < text.size() &&
             (text[start] == ' ' || text[start] == '\t')) {
        ++start;
      }
    }
    const size_t newline = text.find('\n', std::max(line, start));
    if (newline == absl::string_view::npos) break;
    line = newline + 1;
  }
  if (start < text.size()) add(text.substr(start));
  return out;
}

absl::StatusOr<Manifests> SortManifests(
    const std::map<std::string, std::string>& files) {
  Manifests out;
  for (const auto& [path, content] : files) {
    if (absl::StartsWith(path.substr(path.rfind('/') + 1), "_")) continue;
    for (std::string& document : SplitManifests(content)) {
      WEIR_RETURN_IF_ERROR(SortDocument(path, std::move(document), out));
    }
  }
  const KindLess less(InstallOrder());
  // Sorting copies what it compares with again and again.
  std::stable_sort(out.hooks.begin(), out.hooks.end(), std::cref(less));
  std::stable_sort(out.objects.begin(), out.objects.end(), std::cref(less));
  return out;
}

void SortByKind(std::vector<Manifest>& manifests,
                const std::vector<absl::string_view>& order) {
  const KindLess less(order);
  std::stable_sort(manifests.begin(), manifests.end(), std::cref(less));
}

}  // namespace weir::helm
