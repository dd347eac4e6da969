#include "weir/helm/oci_charts.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/helm/fetch.h"
#include "weir/helm/url.h"
#include "weir/text/semver.h"

namespace weir::helm {
namespace {

constexpr char kConfigType[] = "application/vnd.cncf.helm.config.v1+json";
constexpr char kChartType[] =
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
constexpr char kOldChartType[] = "application/tar+gzip";
constexpr char kProvenanceType[] =
    "application/vnd.cncf.helm.chart.provenance.v1.prov";
constexpr char kUnderscore[] =
    " contains an underscore.\n\n"
    "OCI artifact references (e.g. tags) do not support the plus sign (+). To "
    "support\nstoring semantic versions, Helm adopts the convention of "
    "changing plus (+) to\nan underscore (_) in chart version tags when "
    "pushing to a registry and back to\na plus (+) when pulling from a "
    "registry.\n";
constexpr size_t kMaxManifests = 100;

std::string TagOf(absl::string_view version) {
  return absl::StrReplaceAll(version, {{"+", "_"}});
}

// Three numbers, nothing left out, no "v".
bool IsStrictVersion(absl::string_view text) {
  const absl::string_view numbers = text.substr(0, text.find_first_of("-+"));
  if (std::count(numbers.begin(), numbers.end(), '.') != 2) return false;
  size_t start = 0;
  while (start <= numbers.size()) {
    const size_t end = std::min(numbers.find('.', start), numbers.size());
    const absl::string_view part = numbers.substr(start, end - start);
    if (part.empty() || (part.size() > 1 && part[0] == '0')) return false;
    start = end + 1;
  }
  return text[0] >= '0' && text[0] <= '9' && text::ParseVersion(text).ok();
}

absl::Status AboutFetching(const absl::Status& status,
                           const oci::Reference& reference) {
  constexpr char kDoing[] = "failed to perform \"FetchReference\" on source";
  if (!absl::IsNotFound(status)) return Annotate(status, kDoing);
  return absl::NotFoundError(
      absl::StrCat(kDoing, ": ", reference.ToString(), ": not found"));
}

// The manifests of an image, or of all images of an index.
absl::StatusOr<std::vector<oci::Manifest>> Manifests(
    const Context& ctx, oci::Client& client, const oci::Reference& reference,
    oci::Manifest top) {
  std::vector<oci::Manifest> out;
  const std::vector<oci::Descriptor> inner =
      top.is_index() ? top.manifests : std::vector<oci::Descriptor>();
  if (inner.size() > kMaxManifests) {
    return absl::ResourceExhaustedError(
        absl::StrCat(reference.ToString(), ": too many manifests"));
  }
  out.push_back(std::move(top));
  for (const oci::Descriptor& one : inner) {
    oci::Reference child = reference;
    child.digest = one.digest;
    WEIR_ASSIGN_OR_RETURN(oci::Manifest manifest,
                          client.GetManifest(ctx, child));
    out.push_back(std::move(manifest));
  }
  return out;
}

absl::Status NoLayer(absl::string_view type) {
  return absl::FailedPreconditionError(
      absl::StrCat("manifest does not contain a layer with mediatype ", type));
}

}  // namespace

absl::StatusOr<std::string> PickTag(const std::vector<std::string>& tags,
                                    const std::string& version) {
  std::vector<text::Version> versions;
  for (const std::string& tag : tags) {
    const std::string text = absl::StrReplaceAll(tag, {{"_", "+"}});
    if (!IsStrictVersion(text)) continue;
    versions.push_back(*text::ParseVersion(text));
  }
  std::stable_sort(versions.begin(), versions.end(),
                   [](const text::Version& a, const text::Version& b) {
                     return text::CompareVersions(a, b) > 0;
                   });
  for (const text::Version& one : versions) {
    if (one.ToString() == version) return version;
  }
  if (versions.empty()) return absl::NotFoundError("no versions");
  WEIR_ASSIGN_OR_RETURN(
      const text::VersionRange range,
      text::VersionRange::Parse(version.empty() ? "*" : version));
  for (const text::Version& one : versions) {
    if (range.Contains(one)) return one.ToString();
  }
  return absl::NotFoundError(absl::StrCat(
      "could not locate a version matching provided version string ", version));
}

absl::StatusOr<OciChart> ResolveOciChart(const Context& ctx,
                                         oci::Client& client,
                                         const std::string& url,
                                         const std::string& given) {
  absl::string_view raw = absl::StripPrefix(url, kOciScheme);
  // A "+" is only right in a tag.
  const size_t at = raw.rfind('@');
  std::string name(raw.substr(0, at));
  const std::string digest(at == absl::string_view::npos ? ""
                                                         : raw.substr(at + 1));
  const size_t colon = name.rfind(':');
  if (colon != std::string::npos &&
      name.find('/', colon) == std::string::npos) {
    name =
        absl::StrCat(name.substr(0, colon + 1), TagOf(name.substr(colon + 1)));
  }
  WEIR_ASSIGN_OR_RETURN(oci::Reference reference, oci::ParseReference(name));
  std::string version = given.empty() ? reference.tag : given;
  if (!given.empty() && !reference.tag.empty() && reference.tag != given) {
    return absl::InvalidArgumentError(
        absl::StrCat("chart reference and version mismatch: ", given,
                     " is not ", reference.tag));
  }
  const std::string base = BaseName(reference.repository);
  if (!digest.empty()) {
    if (!version.empty()) {
      reference.tag = TagOf(version);
      const absl::StatusOr<oci::Descriptor> found =
          client.Resolve(ctx, reference);
      if (found.ok() && found->digest != digest) {
        return absl::FailedPreconditionError(
            absl::StrCat("chart reference digest mismatch: ", found->digest,
                         " is not ", digest));
      }
    }
    WEIR_ASSIGN_OR_RETURN(reference, oci::ParseReference(absl::StrCat(
                                         reference.Name(), "@", digest)));
    return OciChart{
        reference,
        absl::StrCat(base, "@", absl::StrReplaceAll(digest, {{":", "-"}}),
                     ".tgz")};
  }
  if (!text::ParseVersion(version).ok()) {
    reference.tag.clear();
    WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> tags,
                          client.ListTags(ctx, reference));
    absl::StatusOr<std::string> picked = PickTag(tags, version);
    if (picked.status().message() == "no versions") {
      return absl::NotFoundError(absl::StrCat(
          "unable to locate any tags in provided repository: ", url));
    }
    WEIR_ASSIGN_OR_RETURN(version, std::move(picked));
  }
  reference.tag = TagOf(version);
  if (!oci::IsTag(reference.tag)) {
    return absl::InvalidArgumentError(
        absl::StrCat("invalid reference: invalid tag \"", reference.tag, "\""));
  }
  return OciChart{reference, absl::StrCat(base, "-", version, ".tgz")};
}

absl::StatusOr<std::string> PullOciLayer(
    const Context& ctx, oci::Client& client, const oci::Reference& reference,
    OciLayer layer, int64_t max_bytes,
    const std::function<void(absl::string_view)>& print) {
  absl::StatusOr<oci::Manifest> top = client.GetManifest(ctx, reference);
  if (!top.ok()) return AboutFetching(top.status(), reference);
  const std::string digest = top->self.digest;
  WEIR_ASSIGN_OR_RETURN(const std::vector<oci::Manifest> manifests,
                        Manifests(ctx, client, reference, *std::move(top)));
  const bool is_chart = layer == OciLayer::kChart;
  size_t found = 0;
  bool has_config = false;
  const oci::Descriptor* wanted = nullptr;
  for (const oci::Manifest& manifest : manifests) {
    ++found;
    if (manifest.config.has_value() &&
        manifest.config->media_type == kConfigType) {
      has_config = true;
      ++found;
    }
    for (const oci::Descriptor& one : manifest.layers) {
      const bool fits = is_chart ? one.media_type == kChartType ||
                                       one.media_type == kOldChartType
                                 : one.media_type == kProvenanceType;
      if (!fits) continue;
      ++found;
      if (wanted == nullptr) wanted = &one;
    }
  }
  if (found < 2) {
    return absl::FailedPreconditionError(
        absl::StrCat("manifest does not contain minimum number of descriptors "
                     "(2), descriptors found: ",
                     found));
  }
  if (!has_config) {
    return absl::FailedPreconditionError(
        absl::StrCat("could not load config with mediatype ", kConfigType));
  }
  if (wanted == nullptr)
    return NoLayer(is_chart ? kChartType : kProvenanceType);
  WEIR_ASSIGN_OR_RETURN(std::string bytes,
                        client.GetBlob(ctx, reference, *wanted, max_bytes));
  if (print) {
    const std::string name = reference.ToString();
    if (wanted->media_type == kOldChartType) {
      print(absl::StrCat("Warning: chart media type ", kOldChartType,
                         " is deprecated\n"));
    }
    print(absl::StrCat("Pulled: ", name, "\nDigest: ", digest, "\n"));
    if (absl::StrContains(name, '_')) print(absl::StrCat(name, kUnderscore));
  }
  return bytes;
}

}  // namespace weir::helm
