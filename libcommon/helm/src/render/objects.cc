#include "src/render/objects.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/render/yaml_text.h"
#include "src/values/tables.h"
#include "weir/base/status.h"

namespace weir::helm {

using gotmpl::Any;
using gotmpl::Dict;
using gotmpl::Kind;
using gotmpl::Type;

namespace {

Any Texts(const std::vector<std::string>& texts) {
  std::vector<Any> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(Any::String(text));
  return Any::List(std::move(items));
}

Any AnnotationsObject(const Metadata& metadata) {
  const std::map<std::string, std::string>& texts = metadata.annotations;
  if (texts.empty() && !metadata.has_annotations) {
    return Any::Nil(gotmpl::types::StringDict());
  }
  Any map = Any::NewDict(gotmpl::types::StringDict());
  for (const auto& [key, text] : texts) {
    map.AsDict()->Set(key, Any::String(text));
  }
  return map;
}

Any ImportValuesObject(const std::vector<Value>& imports) {
  std::vector<Any> items;
  for (const Value& one : imports) {
    Any map = Any::NewDict(gotmpl::types::StringDict());
    for (const Value::Member& member : one.object()) {
      if (!member.value.is_string()) continue;
      map.AsDict()->Set(member.key, Any::String(member.value.AsString()));
    }
    items.push_back(std::move(map));
  }
  return Any::List(std::move(items));
}

Any DependencyObject(const Dependency& one) {
  Any out = Any::NewDict();
  Dict& map = *out.AsDict();
  map.Set("Name", Any::String(one.name));
  map.Set("Version", Any::String(one.version));
  map.Set("Repository", Any::String(one.repository));
  map.Set("Condition", Any::String(one.condition));
  map.Set("Tags", Texts(one.tags));
  map.Set("Enabled", Any::Bool(one.enabled));
  map.Set("ImportValues", ImportValuesObject(one.import_values));
  map.Set("Alias", Any::String(one.alias));
  return out;
}

// A struct whose fields are known beforehand.
class Fields final : public gotmpl::Object {
 public:
  explicit Fields(std::vector<Any> fields) : fields_(std::move(fields)) {}
  Any GetField(size_t index) const override { return fields_[index]; }

 private:
  const std::vector<Any> fields_;
};

// What a KubeVersion prints as: the normalized version where there is one.
Any TextOfKubeVersion(const Any& version) {
  const gotmpl::Object& fields = *version.AsObject();
  Any normalized = fields.GetField(1);
  return normalized.AsString().empty() ? fields.GetField(0) : normalized;
}

// A copy, which has neither methods nor text: those are a pointer's.
const Type* KubeVersionCopyType() {
  static const Type& type = *new Type{
      .name = "common.KubeVersion",
      .kind = Kind::kStruct,
      .is_named = true,
      .fields = {{"Version", gotmpl::types::String()},
                 {"normalizedVersion", gotmpl::types::String()},
                 {"Major", gotmpl::types::String()},
                 {"Minor", gotmpl::types::String()}},
      .json = [](const Any& version) -> absl::StatusOr<Value> {
        const gotmpl::Object& fields = *version.AsObject();
        return Value::MakeObject(
            {{"Version", Value(fields.GetField(0).AsString())},
             {"Major", Value(fields.GetField(2).AsString())},
             {"Minor", Value(fields.GetField(3).AsString())}});
      },
      .json_order = {"Version", "Major", "Minor"},
  };
  return &type;
}

const Type* KubeVersionType() {
  static const Type& type = *[] {
    Type* made = new Type(*KubeVersionCopyType());
    made->methods = {{"GitVersion", "func() string",
                      [](gotmpl::Call& call) -> absl::StatusOr<Any> {
                        return call.receiver.AsObject()->GetField(0);
                      }},
                     {"String", "func() string",
                      [](gotmpl::Call& call) -> absl::StatusOr<Any> {
                        return TextOfKubeVersion(call.receiver);
                      }}};
    made->text = [](const Any& version) {
      return std::string(TextOfKubeVersion(version).AsString());
    };
    made->is_text_of_pointer = true;
    made->in_interface = KubeVersionCopyType();
    return made;
  }();
  return &type;
}

const Type* VersionSetType() {
  static const Type& type = *new Type{
      .name = "common.VersionSet",
      .kind = Kind::kSlice,
      .elem = gotmpl::types::String(),
      .is_named = true,
      .methods = {{"Has", "func(string) bool",
                   [](gotmpl::Call& call) -> absl::StatusOr<Any> {
                     for (size_t i = 0; i < call.receiver.size(); ++i) {
                       if (call.receiver.At(i).AsString() ==
                           call.args[0].AsString()) {
                         return Any::Bool(true);
                       }
                     }
                     return Any::Bool(false);
                   }}},
  };
  return &type;
}

const Type* BuildInfoType() {
  static const Type& type = *new Type{
      .name = "version.BuildInfo",
      .kind = Kind::kStruct,
      .is_named = true,
      .fields = {{"Version", gotmpl::types::String()},
                 {"GitCommit", gotmpl::types::String()},
                 {"GitTreeState", gotmpl::types::String()},
                 {"GoVersion", gotmpl::types::String()},
                 {"KubeClientVersion", gotmpl::types::String()}},
      .json = [](const Any& info) -> absl::StatusOr<Value> {
        Value out = Value::MakeObject();
        constexpr const char* kNames[] = {"version", "git_commit",
                                          "git_tree_state", "go_version",
                                          "kube_client_version"};
        for (size_t i = 0; i < 5; ++i) {
          const Any field = info.AsObject()->GetField(i);
          if (i < 4 && field.size() == 0) continue;
          out.Set(kNames[i], Value(field.AsString()));
        }
        return out;
      },
      .json_order = {"version", "git_commit", "git_tree_state", "go_version",
                     "kube_client_version"},
  };
  return &type;
}

const Type* CapabilitiesType() {
  static const Type& type = *new Type{
      .name = "common.Capabilities",
      .kind = Kind::kStruct,
      .is_named = true,
      .fields = {{"KubeVersion", KubeVersionType()},
                 {"APIVersions", VersionSetType()},
                 {"HelmVersion", BuildInfoType()}},
  };
  return &type;
}

const Type* CapabilitiesPointerType() {
  static const Type& type = *new Type{
      .name = "*common.Capabilities",
      .kind = Kind::kPtr,
      .elem = CapabilitiesType(),
      .fields = CapabilitiesType()->fields,
  };
  return &type;
}

Any Struct(const Type* type, std::vector<Any> fields) {
  return Any::OfObject(type, new Fields(std::move(fields)));
}

absl::StatusOr<Any> AsMap(gotmpl::Call& call) {
  if (call.receiver.size() == 0) return Any::NewDict();
  return call.receiver.WithType(gotmpl::types::Dict());
}

absl::StatusOr<Any> Yaml(gotmpl::Call& call) {
  WEIR_ASSIGN_OR_RETURN(const std::string text,
                        MarshalYamlText(call, call.receiver));
  return Any::String(text + "\n");
}

absl::StatusOr<Any> Table(gotmpl::Call& call) {
  const Any* found =
      FindTable(*call.receiver.AsDict(), call.args[0].AsString());
  if (found != nullptr) return found->WithType(ValuesType());
  // The part of the path that leads nowhere.
  Any at = call.receiver;
  for (absl::string_view part : absl::StrSplit(call.args[0].AsString(), '.')) {
    const Any* next = at.AsDict()->Find(part);
    if (next == nullptr || !next->is_dict()) {
      return absl::InvalidArgumentError(
          absl::StrCat(GoQuote(part), " is not a table"));
    }
    at = *next;
  }
  return at;
}

absl::StatusOr<Any> PathValue(gotmpl::Call& call) {
  const absl::string_view path = call.args[0].AsString();
  if (path.empty()) {
    return absl::InvalidArgumentError("YAML path cannot be empty");
  }
  const Any* found = FindScalar(*call.receiver.AsDict(), path);
  if (found != nullptr) return *found;
  return absl::InvalidArgumentError(absl::StrCat(
      GoQuote(path.substr(path.rfind('.') + 1)), " is not a value"));
}

}  // namespace

const Type* ValuesType() {
  static const Type& type = *new Type{
      .name = "common.Values",
      .kind = Kind::kMap,
      .elem = gotmpl::types::Interface(),
      .is_named = true,
      .methods = {{"AsMap", "func() map[string]interface {}", AsMap},
                  {"PathValue", "func(string) (interface {}, error)",
                   PathValue},
                  {"Table", "func(string) (map[string]interface {}, error)",
                   Table},
                  {"YAML", "func() (string, error)", Yaml}},
  };
  return &type;
}

Any MakeChartObject(const Chart& chart) {
  const Metadata& metadata = chart.metadata;
  Any out = Any::NewDict();
  Dict& map = *out.AsDict();
  map.Set("Name", Any::String(metadata.name));
  map.Set("Home", Any::String(metadata.home));
  map.Set("Sources", Texts(metadata.sources));
  map.Set("Version", Any::String(metadata.version));
  map.Set("Description", Any::String(metadata.description));
  map.Set("Keywords", Texts(metadata.keywords));
  std::vector<Any> maintainers;
  for (const Maintainer& one : metadata.maintainers) {
    Any person = Any::NewDict();
    person.AsDict()->Set("Name", Any::String(one.name));
    person.AsDict()->Set("Email", Any::String(one.email));
    person.AsDict()->Set("URL", Any::String(one.url));
    maintainers.push_back(std::move(person));
  }
  map.Set("Maintainers", Any::List(std::move(maintainers)));
  map.Set("Icon", Any::String(metadata.icon));
  map.Set("APIVersion", Any::String(metadata.api_version));
  map.Set("Condition", Any::String(metadata.condition));
  map.Set("Tags", Any::String(metadata.tags));
  map.Set("AppVersion", Any::String(metadata.app_version));
  map.Set("Deprecated", Any::Bool(metadata.deprecated));
  map.Set("Annotations", AnnotationsObject(metadata));
  map.Set("KubeVersion", Any::String(metadata.kube_version));
  std::vector<Any> dependencies;
  for (const Dependency& one : metadata.dependencies) {
    dependencies.push_back(DependencyObject(one));
  }
  map.Set("Dependencies", Any::List(std::move(dependencies)));
  map.Set("Type", Any::String(metadata.type));
  map.Set("IsRoot", Any::Bool(chart.is_root));
  return out;
}

Any MakeReleaseObject(const Release& release) {
  Any out = Any::NewDict();
  Dict& map = *out.AsDict();
  map.Set("Name", Any::String(release.name));
  map.Set("Namespace", Any::String(release.name_space));
  map.Set("IsUpgrade", Any::Bool(release.is_upgrade));
  map.Set("IsInstall", Any::Bool(!release.is_upgrade));
  map.Set("Revision", Any::Int(release.revision));
  map.Set("Service", Any::String("Helm"));
  return out;
}

Any MakeCapabilitiesObject(const Capabilities& capabilities) {
  const KubeVersion& kube = capabilities.kube_version;
  std::vector<Any> versions;
  versions.reserve(capabilities.api_versions.size());
  for (const std::string& one : capabilities.api_versions) {
    versions.push_back(Any::String(one));
  }
  return Struct(
      CapabilitiesPointerType(),
      {Struct(KubeVersionType(),
              {Any::String(kube.version), Any::String(kube.normalized),
               Any::String(kube.major), Any::String(kube.minor)}),
       Any::List(std::move(versions), VersionSetType()),
       Struct(BuildInfoType(),
              {Any::String(capabilities.helm_version),
               Any::String(capabilities.git_commit),
               Any::String(capabilities.git_tree_state),
               Any::String(capabilities.go_version),
               Any::String(capabilities.kube_client_version)})});
}

}  // namespace weir::helm
