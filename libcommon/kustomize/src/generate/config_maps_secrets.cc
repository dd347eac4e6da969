#include "src/generate/generators.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/load/paths.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Go's bufio.Scanner gives up at a longer line, without an error.
constexpr size_t kMaxEnvLine = 64 * 1024;

bool IsValidUtf8(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const unsigned char lead = text[at];
    size_t more = 0;
    unsigned min = 0;
    unsigned code = lead;
    if (lead < 0x80) {
      ++at;
      continue;
    }
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1, min = 0x80, code = lead & 0x1F;
    } else if ((lead & 0xF0) == 0xE0) {
      more = 2, min = 0x800, code = lead & 0x0F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3, min = 0x10000, code = lead & 0x07;
    } else {
      return false;
    }
    if (at + more >= text.size()) return false;
    for (size_t i = 1; i <= more; ++i) {
      const unsigned char next = text[at + i];
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3F);
    }
    if (code < min || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return false;
    }
    at += more + 1;
  }
  return true;
}

// Go's unicode.IsSpace, for what occurs before a key.
void TrimLeft(absl::string_view* line) {
  while (!line->empty() &&
         absl::StrContains(" \t\n\v\f\r", line->substr(0, 1))) {
    line->remove_prefix(1);
  }
}

absl::Status ParseEnvFile(absl::string_view text, Pairs* out) {
  bool first = true;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    absl::string_view line = text.substr(0, end);
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
    if (line.size() >= kMaxEnvLine) break;
    absl::ConsumeSuffix(&line, "\r");
    if (!IsValidUtf8(line)) {
      return BuildError(absl::StrCat(
          "line [",
          absl::StrJoin(line, " ",
                        [](std::string* o, char c) {
                          absl::StrAppend(
                              o,
                              static_cast<int>(static_cast<unsigned char>(c)));
                        }),
          "] has invalid utf8 bytes : ", line));
    }
    if (first) absl::ConsumePrefix(&line, "\xEF\xBB\xBF");
    first = false;
    TrimLeft(&line);
    if (line.empty() || line[0] == '#') continue;
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (pair.first.empty()) continue;
    out->emplace_back(std::string(pair.first), std::string(pair.second));
  }
  return absl::OkStatus();
}

absl::Status ReadEnvs(const Loader& loader, const GeneratorArgs& args,
                      Pairs* out) {
  for (const std::string& path : args.envs) {
    WEIR_ASSIGN_OR_RETURN(const std::string text, loader.Load(path));
    WEIR_RETURN_IF_ERROR(ParseEnvFile(text, out));
  }
  return absl::OkStatus();
}

absl::Status ReadLiterals(const GeneratorArgs& args, Pairs* out) {
  for (const std::string& literal : args.literals) {
    const size_t equals = literal.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return BuildError(absl::StrCat("invalid literal source ", literal,
                                     ", expected key=value"));
    }
    std::string value = literal.substr(equals + 1);
    if (value.size() >= 2 && value.front() == value.back() &&
        (value.front() == '"' || value.front() == '\'')) {
      value = value.substr(1, value.size() - 2);
    }
    out->emplace_back(literal.substr(0, equals), std::move(value));
  }
  return absl::OkStatus();
}

absl::Status ReadFiles(const Loader& loader, const GeneratorArgs& args,
                       Pairs* out) {
  for (const std::string& source : args.files) {
    const auto separators = std::count(source.begin(), source.end(), '=');
    std::string key = BaseName(source);
    std::string path = source;
    if (separators > 1) {
      return BuildError(absl::StrCat("source \"", source,
                                     "\" key name or file path contains '='"));
    }
    if (separators == 1) {
      const size_t equals = source.find('=');
      key = source.substr(0, equals);
      path = source.substr(equals + 1);
      if (key.empty()) {
        return BuildError(absl::StrCat("missing key name for file path \"",
                                       path, "\" in source \"", source, "\""));
      }
      if (path.empty()) {
        return BuildError(absl::StrCat("missing file path for key name \"", key,
                                       "\" in source \"", source, "\""));
      }
    }
    WEIR_ASSIGN_OR_RETURN(std::string text, loader.Load(path));
    out->emplace_back(std::move(key), std::move(text));
  }
  return absl::OkStatus();
}

absl::StatusOr<Pairs> ReadPairs(const Loader& loader,
                                const GeneratorArgs& args) {
  Pairs pairs;
  WEIR_RETURN_IF_ERROR(ReadEnvs(loader, args, &pairs), "env source files: [",
                       absl::StrJoin(args.envs, " "), "]");
  WEIR_RETURN_IF_ERROR(ReadLiterals(args, &pairs), "literal sources [",
                       absl::StrJoin(args.literals, " "), "]");
  WEIR_RETURN_IF_ERROR(ReadFiles(loader, args, &pairs), "file sources: [",
                       absl::StrJoin(args.files, " "), "]");
  return pairs;
}

// Broken into lines of 70 when longer, with a newline after each.
std::string EncodeBase64(absl::string_view text) {
  constexpr size_t kLine = 70;
  const std::string encoded = absl::Base64Escape(text);
  if (encoded.size() < kLine) return encoded;
  std::string out;
  out.reserve(encoded.size() + encoded.size() / kLine + 1);
  for (size_t at = 0; at < encoded.size(); at += kLine) {
    out.append(encoded, at, kLine);
    out.push_back('\n');
  }
  return out;
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
  std::vector<absl::string_view> keys;
  for (const auto& pair : pairs) keys.push_back(pair.first);
  std::sort(keys.begin(), keys.end());
  auto repeated = std::adjacent_find(keys.begin(), keys.end());
  if (repeated != keys.end()) {
    return BuildError(absl::StrCat("configmap ", args.name,
                                   " illegally repeats the key `", *repeated,
                                   "`"));
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
