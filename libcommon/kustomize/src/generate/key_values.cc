#include "src/generate/key_values.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/load/paths.h"
#include "src/model/go_space.h"
#include "src/model/resource.h"
#include "weir/base/status.h"

namespace weir::kustomize {
namespace {

// Go's bufio.Scanner gives up at a longer line, without an error.
constexpr size_t kMaxEnvLine = 64 * 1024;
// More than an object that a server takes can hold.
constexpr size_t kMaxPairs = 200000;

absl::Status AddPair(std::string key, std::string value, Pairs* out) {
  if (out->size() == kMaxPairs) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxPairs, " keys"));
  }
  out->emplace_back(std::move(key), std::move(value));
  return absl::OkStatus();
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
    line = TrimSpaceLeft(line);
    if (line.empty() || line[0] == '#') continue;
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (pair.first.empty()) continue;
    WEIR_RETURN_IF_ERROR(
        AddPair(std::string(pair.first), std::string(pair.second), out));
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
    WEIR_RETURN_IF_ERROR(
        AddPair(literal.substr(0, equals), std::move(value), out));
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

}  // namespace

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

}  // namespace weir::kustomize
