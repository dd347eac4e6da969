// HelmTest has a chart repository on loopback, whose charts and index tests
// publish.
//
// Touches: as SourceTest.
// Threads: for one test thread.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/source-controller/fixture.h"
#include "tests/source-controller/remotes.h"
#include "weir/helm/load.h"

namespace weir::source {

class HelmTest : public SourceTest {
 protected:
  static std::string Message(const Value& object) {
    return std::string(Condition(object, "Ready").GetString("message"));
  }
  static std::string Reason(const Value& object) {
    return std::string(Condition(object, "Ready").GetString("reason"));
  }

  // Files of a chart, in its folder.
  static Files ChartFiles(const std::string& name, const std::string& version,
                          const Files& more = {}) {
    Files files = {{"Chart.yaml", absl::StrCat("apiVersion: v2\nname: ", name,
                                               "\nversion: ", version, "\n")},
                   {"templates/cm.yaml", "kind: ConfigMap\n"},
                   {"values.yaml", "color: blue\n"}};
    for (const auto& [path, text] : more) files[path] = text;
    return files;
  }
  static std::string ChartArchive(const std::string& name,
                                  const std::string& version,
                                  const Files& more = {}) {
    Files files;
    for (const auto& [path, text] : ChartFiles(name, version, more)) {
      files[absl::StrCat(name, "/", path)] = text;
    }
    return TarGz(files);
  }
  // Adds a chart to the repository /charts and writes its index anew.
  void Publish(const std::string& name, const std::string& version,
               const Files& more = {}) {
    remote_.Put(absl::StrCat("/charts/", name, "-", version, ".tgz"),
                ChartArchive(name, version, more));
    versions_[name].push_back(version);
    std::string index = "apiVersion: v1\nentries:\n";
    for (const auto& [chart, versions] : versions_) {
      absl::StrAppend(&index, "  ", chart, ":\n");
      for (const std::string& one : versions) {
        absl::StrAppend(&index, "  - name: ", chart, "\n    version: ", one,
                        "\n    apiVersion: v2\n    urls: [", chart, "-", one,
                        ".tgz]\n");
      }
    }
    remote_.Put("/charts/index.yaml", index);
  }
  void ApplyRepository(const std::string& more = "",
                       const std::string& name = "repo") {
    Use("HelmRepository");
    Apply(absl::StrCat("url: ", remote_.url(), "/charts\n", more), name);
  }
  void ApplyChart(
      const std::string& more, const std::string& name = "demo",
      const std::string& source = "{kind: HelmRepository, name: repo}") {
    Use("HelmChart");
    Apply(absl::StrCat(more, "\nsourceRef: ", source), name);
  }
  // Names of the archive's entries.
  std::vector<std::string> Names(const Value& object) const {
    std::vector<std::string> out;
    for (const std::string& line : Entries(object)) {
      out.push_back(line.substr(0, line.find(' ')));
    }
    return out;
  }
  helm::Chart Stored(const Value& object) const {
    helm::LoadOptions options;
    options.keep_values_text = true;
    auto chart = helm::LoadChart(ArtifactPath(object), options);
    EXPECT_TRUE(chart.ok()) << chart.status();
    return chart.ok() ? *std::move(chart) : helm::Chart();
  }
  // How often something was asked for since the last call.
  size_t TakeCount(absl::string_view request) {
    const std::vector<std::string> all = remote_.TakeRequests();
    return static_cast<size_t>(std::count(all.begin(), all.end(), request));
  }

  Remote remote_;
  std::map<std::string, std::vector<std::string>> versions_;
};

}  // namespace weir::source
