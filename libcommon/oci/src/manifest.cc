#include "weir/oci/manifest.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::oci {
namespace {

constexpr size_t kMaxLayers = 10'000;

absl::Status Wrong(absl::string_view field, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("manifest: ", field, ": ", what));
}

std::map<std::string, std::string> ReadTexts(const Value& value) {
  std::map<std::string, std::string> out;
  for (const Value::Member& one : value.object()) {
    if (one.value.is_string()) out[one.key] = one.value.AsString();
  }
  return out;
}

absl::StatusOr<Descriptor> ReadDescriptor(const Value& value,
                                          const std::string& field) {
  if (!value.is_object()) return Wrong(field, "is no object");
  Descriptor out;
  out.media_type = std::string(value.GetString("mediaType"));
  out.digest = std::string(value.GetString("digest"));
  out.artifact_type = std::string(value.GetString("artifactType"));
  out.annotations = ReadTexts(value["annotations"]);
  out.os = std::string(value["platform"].GetString("os"));
  out.architecture = std::string(value["platform"].GetString("architecture"));
  if (const absl::Status status = crypto::ParseDigest(out.digest).status();
      !status.ok()) {
    return Wrong(absl::StrCat(field, ".digest"), status.message());
  }
  if (!value["size"].is_int() || value["size"].AsInt() < 0) {
    return Wrong(absl::StrCat(field, ".size"), "is no size");
  }
  out.size = value["size"].AsInt();
  return out;
}

absl::Status ReadDescriptors(const Value& value, const std::string& field,
                             std::vector<Descriptor>* out) {
  if (value.is_null()) return absl::OkStatus();
  if (!value.is_array()) return Wrong(field, "is no list");
  if (value.size() > kMaxLayers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("manifest: ", field, ": more than ", kMaxLayers));
  }
  for (size_t i = 0; i < value.size(); ++i) {
    WEIR_ASSIGN_OR_RETURN(
        Descriptor one,
        ReadDescriptor(value[i], absl::StrCat(field, "[", i, "]")));
    out->push_back(std::move(one));
  }
  return absl::OkStatus();
}

absl::Status ReadOptional(const Value& value, const std::string& field,
                          std::optional<Descriptor>* out) {
  if (value.is_null()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(*out, ReadDescriptor(value, field));
  return absl::OkStatus();
}

}  // namespace

bool Manifest::is_index() const {
  return self.media_type == kImageIndex ||
         self.media_type ==
             "application/vnd.docker.distribution.manifest.list.v2+json";
}

absl::StatusOr<Manifest> ParseManifest(std::string bytes,
                                       absl::string_view media_type) {
  absl::StatusOr<Value> parsed = ParseJson(bytes);
  if (!parsed.ok()) return Annotate(parsed.status(), "manifest");
  if (!parsed->is_object()) {
    return absl::InvalidArgumentError("manifest: is no JSON object");
  }
  const Value& value = *parsed;
  Manifest out;
  out.self.media_type =
      std::string(media_type.empty() || absl::StartsWith(media_type, "text/") ||
                          media_type == "application/json"
                      ? value.GetString("mediaType")
                      : media_type);
  if (out.self.media_type.empty()) {
    out.self.media_type = value.Has("manifests") ? kImageIndex : kImageManifest;
  }
  out.self.digest =
      crypto::ComputeDigest(crypto::DigestAlgorithm::kSha256, bytes).ToString();
  out.self.size = static_cast<int64_t>(bytes.size());
  out.artifact_type = std::string(value.GetString("artifactType"));
  out.annotations = ReadTexts(value["annotations"]);
  WEIR_RETURN_IF_ERROR(ReadOptional(value["config"], "config", &out.config));
  WEIR_RETURN_IF_ERROR(ReadOptional(value["subject"], "subject", &out.subject));
  WEIR_RETURN_IF_ERROR(ReadDescriptors(value["layers"], "layers", &out.layers));
  WEIR_RETURN_IF_ERROR(
      ReadDescriptors(value["manifests"], "manifests", &out.manifests));
  out.bytes = std::move(bytes);
  return out;
}

const Descriptor* FindPlatform(const Manifest& index, absl::string_view os,
                               absl::string_view architecture) {
  for (const Descriptor& one : index.manifests) {
    if (one.os == os && one.architecture == architecture) return &one;
  }
  return nullptr;
}

}  // namespace weir::oci
