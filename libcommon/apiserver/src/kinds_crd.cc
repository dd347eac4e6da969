// CustomResourceDefinitions: what is wrong with one, and the kinds it makes.
// Source: apiextensions-apiserver, package apis/apiextensions/validation.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "kinds.h"
#include "names.h"
#include "schema_crd.h"
#include "weir/base/status.h"
#include "weir/kube/conditions.h"

namespace weir::apiserver {
namespace {

using Errors = std::vector<FieldError>;

void AddJoined(const NameProblems& problems, const std::string& field,
               absl::string_view value, Errors& errors,
               absl::string_view prefix = "") {
  if (problems.empty()) return;
  errors.push_back(InvalidError(
      field, Value(value), absl::StrCat(prefix, absl::StrJoin(problems, ","))));
}

bool AllEqual(const Value& versions, absl::string_view key) {
  for (const Value& version : versions.array()) {
    if (version[key] != versions[size_t{0}][key]) return false;
  }
  return true;
}

// Where a version's part is in error messages: what is alike in all versions
// counts as one thing of the whole definition.
std::string PathOf(const Value& versions, size_t index, absl::string_view key,
                   absl::string_view common) {
  if (AllEqual(versions, key)) return absl::StrCat("spec.", common);
  return absl::StrCat("spec.versions[", index, "].", key);
}

void CheckNames(const Value& names, const std::string& path, Errors& errors) {
  for (absl::string_view key : {"plural", "singular", "kind", "listKind"}) {
    if (names.GetString(key).empty()) {
      errors.push_back(RequiredError(absl::StrCat(path, ".", key)));
    }
  }
  constexpr absl::string_view kMixed =
      "may have mixed case, but should otherwise match: ";
  std::string plural(names.GetString("plural"));
  std::string singular(names.GetString("singular"));
  std::string kind(names.GetString("kind"));
  std::string list_kind(names.GetString("listKind"));
  if (!plural.empty()) {
    AddJoined(CheckDns1035Label(plural), path + ".plural", plural, errors);
  }
  if (!singular.empty()) {
    AddJoined(CheckDns1035Label(singular), path + ".singular", singular,
              errors);
  }
  if (!kind.empty()) {
    AddJoined(CheckDns1035Label(absl::AsciiStrToLower(kind)), path + ".kind",
              kind, errors, kMixed);
  }
  if (!list_kind.empty()) {
    AddJoined(CheckDns1035Label(absl::AsciiStrToLower(list_kind)),
              path + ".listKind", list_kind, errors, kMixed);
  }
  for (absl::string_view key : {"shortNames", "categories"}) {
    for (size_t i = 0; i < names[key].size(); ++i) {
      const Value& name = names[key][i];
      if (!name.is_string()) continue;
      AddJoined(CheckDns1035Label(name.AsString()),
                absl::StrCat(path, ".", key, "[", i, "]"), name.AsString(),
                errors);
    }
  }
  if (!kind.empty() && kind == list_kind) {
    errors.push_back(InvalidError(path + ".listKind", Value(list_kind),
                                  "kind and listKind may not be the same"));
  }
}

// ".spec.replicas"
void CheckSimplePath(const Value& scale, absl::string_view key,
                     const std::string& path,
                     const std::vector<absl::string_view>& roots,
                     absl::string_view why, bool is_required, Errors& errors) {
  const std::string field = absl::StrCat(path, ".scale.", key);
  std::string text(scale.GetString(key));
  if (text.empty()) {
    if (is_required) errors.push_back(RequiredError(field));
    return;
  }
  if (text[0] != '.') {
    errors.push_back(InvalidError(field, Value(text),
                                  "must be a simple json path starting with "
                                  "."));
    return;
  }
  for (absl::string_view root : roots) {
    if (absl::StartsWith(text, root)) return;
  }
  errors.push_back(InvalidError(field, Value(text), why));
}

void CheckSubresources(const Value& subresources, const std::string& path,
                       Errors& errors) {
  const Value& scale = subresources["scale"];
  if (!scale.is_object()) return;
  CheckSimplePath(scale, "specReplicasPath", path, {".spec."},
                  "should be a json path under .spec", true, errors);
  CheckSimplePath(scale, "statusReplicasPath", path, {".status."},
                  "should be a json path under .status", true, errors);
  CheckSimplePath(scale, "labelSelectorPath", path, {".spec.", ".status."},
                  "should be a json path under either .spec or .status", false,
                  errors);
}

void CheckColumns(const Value& columns, const std::string& path,
                  Errors& errors) {
  constexpr absl::string_view kTypes =
      "must be one of boolean,date,integer,number,string";
  constexpr absl::string_view kFormats =
      "must be one of byte,date,date-time,double,float,int32,int64,password";
  for (size_t i = 0; i < columns.size(); ++i) {
    const Value& column = columns[i];
    const std::string at = absl::StrCat(path, "[", i, "]");
    if (column.GetString("name").empty()) {
      errors.push_back(RequiredError(at + ".name"));
    }
    absl::string_view type = column.GetString("type");
    if (type.empty()) {
      errors.push_back(RequiredError(at + ".type", kTypes));
    } else if (type != "boolean" && type != "date" && type != "integer" &&
               type != "number" && type != "string") {
      errors.push_back(InvalidError(at + ".type", Value(type), kTypes));
    }
    absl::string_view format = column.GetString("format");
    static const std::set<absl::string_view>& formats =
        *new std::set<absl::string_view>{"",          "byte",   "date",
                                         "date-time", "double", "float",
                                         "int32",     "int64",  "password"};
    if (formats.count(format) == 0) {
      errors.push_back(InvalidError(at + ".format", Value(format), kFormats));
    }
    if (column.GetString("jsonPath").empty()) {
      errors.push_back(RequiredError(at + ".JSONPath"));
    }
  }
}

// A default must be what its schema takes, and know no other fields.
void CheckDefaults(const Schema& schema, const std::string& path,
                   Errors& errors) {
  if (const Value* fallback = schema.Default(); fallback != nullptr) {
    KindInfo alone;
    alone.schema =
        std::shared_ptr<const Schema>(std::shared_ptr<void>(), &schema);
    Value pruned = *fallback;
    // A default of a whole object is not an object with metadata.
    Errors found;
    if (pruned.is_object() || pruned.is_array()) {
      Value root = Value::MakeObject({{"spec", pruned}});
      Schema holder;
      holder.type = SchemaType::kObject;
      holder.fields.push_back({"spec", &schema});
      alone.schema =
          std::shared_ptr<const Schema>(std::shared_ptr<void>(), &holder);
      if (!PruneUnknownFields(alone, root).empty()) {
        errors.push_back(InvalidError(path + ".default", *fallback,
                                      "must not have unknown fields"));
      }
      pruned = root["spec"];
    }
    ApplyCustomDefaults(schema, pruned);
    ValidateBySchema(schema, path + ".default", pruned, nullptr, found);
    ValidateLists(schema, path + ".default", pruned, found);
    for (FieldError& error : found) errors.push_back(std::move(error));
  }
  for (const Schema::Field& field : schema.fields) {
    if (field.schema == &ObjectMetaSchema()) continue;
    CheckDefaults(*field.schema,
                  absl::StrCat(path, ".properties[", field.name, "]"), errors);
  }
  if (schema.items != nullptr) {
    CheckDefaults(
        *schema.items,
        path + (schema.type == SchemaType::kArray ? ".items"
                                                  : ".additionalProperties"),
        errors);
  }
}

void CheckVersions(const Value& spec, Errors& errors) {
  const Value& versions = spec["versions"];
  std::set<std::string> names;
  int storage = 0;
  bool unique = true;
  for (size_t i = 0; i < versions.size(); ++i) {
    std::string name(versions[i].GetString("name"));
    unique = names.insert(name).second && unique;
    if (versions[i].GetBool("storage")) ++storage;
    AddJoined(CheckDns1035Label(name),
              absl::StrCat("spec.versions[", i, "].name"), name, errors);
    // The first one's name also stands at an old place.
    if (i == 0) {
      AddJoined(CheckDns1035Label(name), "spec.version", name, errors);
    }
  }
  auto complain = [&](absl::string_view why) {
    errors.push_back(InvalidError("spec.versions", versions, why));
  };
  if (!unique) complain("must contain unique version names");
  if (storage != 1) {
    complain("must have exactly one version marked as storage version");
  }
}

void CheckParts(const Value& spec, Errors& errors) {
  const Value& versions = spec["versions"];
  std::set<std::string> done;
  for (size_t i = 0; i < versions.size(); ++i) {
    const Value& version = versions[i];
    const Value& schema = version["schema"]["openAPIV3Schema"];
    if (!schema.is_object()) {
      errors.push_back(RequiredError(
          absl::StrCat("spec.versions[", i, "].schema.openAPIV3Schema")));
    } else if (std::string path = PathOf(versions, i, "schema", "validation") +
                                  ".openAPIV3Schema";
               done.insert(path).second) {
      if (schema.GetBool("nullable")) {
        errors.push_back(ForbiddenError(path + ".nullable",
                                        "nullable cannot be true at the root"));
      }
      SchemaArena arena;
      std::vector<std::string> warnings;
      const Schema* root =
          ParseCrdSchema(schema, path, arena, errors, warnings);
      if (errors.empty()) CheckDefaults(*root, path, errors);
      if (errors.empty()) CompileRules(*root, path, &errors);
    }
    if (std::string path = PathOf(versions, i, "subresources", "subresources");
        done.insert(path).second) {
      CheckSubresources(version["subresources"], path, errors);
    }
    if (std::string path = PathOf(versions, i, "additionalPrinterColumns",
                                  "additionalPrinterColumns");
        done.insert(path).second) {
      CheckColumns(version["additionalPrinterColumns"], path, errors);
    }
  }
}

void CheckStoredVersions(const Value& crd, Errors& errors) {
  const Value& stored = crd["status"]["storedVersions"];
  const Value& versions = crd["spec"]["versions"];
  if (stored.empty()) {
    errors.push_back(InvalidError("status.storedVersions", stored,
                                  "must have at least one stored version"));
    return;
  }
  for (const Value& version : versions.array()) {
    bool listed = std::find(stored.array().begin(), stored.array().end(),
                            version["name"]) != stored.array().end();
    if (version.GetBool("storage") && !listed) {
      errors.push_back(
          InvalidError("status.storedVersions", stored,
                       absl::StrCat("must have the storage version ",
                                    version.GetString("name"))));
    }
  }
  for (size_t i = 0; i < stored.size(); ++i) {
    bool known = false;
    for (const Value& version : versions.array()) {
      known = known || version["name"] == stored[i];
    }
    if (known || !stored[i].is_string()) continue;
    const std::string& name = stored[i].AsString();
    errors.push_back(InvalidError(
        absl::StrCat("status.storedVersions[", i, "]"), stored[i],
        absl::StrCat("missing from spec.versions; ", name,
                     " was previously a storage version, and must remain in "
                     "spec.versions until a storage migration ensures no data "
                     "remains persisted in ",
                     name, " and removes ", name,
                     " from status.storedVersions")));
  }
}

void CheckImmutable(const Value& old, const Value& crd, Errors& errors) {
  auto same = [&](const Value& before, const Value& after,
                  absl::string_view field) {
    if (before != after) {
      errors.push_back(InvalidError(field, after, "field is immutable"));
    }
  };
  const Value& before = old["spec"];
  const Value& after = crd["spec"];
  if (kube::IsConditionTrue(old, "Established")) {
    same(before["scope"], after["scope"], "spec.scope");
    same(before["names"]["kind"], after["names"]["kind"], "spec.names.kind");
  }
  same(before["group"], after["group"], "spec.group");
  same(before["names"]["plural"], after["names"]["plural"],
       "spec.names.plural");
}

// ".spec.replicas" as a JSON pointer.
std::string PointerOf(absl::string_view path) {
  return absl::StrReplaceAll(path, {{".", "/"}});
}

void FillNames(const Value& names, KindInfo& info) {
  info.singular = std::string(names.GetString("singular"));
  info.list_kind = std::string(names.GetString("listKind"));
  if (info.list_kind.empty()) {
    info.list_kind = info.resource.gvk.kind + "List";
  }
  for (const Value& name : names["shortNames"].array()) {
    if (name.is_string()) info.short_names.push_back(name.AsString());
  }
  for (const Value& name : names["categories"].array()) {
    if (name.is_string()) info.categories.push_back(name.AsString());
  }
}

void FillColumns(const Value& columns, KindInfo& info) {
  for (const Value& column : columns.array()) {
    PrinterColumn out;
    out.name = std::string(column.GetString("name"));
    out.type = std::string(column.GetString("type"));
    out.format = std::string(column.GetString("format"));
    out.description = std::string(column.GetString("description"));
    out.json_path = std::string(column.GetString("jsonPath"));
    if (out.description.empty()) {
      out.description = absl::StrCat(
          "Custom resource definition column (in JSONPath format): ",
          out.json_path);
    }
    out.priority = static_cast<int>(column.GetInt("priority"));
    info.printer_columns.push_back(std::move(out));
  }
}

KindPtr MakeKind(const Value& spec, const Value& version, Errors& errors) {
  auto info = std::make_shared<KindInfo>();
  info->is_custom = true;
  info->resource.gvk = {std::string(spec.GetString("group")),
                        std::string(version.GetString("name")),
                        std::string(spec["names"].GetString("kind"))};
  info->resource.plural = std::string(spec["names"].GetString("plural"));
  info->resource.is_namespaced = spec.GetString("scope") == "Namespaced";
  FillNames(spec["names"], *info);
  info->verbs = {"delete", "deletecollection", "get",    "list",
                 "patch",  "create",           "update", "watch"};
  const Value& subresources = version["subresources"];
  info->has_status = subresources.Has("status");
  info->has_generation = true;
  info->allows_unconditional_update = false;
  if (const Value& scale = subresources["scale"]; scale.is_object()) {
    info->has_scale = true;
    info->spec_replicas_path = PointerOf(scale.GetString("specReplicasPath"));
    info->status_replicas_path =
        PointerOf(scale.GetString("statusReplicasPath"));
    info->selector_path = PointerOf(scale.GetString("labelSelectorPath"));
  }
  for (const Value& field : version["selectableFields"].array()) {
    info->selectable_fields.emplace_back(
        absl::StripPrefix(field.GetString("jsonPath"), "."));
  }
  FillColumns(version["additionalPrinterColumns"], *info);
  if (version.GetBool("deprecated")) {
    info->deprecation_warning =
        std::string(version.GetString("deprecationWarning"));
    if (info->deprecation_warning.empty()) {
      info->deprecation_warning =
          absl::StrCat(info->resource.gvk.ApiVersion(), " ",
                       info->resource.gvk.kind, " is deprecated");
    }
  }
  auto arena = std::make_shared<SchemaArena>();
  const Schema* root = ParseCrdSchema(version["schema"]["openAPIV3Schema"], "",
                                      *arena, errors, info->warnings);
  if (errors.empty()) CompileRules(*root, "", nullptr);
  info->schema = std::shared_ptr<const Schema>(arena, root);
  return info;
}

const KindInfo& CrdKind() {
  static const KindInfo& kind = *[] {
    for (const KindPtr& builtin : BuiltinKinds()) {
      if (builtin->resource.gvk.kind == "CustomResourceDefinition") {
        return builtin.get();
      }
    }
    return static_cast<const KindInfo*>(new KindInfo);
  }();
  return kind;
}

}  // namespace

void ValidateCrd(const Value& old, const Value& crd,
                 std::vector<FieldError>& errors) {
  const Value& spec = crd["spec"];
  std::string group(spec.GetString("group"));
  std::string plural(spec["names"].GetString("plural"));
  std::string name(crd["metadata"].GetString("name"));
  if (old.is_null() && name != absl::StrCat(plural, ".", group)) {
    errors.push_back(
        InvalidError("metadata.name", Value(name),
                     "must be spec.names.plural+\".\"+spec.group"));
  }
  if (group.empty()) {
    errors.push_back(RequiredError("spec.group"));
  } else if (NameProblems problems = CheckDnsSubdomain(group);
             !problems.empty()) {
    AddJoined(problems, "spec.group", group, errors);
  } else if (!absl::StrContains(group, ".")) {
    errors.push_back(InvalidError("spec.group", Value(group),
                                  "should be a domain with at least one dot"));
  }
  std::string scope(spec.GetString("scope"));
  if (scope.empty()) {
    errors.push_back(RequiredError("spec.scope"));
  } else if (scope != "Cluster" && scope != "Namespaced") {
    errors.push_back(NotSupportedError(
        "spec.scope", Value(scope), {Value("Cluster"), Value("Namespaced")}));
  }
  CheckVersions(spec, errors);
  CheckNames(spec["names"], "spec.names", errors);
  CheckParts(spec, errors);
  CheckStoredVersions(crd, errors);
  if (spec.GetBool("preserveUnknownFields")) {
    errors.push_back(InvalidError(
        "spec.preserveUnknownFields", true,
        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true "
        "in spec.versions[*].schema instead"));
  }
  if (!old.is_null()) CheckImmutable(old, crd, errors);
}

absl::StatusOr<std::vector<KindPtr>> KindsOfCrd(const Value& crd) {
  std::vector<KindPtr> out;
  Errors errors;
  for (bool wants_storage : {true, false}) {
    for (const Value& version : crd["spec"]["versions"].array()) {
      if (version.GetBool("storage") != wants_storage ||
          !version.GetBool("served")) {
        continue;
      }
      out.push_back(MakeKind(crd["spec"], version, errors));
    }
  }
  if (errors.empty()) return out;
  return MakeInvalid(CrdKind(), crd["metadata"].GetString("name"), errors);
}

}  // namespace weir::apiserver
