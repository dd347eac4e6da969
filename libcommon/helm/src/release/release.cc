#include "weir/helm/release.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/go_text.h"
#include "src/release/post_render.h"
#include "weir/base/status.h"
#include "weir/helm/dependencies.h"
#include "weir/text/glob.h"

namespace weir::helm {
namespace {

constexpr char kNotes[] = "NOTES.txt";
constexpr size_t kMaxReleaseName = 53;

// Notes are no manifests.
std::string TakeNotes(const std::string& chart_name,
                      std::map<std::string, std::string>& files) {
  std::string notes;
  const std::string root = absl::StrCat(chart_name, "/templates/", kNotes);
  std::erase_if(files, [&](const auto& file) {
    if (!absl::EndsWith(file.first, kNotes)) return false;
    if (file.first == root) notes = file.second;
    return true;
  });
  return notes;
}

absl::Status AfterRendering(absl::Status status) {
  status.SetPayload(kRenderingFailed, absl::Cord("yes"));
  return status;
}

// For who wants to see what is wrong.
absl::Status WithFiles(absl::Status status,
                       const std::map<std::string, std::string>& files) {
  std::string text;
  for (const auto& [path, content] : files) {
    if (!TrimSpace(content).empty()) AppendDocument(path, content, &text);
  }
  status.SetPayload(kRenderedFiles, absl::Cord(std::move(text)));
  return status;
}

bool IsNamePart(absl::string_view part) {
  if (part.empty()) return false;
  for (char c : part) {
    if (!absl::ascii_islower(c) && !absl::ascii_isdigit(c) && c != '-') {
      return false;
    }
  }
  return part.front() != '-' && part.back() != '-';
}

// "templates/a.yaml" of "# Source: chart/templates/a.yaml", the first such
// line of a document; empty when there is none.
std::string SourceOf(absl::string_view document) {
  constexpr absl::string_view kSource = "# Source: ";
  size_t at = 0;
  while ((at = document.find(kSource, at)) != absl::string_view::npos) {
    at += kSource.size();
    absl::string_view path = document.substr(at, document.find('\n', at) - at);
    const size_t slash = path.find('/');
    if (slash != absl::string_view::npos && slash > 0 &&
        slash + 1 < path.size()) {
      return std::string(path.substr(slash + 1));
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<RenderedRelease> RenderRelease(Chart chart, const Value& values,
                                              const Release& release,
                                              const Capabilities& capabilities,
                                              const RenderOptions& options,
                                              const PostRenderer& renderer) {
  WEIR_RETURN_IF_ERROR(CheckReleaseName(release.name),
                       "release name check failed: release name ",
                       GoQuote(release.name));
  WEIR_RETURN_IF_ERROR(ProcessDependencies(chart, values, options.on_warning),
                       "chart dependencies processing failed");
  WEIR_ASSIGN_OR_RETURN(auto files,
                        Render(chart, values, release, capabilities, options));
  RenderedRelease out;
  out.notes = TakeNotes(chart.name(), files);
  if (renderer.run != nullptr) {
    auto processed = PostRenderFiles(files, renderer);
    if (!processed.ok()) return AfterRendering(processed.status());
    files = *std::move(processed);
  }
  absl::StatusOr<Manifests> manifests = SortManifests(files);
  if (!manifests.ok()) {
    return AfterRendering(WithFiles(manifests.status(), files));
  }
  out.manifests = *std::move(manifests);
  out.chart = std::move(chart);
  return out;
}

absl::Status CheckReleaseName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("no name provided");
  bool is_valid = name.size() <= kMaxReleaseName;
  for (absl::string_view part : absl::StrSplit(name, '.')) {
    is_valid = is_valid && IsNamePart(part);
  }
  if (is_valid) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "invalid release name, must match regex "
      "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and "
      "the length must not be longer than 53");
}

absl::Status CheckInstallable(const Chart& chart) {
  const std::string& type = chart.metadata.type;
  if (type.empty() || type == "application") return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(type, " charts are not installable"));
}

void AppendDocument(absl::string_view path, absl::string_view content,
                    std::string* out) {
  absl::StrAppend(out, "---\n# Source: ", path, "\n", content, "\n");
}

void WriteRelease(const RenderedRelease& release, const PrintOptions& options,
                  absl::FunctionRef<void(absl::string_view)> write) {
  // Some documents at once, as each piece may be a call of the system. Space at
  // the end of the last one is left out.
  constexpr size_t kPiece = size_t{32} << 10;
  std::string last;
  const auto add = [&](absl::string_view path, absl::string_view content) {
    if (last.size() + content.size() > kPiece) {
      write(last);
      last.clear();
    }
    AppendDocument(path, content, &last);
  };
  if (options.include_crds) {
    for (const Crd& crd : ListCrds(release.chart)) {
      add(crd.path, crd.file->data);
    }
  }
  for (const Manifest& one : release.manifests.objects) {
    add(one.path, one.content);
  }
  last.resize(TrimSpace(last).size());
  last.push_back('\n');
  write(last);
  if (options.no_hooks) return;
  for (const Hook& hook : release.manifests.hooks) {
    if (options.skip_tests && hook.is_test()) continue;
    last.clear();
    AppendDocument(hook.path, hook.content, &last);
    write(last);
  }
}

std::string FormatRelease(const RenderedRelease& release,
                          const PrintOptions& options) {
  std::string out;
  WriteRelease(release, options, [&out](absl::string_view piece) {
    out.append(piece.data(), piece.size());
  });
  return out;
}

absl::StatusOr<std::string> ShowOnly(absl::string_view text,
                                     const std::vector<std::string>& globs) {
  const std::vector<std::string> documents = SplitManifests(text);
  std::vector<std::string> sources;
  for (const std::string& one : documents) sources.push_back(SourceOf(one));
  std::string out;
  for (const std::string& glob : globs) {
    bool is_there = false;
    for (size_t i = 0; i < documents.size(); ++i) {
      if (sources[i].empty() || !text::GlobMatches(glob, sources[i])) continue;
      is_there = true;
      absl::StrAppend(&out, "---\n", documents[i], "\n");
    }
    if (!is_there) {
      return absl::NotFoundError(
          absl::StrCat("could not find template ", glob, " in chart"));
    }
  }
  return out;
}

}  // namespace weir::helm
