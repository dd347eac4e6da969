#include "weir/helm/provenance.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "src/go_text.h"
#include "src/json_decoding.h"
#include "src/yaml.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/crypto/openpgp.h"

namespace weir::helm {
namespace {

constexpr size_t kMaxKeyringBytes = 4u << 20;
// Between Chart.yaml and the digests.
constexpr char kSeparator[] = "\n...\n";

absl::StatusOr<std::map<std::string, std::string>> ReadDigests(
    absl::string_view text) {
  const size_t separator = text.find(kSeparator);
  if (separator == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "message block must have at least two parts");
  }
  text.remove_prefix(separator + sizeof(kSeparator) - 1);
  text = text.substr(0, text.find(kSeparator));
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadYaml(text));
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> images;
  JsonDecoder reader(kDecoding);
  reader.Struct(
      value, "provenance.SumCollection",
      {{"files", [&](const Value& v) { reader.StringMap(v, &files); }},
       {"images", [&](const Value& v) { reader.StringMap(v, &images); }}});
  if (reader.status().ok()) return files;
  return absl::InvalidArgumentError(
      absl::StrCat("error unmarshaling JSON: while decoding JSON: ",
                   reader.status().message()));
}

}  // namespace

absl::Status VerifyProvenance(absl::string_view archive,
                              absl::string_view provenance,
                              const std::string& file_name,
                              const std::string& keyring) {
  absl::StatusOr<std::string> keys = ReadFile(keyring, kMaxKeyringBytes);
  if (absl::IsNotFound(keys.status())) {
    return absl::NotFoundError(absl::StrCat("failed to load keyring: open ",
                                            keyring,
                                            ": no such file or directory"));
  }
  WEIR_RETURN_IF_ERROR(keys.status(), "failed to load keyring");
  if (!keys->empty() && (static_cast<unsigned char>((*keys)[0]) & 0x80) == 0) {
    return absl::InvalidArgumentError(
        "failed to load keyring: openpgp: invalid data: tag byte does not have "
        "MSB set");
  }
  WEIR_ASSIGN_OR_RETURN(const crypto::SignedText signed_text,
                        crypto::VerifySignedText(provenance, *keys));
  WEIR_ASSIGN_OR_RETURN(const auto digests, ReadDigests(signed_text.text));
  const auto found = digests.find(file_name);
  if (found == digests.end()) {
    return absl::PermissionDeniedError(
        absl::StrCat("provenance does not contain a SHA for a file named ",
                     GoQuote(file_name)));
  }
  const std::string digest =
      absl::StrCat("sha256:", crypto::Sha256Hex(archive));
  if (found->second == digest) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("sha256 sum does not match for ", file_name, ": ",
                   GoQuote(found->second), " != ", GoQuote(digest)));
}

}  // namespace weir::helm
