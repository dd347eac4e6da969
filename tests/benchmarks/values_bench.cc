// Reads and writes many manifests, and prints what each direction costs, in
// processor time, or the manifests themselves.
//
//   values_bench [documents=2000] [rounds=10]
//   values_bench --text > FILE; MANIFESTS=FILE go test -bench .
//
// The second line, in tests/codecs/oracle, measures Go's libraries.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"

namespace {

std::string Manifest(int i) {
  const std::string name = absl::StrCat("service-", i);
  return absl::StrCat(
      "---\n# The manifest of ", name,
      ".\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: ", name,
      "\n  namespace: default\n  labels: {app.kubernetes.io/name: ", name,
      ", tier: backend}\n  annotations:\n    example.dev/text: \"a "
      "\\\"quoted\\\" text with an escape\"\nspec:\n  replicas: ",
      i % 7,
      "\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: ", name,
      "\n  template:\n    metadata:\n      labels:\n"
      "        app.kubernetes.io/name: ",
      name,
      "\n    spec:\n      containers:\n      - name: main  # The one.\n"
      "        image: registry.example.dev/team/",
      name,
      ":v1.2.3\n        args: [\"--port=8080\", '--verbose', --timeout=30s]\n"
      "        ports:\n        - containerPort: 8080\n          protocol: TCP\n"
      "        env:\n        - name: MODE\n          value: \"on\"\n"
      "        - name: NODE\n          valueFrom:\n            fieldRef:\n"
      "              fieldPath: spec.nodeName\n        resources:\n"
      "          limits:\n            cpu: 500m\n            memory: 128Mi\n"
      "          requests:\n            cpu: 0.25\n            memory: 64Mi\n"
      "        readinessProbe:\n          httpGet:\n            path: /ready\n"
      "            port: 8080\n          periodSeconds: 10\n"
      "      volumes:\n      - name: config\n        configMap:\n"
      "          name: ",
      name, "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ", name,
      "\ndata:\n  config.yaml: |\n    server:\n      listen: 0.0.0.0\n"
      "      port: 8080\n    log:\n      level: info\n  empty: \"\"\n");
}

template <typename Work>
double Seconds(int rounds, const Work& work) {
  double best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    const std::clock_t start = std::clock();
    work();
    best = std::min(best,
                    static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

void Print(const char* what, size_t bytes, double seconds) {
  std::printf("%-22s %8.2f ms %8.1f MB/s\n", what, seconds * 1e3,
              static_cast<double>(bytes) / seconds / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_text =
      argc > 1 && absl::string_view(argv[1]) == absl::string_view("--text");
  const int count = argc > 1 && !is_text ? std::atoi(argv[1]) : 2000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 10;
  std::string text;
  for (int i = 0; i < count; ++i) text.append(Manifest(i));
  if (is_text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  std::printf("%d manifests, %zu bytes, best of %d\n", 2 * count, text.size(),
              rounds);
  using Schema = weir::YamlParseOptions::Schema;
  std::vector<weir::YamlDocument> documents;
  for (const auto& [name, schema] :
       {std::pair("read YAML as 1.1", Schema::kYaml11),
        std::pair("read YAML as kyaml", Schema::kYaml12)}) {
    weir::YamlParseOptions options;
    options.schema = schema;
    options.reject_duplicate_keys = true;
    Print(name, text.size(), Seconds(rounds, [&] {
            auto read = weir::ParseYamlDocuments(text, options);
            WEIR_CHECK(read.ok());
            documents = *std::move(read);
          }));
  }
  std::string yaml;
  const double write_yaml = Seconds(rounds, [&] {
    yaml.clear();
    for (const weir::YamlDocument& document : documents) {
      yaml.append(weir::FormatYaml(document.value));
    }
  });
  Print("write YAML", yaml.size(), write_yaml);
  weir::Value all = weir::Value::MakeArray();
  for (const weir::YamlDocument& document : documents) {
    all.Append(document.value);
  }
  std::string json;
  const double write_json =
      Seconds(rounds, [&] { json = weir::FormatJson(all); });
  Print("write JSON", json.size(), write_json);
  Print("read JSON", json.size(),
        Seconds(rounds, [&] { WEIR_CHECK(weir::ParseJson(json).ok()); }));
  return 0;
}
