// Builds trees of growing size in one process, to show that the time an object
// takes does not grow, and what a rebuild costs when the texts were parsed
// before.
//   kustomize_bench [OBJECTS]...
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "weir/kustomize/build.h"

namespace weir::kustomize {
namespace {

constexpr int kObjectsPerFile = 20;

std::string Deployment(int n) {
  return absl::StrCat(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-", n,
      "\n  labels: {app: app-", n,
      "}\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {app: app-", n,
      "}\n  template:\n    metadata:\n      labels: {app: app-", n,
      "}\n    spec:\n      serviceAccountName: runner\n      containers:\n"
      "      - name: main\n        image: registry.example.com/app:1.0.",
      n,
      "\n        args: [\"--listen=:8080\"]\n        env:\n"
      "        - name: GREETING\n          valueFrom:\n"
      "            configMapKeyRef: {name: settings, key: greeting}\n"
      "        ports:\n        - {name: http, containerPort: 8080}\n"
      "        resources:\n          limits: {memory: 128Mi}\n"
      "      volumes:\n      - name: data\n"
      "        secret: {secretName: tokens}\n");
}

std::map<std::string, std::string> MakeTree(int objects) {
  std::map<std::string, std::string> files;
  std::string resources;
  for (int first = 0; first < objects; first += kObjectsPerFile) {
    const std::string name = absl::StrCat("apps-", first, ".yaml");
    std::string& text = files[name];
    for (int n = first; n < objects && n < first + kObjectsPerFile; ++n) {
      absl::StrAppend(&text, "---\n", Deployment(n));
    }
    absl::StrAppend(&resources, "- ", name, "\n");
  }
  files["account.yaml"] =
      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\n";
  files["kustomization.yaml"] = absl::StrCat(
      "resources:\n- account.yaml\n", resources,
      "namePrefix: shop-\nnamespace: shop\n"
      "labels: [{pairs: {tier: web}, includeSelectors: true}]\n"
      "images: [{name: registry.example.com/app, newTag: 2.0.0}]\n"
      "configMapGenerator: [{name: settings, literals: [greeting=hello]}]\n"
      "secretGenerator: [{name: tokens, literals: [token=secret]}]\n");
  return files;
}

// Milliseconds of one build and its text; -1 when it fails.
double Measure(const FileSystem& files, ParseCache* cache) {
  BuildOptions options;
  options.parse_cache = cache;
  const absl::Time start = absl::Now();
  const auto built = Build(Context(), files, ".", options);
  if (!built.ok()) return -1;
  const std::string text = FormatResult(*built);
  const double elapsed = absl::ToDoubleMilliseconds(absl::Now() - start);
  return text.empty() ? -1 : elapsed;
}

bool Run(int objects) {
  const auto files = MakeMemoryFileSystem(MakeTree(objects));
  ParseCache cache(size_t{1} << 30);
  const double first = Measure(*files, &cache);
  const double again = Measure(*files, &cache);
  std::printf("%6d objects: %8.1f ms, %6.1f us an object; again %8.1f ms\n",
              objects, first, first * 1000 / objects, again);
  std::fflush(stdout);
  return first >= 0 && again >= 0;
}

}  // namespace
}  // namespace weir::kustomize

int main(int argc, char** argv) {
  std::vector<int> sizes = {1, 100, 1000, 2000, 5000, 10000};
  if (argc > 1) sizes.clear();
  for (int i = 1; i < argc; ++i) sizes.push_back(std::atoi(argv[i]));
  for (int size : sizes) {
    if (size < 1 || !weir::kustomize::Run(size)) return 1;
  }
  return 0;
}
