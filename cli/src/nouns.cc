#include "nouns.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/kube/conditions.h"

namespace weir::cli {
namespace {

using Cells = std::vector<std::string>;

std::string Title(bool value) { return value ? "True" : "False"; }

void AppendReady(const Value& object, bool shorten, Cells& cells) {
  const Value& ready = kube::FindCondition(object, "Ready");
  if (ready.is_null()) {
    cells.insert(cells.end(), {"False", "waiting to be reconciled"});
    return;
  }
  cells.emplace_back(ready.GetString("status"));
  const absl::string_view message = ready.GetString("message");
  cells.push_back(shorten ? ShortenDigests(message) : std::string(message));
}

Cells WithSuspended(std::string first, const Value& object, bool shorten) {
  Cells cells = {std::move(first), Title(object["spec"].GetBool("suspend"))};
  AppendReady(object, shorten, cells);
  return cells;
}

Cells SourceCells(const Value& object) {
  if (IsStatic(object)) {
    return {"", Title(object["spec"].GetBool("suspend")), "True",
            "Helm repository is Ready"};
  }
  return WithSuspended(
      ShortenDigests(object["status"]["artifact"].GetString("revision")),
      object, true);
}

Cells ExternalCells(const Value& object) {
  const Value& ref = object["spec"]["sourceRef"];
  const absl::string_view name_space =
      ref.GetString("namespace", object["metadata"].GetString("namespace"));
  Cells cells = {
      ShortenDigests(object["status"]["artifact"].GetString("revision")),
      ref.is_object() ? absl::StrCat(ref.GetString("kind"), "/", name_space,
                                     "/", ref.GetString("name"))
                      : ""};
  AppendReady(object, true, cells);
  return cells;
}

Cells KustomizationCells(const Value& object) {
  return WithSuspended(
      ShortenDigests(object["status"].GetString("lastAppliedRevision")), object,
      true);
}

Cells HelmReleaseCells(const Value& object) {
  const Value& status = object["status"];
  const Value& last = status["history"][size_t{0}];
  return WithSuspended(
      std::string(last.is_object() ? last.GetString("chartVersion")
                                   : status.GetString("lastAttemptedRevision")),
      object, false);
}

Cells ImageRepositoryCells(const Value& object) {
  return WithSuspended(
      std::string(object["status"]["lastScanResult"].GetString("scanTime")),
      object, false);
}

Cells ImagePolicyCells(const Value& object) {
  const Value& latest = object["status"]["latestRef"];
  Cells cells = {std::string(latest.GetString("name")),
                 std::string(latest.GetString("tag"))};
  AppendReady(object, false, cells);
  return cells;
}

Cells ImageUpdateCells(const Value& object) {
  return WithSuspended(
      std::string(object["status"].GetString("lastAutomationRunTime")), object,
      false);
}

Cells ReceiverCells(const Value& object) {
  Cells cells = {Title(object["spec"].GetBool("suspend"))};
  AppendReady(object, false, cells);
  return cells;
}

Cells AlertCells(const Value& object) {
  return {Title(object["spec"].GetBool("suspend")), "True", "Alert is Ready"};
}

Cells ProviderCells(const Value&) { return {"True", "Provider is Ready"}; }

Noun MakeSource(absl::string_view name, absl::string_view kind,
                absl::string_view human) {
  return {NounGroup::kSource,
          {name},
          name,
          {"source.toolkit.fluxcd.io", "v1", std::string(kind)},
          human,
          {"Revision", "Suspended", "Ready", "Message"},
          SourceCells};
}

std::vector<Noun> MakeNouns() {
  const std::vector<absl::string_view> usual = {"Revision", "Suspended",
                                                "Ready", "Message"};
  std::vector<Noun> nouns = {
      MakeSource("oci", "OCIRepository", "source oci"),
      MakeSource("bucket", "Bucket", "source bucket"),
      MakeSource("git", "GitRepository", "source git"),
      MakeSource("helm", "HelmRepository", "source helm"),
      MakeSource("chart", "HelmChart", "source chart"),
      MakeSource("external", "ExternalArtifact", "external artifact"),
      {NounGroup::kNone,
       {"kustomization", "ks"},
       "kustomizations",
       {"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"},
       "kustomization",
       usual,
       KustomizationCells},
      {NounGroup::kNone,
       {"helmrelease", "hr"},
       "helmreleases",
       {"helm.toolkit.fluxcd.io", "v2", "HelmRelease"},
       "helmrelease",
       usual,
       HelmReleaseCells},
      {NounGroup::kNone,
       {"receiver"},
       "receivers",
       {"notification.toolkit.fluxcd.io", "v1", "Receiver"},
       "receiver",
       {"Suspended", "Ready", "Message"},
       ReceiverCells},
      {NounGroup::kNone,
       {"alert-provider", "provider", "providers"},
       "alert-providers",
       {"notification.toolkit.fluxcd.io", "v1beta3", "Provider"},
       "alert provider",
       {"Ready", "Message"},
       ProviderCells,
       false},
      {NounGroup::kNone,
       {"alert"},
       "alerts",
       {"notification.toolkit.fluxcd.io", "v1beta3", "Alert"},
       "alert",
       {"Suspended", "Ready", "Message"},
       AlertCells,
       false},
      {NounGroup::kImage,
       {"repository"},
       "repository",
       {"image.toolkit.fluxcd.io", "v1", "ImageRepository"},
       "image repository",
       {"Last scan", "Suspended", "Ready", "Message"},
       ImageRepositoryCells},
      {NounGroup::kImage,
       {"policy"},
       "policy",
       {"image.toolkit.fluxcd.io", "v1", "ImagePolicy"},
       "image policy",
       {"Image", "Tag", "Ready", "Message"},
       ImagePolicyCells},
      {NounGroup::kImage,
       {"update"},
       "update",
       {"image.toolkit.fluxcd.io", "v1", "ImageUpdateAutomation"},
       "image update automation",
       {"Last run", "Suspended", "Ready", "Message"},
       ImageUpdateCells},
  };
  Noun& external = nouns[5];
  external.columns = {"Revision", "Source", "Ready", "Message"};
  external.cells = ExternalCells;
  external.can_reconcile = external.can_suspend = false;
  return nouns;
}

}  // namespace

const std::vector<Noun>& Nouns() {
  static const auto* const nouns = new std::vector<Noun>(MakeNouns());
  return *nouns;
}

bool IsStatic(const Value& object) {
  const absl::string_view kind = object.GetString("kind");
  return kind == "Alert" || kind == "Provider" ||
         (kind == "HelmRepository" &&
          object["spec"].GetString("type") == "oci");
}

std::string RevisionLine(const Noun& noun, const Value& object) {
  const Value& status = object["status"];
  if (noun.group == NounGroup::kSource) {
    return absl::StrCat("fetched revision ",
                        status["artifact"].GetString("revision"));
  }
  if (noun.gvk.kind == "Kustomization") {
    return absl::StrCat("applied revision ",
                        status.GetString("lastAppliedRevision"));
  }
  if (noun.gvk.kind == "HelmRelease") {
    return absl::StrCat("applied revision ", HelmReleaseCells(object)[0]);
  }
  if (noun.gvk.kind == "ImageRepository") {
    return absl::StrCat("scan fetched ",
                        status["lastScanResult"].GetInt("tagCount"), " tags");
  }
  if (noun.gvk.kind == "ImagePolicy") {
    const Value& latest = status["latestRef"];
    return absl::StrCat("selected ref ", latest.GetString("name"), ":",
                        latest.GetString("tag"));
  }
  if (noun.gvk.kind == "Receiver") {
    return "Receiver reconciliation completed";
  }
  return "";
}

std::string ShortenDigests(absl::string_view text) {
  constexpr size_t kShort = 8, kShortest = 40, kLongest = 128;
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() &&
           (absl::ascii_isalnum(text[end]) || text[end] == '_')) {
      ++end;
    }
    const absl::string_view word = text.substr(i, end - i);
    const bool is_digest =
        word.size() >= kShortest && word.size() <= kLongest &&
        word.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
    absl::StrAppend(&out, is_digest ? word.substr(0, kShort) : word);
    if (end < text.size()) out.push_back(text[end++]);
    i = end;
  }
  return out;
}

}  // namespace weir::cli
