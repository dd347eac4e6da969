#include "src/release/post_render.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "src/go_text.h"
#include "weir/base/status.h"
#include "weir/helm/manifests.h"
#include "weir/value/go_error.h"
#include "weir/value/yaml_node.h"

namespace weir::helm {
namespace {

using Files = std::map<std::string, std::string>;

constexpr char kFileName[] = "postrenderer.helm.sh/postrender-filename";

// The value of a mapping's key, or null.
YamlNode* Find(YamlNode& mapping, absl::string_view key) {
  if (mapping.kind != YamlNode::Kind::kMapping) return nullptr;
  for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
    if (mapping.children[i].text == key) return &mapping.children[i + 1];
  }
  return nullptr;
}

void Erase(YamlNode& mapping, absl::string_view key) {
  for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
    if (mapping.children[i].text != key) continue;
    mapping.children.erase(mapping.children.begin() + static_cast<long>(i),
                           mapping.children.begin() + static_cast<long>(i) + 2);
    return;
  }
}

bool IsNull(const YamlNode& node) {
  return node.kind == YamlNode::Kind::kScalar &&
         node.style == YamlNode::Style::kPlain && node.tag.empty() &&
         (node.text.empty() || node.text == "~" || node.text == "null" ||
          node.text == "Null" || node.text == "NULL");
}

bool IsEmptyOrNull(const YamlNode& node) {
  return IsNull(node) ||
         (node.kind == YamlNode::Kind::kMapping && node.children.empty());
}

void EraseIfEmpty(YamlNode& mapping, absl::string_view key) {
  const YamlNode* found = Find(mapping, key);
  if (found != nullptr && IsEmptyOrNull(*found)) Erase(mapping, key);
}

// An empty map of annotations goes, and metadata that had nothing else.
void EraseEmptyAnnotations(YamlNode& root) {
  if (YamlNode* metadata = Find(root, "metadata")) {
    EraseIfEmpty(*metadata, "annotations");
  }
  EraseIfEmpty(root, "metadata");
}

YamlNode Scalar(absl::string_view text) {
  YamlNode out;
  out.text = std::string(text);
  return out;
}

// The mapping at a key, made where there is none; null when something else is
// there.
YamlNode* MappingAt(YamlNode& mapping, absl::string_view key) {
  YamlNode* found = Find(mapping, key);
  if (found == nullptr) {
    mapping.children.push_back(Scalar(key));
    found = &mapping.children.emplace_back();
    found->kind = YamlNode::Kind::kMapping;
  } else if (IsNull(*found)) {
    *found = YamlNode();
    found->kind = YamlNode::Kind::kMapping;
  }
  return found->kind == YamlNode::Kind::kMapping ? found : nullptr;
}

absl::Status Annotate(YamlNode& root, const std::string& file) {
  const auto wrong = [&file] {
    return absl::InvalidArgumentError(absl::StrCat(
        "annotating ", file, ": wrong Node Kind for metadata.annotations"));
  };
  if (root.kind != YamlNode::Kind::kMapping) return wrong();
  EraseEmptyAnnotations(root);
  YamlNode* metadata = MappingAt(root, "metadata");
  YamlNode* annotations =
      metadata == nullptr ? nullptr : MappingAt(*metadata, "annotations");
  if (annotations == nullptr) return wrong();
  YamlNode value = Scalar(file);
  value.style = YamlNode::Style::kSingleQuoted;
  if (YamlNode* found = Find(*annotations, kFileName)) {
    *found = std::move(value);
  } else {
    annotations->children.push_back(Scalar(kFileName));
    annotations->children.push_back(std::move(value));
  }
  return absl::OkStatus();
}

// The file that the annotation names, which goes; "" when there is none.
std::string TakeFileName(YamlNode& root) {
  YamlNode* metadata = Find(root, "metadata");
  YamlNode* annotations =
      metadata == nullptr ? nullptr : Find(*metadata, "annotations");
  if (annotations == nullptr) return "";
  const YamlNode* found = Find(*annotations, kFileName);
  if (found == nullptr) return "";
  std::string file = found->text;
  Erase(*annotations, kFileName);
  EraseEmptyAnnotations(root);
  return file;
}

// Splits at lines that start with "---", of which nothing but a comment may
// follow on the line.
absl::StatusOr<std::vector<std::string>> SplitDocuments(
    absl::string_view given) {
  const std::string text = absl::StrReplaceAll(given, {{"\r\n", "\n"}});
  std::vector<std::string> out;
  size_t start = 0;
  size_t from = 0;
  while (true) {
    const size_t at = text.find("\n---", from);
    const size_t end = at == std::string::npos ? at : text.find('\n', at + 1);
    if (end == std::string::npos) break;
    const absl::string_view rest = absl::StripAsciiWhitespace(
        absl::string_view(text).substr(at + 4, end - at - 4));
    if (!rest.empty() && rest[0] != '#') {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid document separator: ---", rest));
    }
    out.push_back(text.substr(start, at - start) + "\n");
    start = end + 1;
    from = end;
  }
  out.push_back(text.substr(start));
  return out;
}

absl::StatusOr<std::vector<YamlNodeDocument>> ParseAll(absl::string_view text) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<std::string> documents,
                        SplitDocuments(text));
  std::vector<YamlNodeDocument> out;
  for (const std::string& document : documents) {
    absl::StatusOr<YamlNodeDocument> parsed = ParseYamlNode(document);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("MalformedYAMLError: ", GoError(parsed.status())));
    }
    if (IsNull(parsed->root)) continue;
    out.push_back(*std::move(parsed));
  }
  return out;
}

// Adds a document to a file.
void AddTo(std::string& file, absl::string_view document) {
  if (!file.empty()) file += "\n---\n";
  absl::StrAppend(&file, document);
}

std::string FormatAll(const std::vector<YamlNodeDocument>& documents) {
  std::vector<std::string> texts;
  for (const YamlNodeDocument& one : documents) {
    texts.push_back(FormatYamlNode(one));
  }
  return absl::StrJoin(texts, "---\n");
}

// The documents of all files as one text. Each is written anew, with its
// file's name in an annotation.
absl::StatusOr<std::string> MergeFiles(const Files& files) {
  std::vector<YamlNodeDocument> all;
  for (const auto& [name, content] : files) {
    if (name[name.rfind('/') + 1] == '_' || TrimSpace(content).empty()) {
      continue;
    }
    for (const std::string& document : SplitManifests(content)) {
      absl::StatusOr<std::vector<YamlNodeDocument>> parsed = ParseAll(document);
      WEIR_RETURN_IF_ERROR(parsed.status(), "parsing ", name);
      for (YamlNodeDocument& one : *parsed) {
        WEIR_RETURN_IF_ERROR(Annotate(one.root, name));
        all.push_back(std::move(one));
      }
    }
  }
  return FormatAll(all);
}

// The reverse. Documents without the annotation get files of their own.
absl::StatusOr<Files> SplitFiles(absl::string_view text,
                                 absl::string_view group) {
  absl::StatusOr<std::vector<YamlNodeDocument>> all = ParseAll(text);
  WEIR_RETURN_IF_ERROR(all.status(), "error parsing YAML");
  std::map<std::string, std::vector<YamlNodeDocument>> by_name;
  for (size_t i = 0; i < all->size(); ++i) {
    std::string name = TakeFileName((*all)[i].root);
    if (name.empty()) {
      name = absl::StrCat("generated-by-postrender-", group,
                          group.empty() ? "" : "-", i, ".yaml");
    }
    by_name[name].push_back(std::move((*all)[i]));
  }
  Files out;
  for (const auto& [name, documents] : by_name) {
    out[name] = FormatAll(documents);
  }
  return out;
}

// One run of the post-renderer.
// group: what the documents are, for errors; "" for all.
absl::StatusOr<Files> RunOnce(const Files& files, const PostRenderer& renderer,
                              absl::string_view group) {
  const bool is_all = group.empty();
  const absl::StatusOr<std::string> merged = MergeFiles(files);
  WEIR_RETURN_IF_ERROR(merged.status(), "error merging ",
                       is_all ? "manifests" : group);
  const absl::StatusOr<std::string> text = renderer.run(*merged);
  WEIR_RETURN_IF_ERROR(text.status(), "error while running post render on ",
                       is_all ? "files" : group);
  absl::StatusOr<Files> out = SplitFiles(*text, group);
  WEIR_RETURN_IF_ERROR(out.status(), "error while parsing post rendered output",
                       is_all ? "" : " for ", group);
  return out;
}

}  // namespace

absl::StatusOr<Files> PostRenderFiles(const Files& files,
                                      const PostRenderer& renderer) {
  using Strategy = PostRenderer::Strategy;
  if (renderer.strategy == Strategy::kCombined) {
    return RunOnce(files, renderer, "");
  }
  WEIR_ASSIGN_OR_RETURN(const Manifests manifests, SortManifests(files));
  Files hooks;
  for (const Hook& hook : manifests.hooks) {
    AddTo(hooks[hook.path], hook.content);
  }
  Files objects;
  for (const Manifest& one : manifests.objects) {
    AddTo(objects[one.path], one.content);
  }
  if (renderer.strategy == Strategy::kSeparate && !hooks.empty()) {
    WEIR_ASSIGN_OR_RETURN(hooks, RunOnce(hooks, renderer, "hooks"));
  }
  if (!objects.empty()) {
    WEIR_ASSIGN_OR_RETURN(objects, RunOnce(objects, renderer, "manifests"));
  }
  for (const auto& [path, content] : objects) AddTo(hooks[path], content);
  return hooks;
}

}  // namespace weir::helm
