#include "src/load/metadata_json.h"

#include <string>
#include <utility>

namespace weir::helm {
namespace {

void SetText(Value& object, const char* key, const std::string& text) {
  if (!text.empty()) object.Set(key, text);
}

void SetTexts(Value& object, const char* key,
              const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Value list = Value::MakeArray();
  for (const std::string& one : texts) list.Append(one);
  object.Set(key, std::move(list));
}

}  // namespace

std::vector<Value::Member> DependencyFields(const Dependency& one) {
  std::vector<Value::Member> out;
  out.emplace_back("name", one.name);
  if (!one.version.empty()) out.emplace_back("version", one.version);
  out.emplace_back("repository", one.repository);
  if (!one.condition.empty()) out.emplace_back("condition", one.condition);
  if (!one.tags.empty()) {
    Value tags;
    for (const std::string& tag : one.tags) tags.Append(tag);
    out.emplace_back("tags", std::move(tags));
  }
  if (one.enabled) out.emplace_back("enabled", true);
  if (!one.import_values.empty()) {
    out.emplace_back("import-values", Value(one.import_values));
  }
  if (!one.alias.empty()) out.emplace_back("alias", one.alias);
  return out;
}

namespace {

Value DependencyList(const std::vector<Dependency>& list) {
  Value out = Value::MakeArray();
  for (const Dependency& one : list) {
    out.Append(Value::FromMembers(DependencyFields(one)));
  }
  return out;
}

Value MaintainerList(const std::vector<Maintainer>& list) {
  Value out = Value::MakeArray();
  for (const Maintainer& one : list) {
    Value& added = out.Append(Value::MakeObject());
    SetText(added, "name", one.name);
    SetText(added, "email", one.email);
    SetText(added, "url", one.url);
  }
  return out;
}

}  // namespace

Value MetadataToJson(const Metadata& metadata) {
  Value out = Value::MakeObject();
  SetText(out, "name", metadata.name);
  SetText(out, "home", metadata.home);
  SetTexts(out, "sources", metadata.sources);
  SetText(out, "version", metadata.version);
  SetText(out, "description", metadata.description);
  SetTexts(out, "keywords", metadata.keywords);
  if (!metadata.maintainers.empty()) {
    out.Set("maintainers", MaintainerList(metadata.maintainers));
  }
  SetText(out, "icon", metadata.icon);
  SetText(out, "apiVersion", metadata.api_version);
  SetText(out, "condition", metadata.condition);
  SetText(out, "tags", metadata.tags);
  SetText(out, "appVersion", metadata.app_version);
  if (metadata.deprecated) out.Set("deprecated", true);
  for (const auto& [key, text] : metadata.annotations) {
    out.Mutable("annotations").Set(key, text);
  }
  SetText(out, "kubeVersion", metadata.kube_version);
  if (!metadata.dependencies.empty()) {
    out.Set("dependencies", DependencyList(metadata.dependencies));
  }
  SetText(out, "type", metadata.type);
  return out;
}

Value LockToJson(const Lock& lock) {
  return Value::MakeObject(
      {{"generated",
        lock.generated.empty() ? "0001-01-01T00:00:00Z" : lock.generated},
       {"digest", lock.digest},
       {"dependencies", DependencyList(lock.dependencies)}});
}

}  // namespace weir::helm
