// Kinds and objects for tests of what is pure in the API server.
//
// Touches: nothing.
// Threads: of one test.
#pragma once

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libcommon/apiserver/src/kinds.h"
#include "libcommon/apiserver/src/schema.h"
#include "libcommon/apiserver/src/schema_crd.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace weir::apiserver {

inline Value Yaml(const std::string& text) {
  YamlParseOptions options;
  options.schema = YamlParseOptions::Schema::kYaml12;  // "y" and "n" are text.
  auto value = ParseYaml(text, options);
  EXPECT_TRUE(value.ok()) << value.status() << " in " << text;
  return value.ok() ? *value : Value();
}

inline const KindInfo& KindOf(absl::string_view kind,
                              absl::string_view group = "*") {
  for (const KindPtr& one : BuiltinKinds()) {
    if (one->resource.gvk.kind == kind &&
        (group == "*" || one->resource.gvk.group == group)) {
      return *one;
    }
  }
  ADD_FAILURE() << "no kind " << kind;
  static const KindInfo none;
  return none;
}

// A kind of this schema: example.com/v1 Thing, things.
inline KindPtr CustomKind(const std::string& schema) {
  Value crd = Yaml(R"(
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, kind: Thing}
  versions: [{name: v1, served: true, storage: true, subresources: {status: {}}}]
)");
  crd.Mutable("spec")
      .Mutable("versions")
      .MutableAt(0)
      .Set("schema", Value::MakeObject({{"openAPIV3Schema", Yaml(schema)}}));
  auto kinds = KindsOfCrd(crd);
  EXPECT_TRUE(kinds.ok()) << kinds.status();
  if (!kinds.ok()) return std::make_shared<KindInfo>();
  return kinds->front();
}

// As one line each: "spec.a: Required value".
inline std::vector<std::string> Texts(const std::vector<FieldError>& errors) {
  std::vector<std::string> out;
  for (const FieldError& error : errors) {
    out.push_back(error.field + ": " + error.message);
  }
  return out;
}

}  // namespace weir::apiserver
