#include "src/generate/config_maps_secrets.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/generate/key_values.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// Broken into lines of 70 when longer, with a newline after each.
std::string EncodeBase64(absl::string_view text) {
  constexpr size_t kLine = 70;
  // What two lines hold, so that not all of it is there twice.
  constexpr size_t kBytes = 2 * kLine / 4 * 3;
  std::string encoded = absl::Base64Escape(text.substr(0, kBytes));
  if (encoded.size() < kLine) return encoded;
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4 * (kLine + 1) / kLine + 2);
  while (true) {
    for (size_t at = 0; at < encoded.size(); at += kLine) {
      out.append(encoded, at, kLine);
      out.push_back('\n');
    }
    text.remove_prefix(std::min(text.size(), kBytes));
    if (text.empty()) return out;
    absl::Base64Escape(text.substr(0, kBytes), &encoded);
  }
}

Resource::Behavior ParseBehavior(absl::string_view text) {
  if (text == "replace") return Resource::Behavior::kReplace;
  if (text == "merge") return Resource::Behavior::kMerge;
  if (text == "create") return Resource::Behavior::kCreate;
  return Resource::Behavior::kUnset;
}

void SetData(GeneratorKind kind, Pairs pairs, Value* object) {
  Value::Object data;
  Value::Object binary;
  for (auto& [key, text] : pairs) {
    if (kind == GeneratorKind::kSecret) {
      data.emplace_back(key, EncodeBase64(text));
    } else if (IsValidUtf8(text)) {
      data.emplace_back(key, std::move(text));
    } else {
      binary.emplace_back(key, EncodeBase64(text));
    }
  }
  if (!data.empty() || kind == GeneratorKind::kSecret) {
    object->Set("data", Value::FromMembers(std::move(data)));
  }
  if (!binary.empty()) {
    object->Set("binaryData", Value::FromMembers(std::move(binary)));
  }
}

void SetOptions(const GeneratorOptions& options, Value* object) {
  auto set = [&](absl::string_view field, const StringMap& entries) {
    for (const auto& [key, text] : entries) {
      object->Mutable("metadata").Mutable(field).Set(key, text);
    }
  };
  set("labels", options.labels);
  set("annotations", options.annotations);
  if (options.immutable) object->Set("immutable", true);
}

}  // namespace

void MergeGeneratorOptions(const std::optional<GeneratorOptions>& global,
                           GeneratorArgs* args) {
  if (!global.has_value()) return;
  if (!args->options.has_value()) args->options.emplace();
  GeneratorOptions& own = *args->options;
  own.labels.insert(global->labels.begin(), global->labels.end());
  own.annotations.insert(global->annotations.begin(),
                         global->annotations.end());
  own.disable_name_suffix_hash |= global->disable_name_suffix_hash;
  own.immutable |= global->immutable;
}

absl::StatusOr<std::unique_ptr<Resource>> Generate(GeneratorKind kind,
                                                   const GeneratorArgs& args,
                                                   const Loader& loader,
                                                   const Schema* schema) {
  const bool secret = kind == GeneratorKind::kSecret;
  if (args.name.empty()) return BuildError("a configmap must have a name");
  Value object = Value::MakeObject(
      {{"apiVersion", "v1"},
       {"kind", secret ? "Secret" : "ConfigMap"},
       {"metadata", Value::MakeObject({{"name", args.name}})}});
  if (!args.ns.empty()) object.Mutable("metadata").Set("namespace", args.ns);
  if (secret) object.Set("type", args.type.empty() ? "Opaque" : args.type);
  WEIR_ASSIGN_OR_RETURN(Pairs pairs, ReadPairs(loader, args),
                        "loading KV pairs");
  absl::flat_hash_set<absl::string_view> keys;
  const auto repeated = std::find_if(
      pairs.begin(), pairs.end(),
      [&keys](const auto& pair) { return !keys.insert(pair.first).second; });
  if (repeated != pairs.end()) {
    return BuildError(absl::StrCat("configmap ", args.name,
                                   " illegally repeats the key `",
                                   repeated->first, "`"));
  }
  SetData(kind, std::move(pairs), &object);
  if (args.options.has_value()) SetOptions(*args.options, &object);
  auto resource = std::make_unique<Resource>(std::move(object), schema);
  resource->needs_hash =
      !args.options.has_value() || !args.options->disable_name_suffix_hash;
  resource->is_generated = true;
  resource->behavior = ParseBehavior(args.behavior);
  return resource;
}

}  // namespace weir::kustomize
