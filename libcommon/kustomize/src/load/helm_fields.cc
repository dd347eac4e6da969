#include "src/load/helm_fields.h"

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace weir::kustomize {
namespace {

enum class FieldType { kText, kFlag, kTexts, kMap };

struct HelmField {
  const char* name;
  FieldType type = FieldType::kText;
  // What a deprecated field is called now; null: it means nothing any more.
  const char* new_name = nullptr;
};

constexpr HelmField kChartFields[] = {
    {"name"},
    {"version"},
    {"repo"},
    {"releaseName"},
    {"namespace"},
    {"additionalValuesFiles", FieldType::kTexts},
    {"valuesFile"},
    {"valuesInline", FieldType::kMap},
    {"valuesMerge"},
    {"includeCRDs", FieldType::kFlag},
    {"skipHooks", FieldType::kFlag},
    {"apiVersions", FieldType::kTexts},
    {"kubeVersion"},
    {"nameTemplate"},
    {"skipTests", FieldType::kFlag},
    {"debug", FieldType::kFlag},
    {"devel", FieldType::kFlag},
};

constexpr HelmField kGlobalFields[] = {{"chartHome"}, {"configHome"}};

constexpr HelmField kOldFields[] = {
    {"chartName", FieldType::kText, "name"},
    {"chartVersion", FieldType::kText, "version"},
    {"chartRepoUrl", FieldType::kText, "repo"},
    {"chartHome"},
    {"chartRepoName"},
    {"helmBin"},
    {"helmHome"},
    {"values", FieldType::kText, "valuesFile"},
    {"valuesLocal", FieldType::kMap, "valuesInline"},
    {"valuesMerge", FieldType::kText, "valuesMerge"},
    {"releaseName", FieldType::kText, "releaseName"},
    {"releaseNamespace"},
    {"extraArgs", FieldType::kTexts},
};

// The field as Go would write it again; null for an empty one.
Value DecodeField(JsonDecoder& decoder, FieldType type, const Value& value) {
  switch (type) {
    case FieldType::kText: {
      std::string text;
      decoder.String(value, &text);
      return text.empty() ? Value() : Value(text);
    }
    case FieldType::kFlag: {
      bool flag = false;
      decoder.Bool(value, &flag);
      return flag ? Value(true) : Value();
    }
    case FieldType::kTexts: {
      std::vector<std::string> texts;
      decoder.Strings(value, &texts);
      Value list;
      for (const std::string& text : texts) list.Append(text);
      return list;
    }
    case FieldType::kMap: {
      Value map;
      decoder.Map(value, &map);
      return map.empty() ? Value() : map;
    }
  }
  return Value();
}

template <size_t N>
Value DecodeFields(JsonDecoder& decoder, const Value& value,
                   absl::string_view type, const HelmField (&fields)[N]) {
  Value decoded = Value::MakeObject();
  std::vector<JsonDecoder::Field> setters;
  for (const HelmField& field : fields) {
    setters.push_back(
        {field.name, [&decoder, &decoded, &field](const Value& v) {
           Value one = DecodeField(decoder, field.type, v);
           if (!one.is_null()) decoded.Set(field.name, one);
         }});
  }
  decoder.StructOf(value, type, setters);
  return decoded;
}

}  // namespace

void DecodeHelmChart(JsonDecoder& decoder, const Value& value, Value* chart) {
  *chart = DecodeFields(decoder, value, "HelmChart", kChartFields);
}

void DecodeHelmGlobals(JsonDecoder& decoder, const Value& value,
                       Value* globals) {
  *globals = DecodeFields(decoder, value, "HelmGlobals", kGlobalFields);
}

void DecodeOldHelmChart(JsonDecoder& decoder, const Value& value, Value* chart,
                        Value* globals) {
  const Value old = DecodeFields(decoder, value, "HelmChartArgs", kOldFields);
  *chart = Value::MakeObject();
  for (const HelmField& field : kOldFields) {
    const Value* said = old.Find(field.name);
    if (said == nullptr) continue;
    if (field.new_name != nullptr) chart->Set(field.new_name, *said);
  }
  if (old.Has("chartHome")) globals->Set("chartHome", old["chartHome"]);
  if (old.Has("helmHome")) globals->Set("configHome", old["helmHome"]);
}

}  // namespace weir::kustomize
