// `.Files`: a map of the chart's other files, with methods.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "src/render/file_glob.h"
#include "src/render/objects.h"
#include "src/render/yaml_text.h"
#include "weir/base/status.h"
#include "weir/gotmpl/template.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Dict;
using gotmpl::Type;

namespace {

const Type* FilesType();

// The file's bytes; empty ones when there is no such file.
Any Contents(const gotmpl::Call& call) {
  const Any* found = call.receiver.AsDict()->Find(call.args[0].AsString());
  return found == nullptr ? Any::Bytes("") : *found;
}

absl::StatusOr<Any> Get(gotmpl::Call& call) {
  return Any::String(Contents(call).AsString());
}

absl::StatusOr<Any> GetBytes(gotmpl::Call& call) { return Contents(call); }

absl::StatusOr<Any> Glob(gotmpl::Call& call) {
  const FileGlob glob(call.args[0].AsString());
  WEIR_RETURN_IF_ERROR(call.execution.Step(40 + call.args[0].size() * 16 +
                                           call.receiver.size() * 8));
  Any out = Any::NewDict(FilesType());
  for (const auto& [name, contents] : *call.receiver.AsDict()) {
    if (glob.Matches(name.view())) out.AsDict()->Set(name.view(), contents);
  }
  return out;
}

absl::StatusOr<Any> Lines(gotmpl::Call& call) {
  const Any* found = call.receiver.AsDict()->Find(call.args[0].AsString());
  if (found == nullptr) return Any::List({}, gotmpl::types::StringList());
  absl::string_view text = found->AsString();
  if (text.empty()) {
    // As Helm 4.2 does, where an empty file is a mistake of its own.
    return absl::InvalidArgumentError("runtime error: index out of range [-1]");
  }
  if (text.back() == '\n') text.remove_suffix(1);
  // What a line costs besides its bytes.
  constexpr size_t kEach = 64;
  const auto count =
      1 + static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(count * kEach + text.size()));
  std::vector<Any> lines;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    lines.push_back(Any::String(line));
  }
  return Any::List(std::move(lines), gotmpl::types::StringList());
}

// A map of base names to what `encode` makes of contents, as YAML.
template <typename Encode>
absl::StatusOr<Any> AsYaml(gotmpl::Call& call, Encode encode) {
  Any map = Any::NewDict();
  size_t bytes = 0;
  for (const auto& [name, contents] : *call.receiver.AsDict()) {
    bytes += contents.size();
  }
  // Most of it exists three times while it is written.
  WEIR_RETURN_IF_ERROR(call.execution.Charge(bytes));
  WEIR_RETURN_IF_ERROR(call.execution.Reserve(3 * bytes));
  for (const auto& [name, contents] : *call.receiver.AsDict()) {
    absl::string_view base = name.view();
    base.remove_prefix(base.rfind('/') + 1);
    map.AsDict()->Set(base, Any::String(encode(contents.AsString())));
  }
  return ToYaml(call, map);
}

absl::StatusOr<Any> AsConfig(gotmpl::Call& call) {
  return AsYaml(call, [](absl::string_view text) { return std::string(text); });
}

absl::StatusOr<Any> AsSecrets(gotmpl::Call& call) {
  return AsYaml(
      call, [](absl::string_view text) { return absl::Base64Escape(text); });
}

const Type* FilesType() {
  static const Type& type = *new Type{
      .name = "engine.files",
      .kind = gotmpl::Kind::kMap,
      .elem = gotmpl::types::Bytes(),
      .is_named = true,
      .methods = {{"AsConfig", "func() string", AsConfig},
                  {"AsSecrets", "func() string", AsSecrets},
                  {"Get", "func(string) string", Get},
                  {"GetBytes", "func(string) []uint8", GetBytes},
                  {"Glob", "func(string) map[string][]uint8", Glob},
                  {"Lines", "func(string) []string", Lines}},
  };
  return &type;
}

}  // namespace

Any MakeFilesObject(const std::vector<File>& files) {
  Any out = Any::NewDict(FilesType());
  for (const File& file : files) {
    out.AsDict()->Set(file.name, Any::BytesView(file.data));
  }
  return out;
}

}  // namespace weir::helm
