#include "src/release_objects.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/apply/normalize.h"
#include "weir/base/status.h"
#include "weir/helm/manifests.h"
#include "weir/value/yaml.h"

namespace weir::helm_controller {
namespace {

constexpr char kManagedBy[] = "app.kubernetes.io/managed-by";
constexpr char kReleaseName[] = "meta.helm.sh/release-name";
constexpr char kReleaseNamespace[] = "meta.helm.sh/release-namespace";
constexpr char kResourcePolicy[] = "helm.sh/resource-policy";
constexpr char kCrdGroup[] = "apiextensions.k8s.io";
constexpr char kCrdKind[] = "CustomResourceDefinition";

void Expand(Value object, std::vector<Value>* objects) {
  const Value* items = object.Find("items");
  if (items != nullptr && items->is_array() &&
      absl::EndsWith(object.GetString("kind"), "List")) {
    for (const Value& item : items->array()) Expand(item, objects);
  } else if (!object.GetString("kind").empty()) {
    objects->push_back(std::move(object));
  }
}

absl::StatusOr<std::vector<Value>> ParseObjects(absl::string_view text) {
  std::vector<Value> objects;
  for (const std::string& document : helm::SplitManifests(text)) {
    WEIR_ASSIGN_OR_RETURN(Value object, ParseYaml(document));
    if (object.is_object()) Expand(std::move(object), &objects);
  }
  return objects;
}

std::string Annotation(const Value& object, const char* name) {
  return std::string(object["metadata"]["annotations"].GetString(name));
}

}  // namespace

absl::Status PlaceObject(const Context& ctx, const kube::Client& client,
                         const std::string& name_space, Value* object) {
  const absl::StatusOr<kube::Resource> resource =
      client.FindResource(ctx, kube::GroupVersionKindOf(*object));
  if (!resource.ok()) return resource.status();
  Value& metadata = object->Mutable("metadata");
  if (!resource->is_namespaced) {
    metadata.Erase("namespace");
  } else if (metadata.GetString("namespace").empty()) {
    metadata.Set("namespace", name_space);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReleaseObject>> ReadObjects(
    const Context& ctx, const kube::Client& client, absl::string_view text,
    const std::string& name_space) {
  WEIR_ASSIGN_OR_RETURN(std::vector<Value> objects, ParseObjects(text));
  std::vector<ReleaseObject> out;
  for (Value& object : objects) {
    const absl::Status placed = PlaceObject(ctx, client, name_space, &object);
    if (absl::IsNotFound(placed)) {
      return absl::NotFoundError(absl::StrCat(
          "resource mapping not found for name: \"",
          object["metadata"].GetString("name"), "\" namespace: \"",
          object["metadata"].GetString("namespace"), "\" from \"\": ",
          placed.message(), "\nensure CRDs are installed first"));
    }
    if (!placed.ok()) return placed;
    ReleaseObject one;
    one.ref = kube::RefOf(object);
    one.object = std::move(object);
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<ReleaseObject> ReadObjectsOffline(absl::string_view text,
                                              const std::string& name_space) {
  std::vector<ReleaseObject> out;
  const absl::StatusOr<std::vector<Value>> objects = ParseObjects(text);
  if (!objects.ok()) return out;
  for (const Value& object : *objects) {
    ReleaseObject one{object, kube::RefOf(object)};
    if (one.ref.key.name_space.empty()) one.ref.key.name_space = name_space;
    out.push_back(std::move(one));
  }
  return out;
}

void MarkOwned(const std::string& release_name,
               const std::string& release_namespace, Value* object) {
  apply::SetLabels(*object, Value::MakeObject({{kManagedBy, "Helm"}}));
  apply::SetAnnotations(
      *object, Value::MakeObject({{kReleaseName, release_name},
                                  {kReleaseNamespace, release_namespace}}));
}

std::string FindForeignOwner(const Value& live, const std::string& release_name,
                             const std::string& release_namespace) {
  std::string problems;
  const auto check = [&](absl::string_view what, absl::string_view key,
                         absl::string_view want, absl::string_view have) {
    if (want == have) return;
    absl::StrAppend(&problems, problems.empty() ? "" : "; ", what,
                    " validation error: ");
    if (have.empty()) {
      absl::StrAppend(&problems, "missing key \"", key, "\": must be set to \"",
                      want, "\"");
    } else {
      absl::StrAppend(&problems, "key \"", key, "\" must equal \"", want,
                      "\": current value is \"", have, "\"");
    }
  };
  check("label", kManagedBy, "Helm",
        live["metadata"]["labels"].GetString(kManagedBy));
  check("annotation", kReleaseName, release_name,
        Annotation(live, kReleaseName));
  check("annotation", kReleaseNamespace, release_namespace,
        Annotation(live, kReleaseNamespace));
  return problems;
}

bool IsKept(const Value& object) {
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(
             Annotation(object, kResourcePolicy))) == "keep";
}

std::string Describe(const kube::ObjectRef& ref) {
  return absl::StrCat(ref.key.name_space, "/", ref.key.name, " ", ref.gvk.group,
                      "/", ref.gvk.version, ", Kind=", ref.gvk.kind);
}

absl::StatusOr<std::vector<ReleaseObject>> ReadCrds(
    const helm::Chart& chart, const Value& labels,
    std::vector<std::string>* ignored) {
  std::vector<ReleaseObject> out;
  for (const helm::Crd& crd : helm::ListCrds(chart)) {
    absl::StatusOr<std::vector<Value>> objects = ParseObjects(crd.file->data);
    if (!objects.ok()) {
      return Annotate(
          objects.status(),
          absl::StrCat("failed to parse CustomResourceDefinitions from ",
                       crd.file->name));
    }
    for (Value& object : *objects) {
      ReleaseObject one{std::move(object), {}};
      one.ref = kube::RefOf(one.object);
      if (one.ref.gvk.group != kCrdGroup || one.ref.gvk.kind != kCrdKind) {
        ignored->push_back(Describe(one.ref));
        continue;
      }
      one.ref.key.name_space.clear();
      apply::SetLabels(one.object, labels);
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace weir::helm_controller
