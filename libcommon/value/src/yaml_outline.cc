#include "weir/value/yaml_outline.h"

#include <yaml.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir {
namespace {

constexpr int kMaxDepth = 200;

class OutlineReader {
 public:
  explicit OutlineReader(absl::string_view text) {
    WEIR_CHECK(yaml_parser_initialize(&parser_) != 0);
    if (text.data() == nullptr) text = "";
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(text.data()),
        text.size());
  }
  OutlineReader(const OutlineReader&) = delete;
  OutlineReader& operator=(const OutlineReader&) = delete;
  ~OutlineReader() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  absl::StatusOr<std::vector<YamlOutline>> ReadAll() {
    std::vector<YamlOutline> documents;
    while (true) {
      WEIR_RETURN_IF_ERROR(Next());
      if (event_.type == YAML_STREAM_END_EVENT) return documents;
      if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
      WEIR_RETURN_IF_ERROR(Next());
      documents.emplace_back();
      WEIR_RETURN_IF_ERROR(Read(&documents.back(), 0));
    }
  }

 private:
  absl::Status Next() {
    yaml_event_delete(&event_);
    if (yaml_parser_parse(&parser_, &event_) != 0) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(
        parser_.problem_mark.line + 1, ": ",
        parser_.problem == nullptr ? "cannot be parsed" : parser_.problem));
  }

  int line() const { return static_cast<int>(event_.start_mark.line) + 1; }

  // Reads the node whose event is at hand.
  absl::Status Read(YamlOutline* out, int depth) {
    if (depth > kMaxDepth) {
      return absl::ResourceExhaustedError(
          absl::StrCat(line(), ": nested more than ", kMaxDepth, " deep"));
    }
    out->line = line();
    switch (event_.type) {
      case YAML_SCALAR_EVENT:
        out->text.assign(
            reinterpret_cast<const char*>(event_.data.scalar.value),
            event_.data.scalar.length);
        return absl::OkStatus();
      case YAML_SEQUENCE_START_EVENT:
        return ReadList(out, depth);
      case YAML_MAPPING_START_EVENT:
        return ReadMap(out, depth);
      default:
        return absl::OkStatus();
    }
  }

  absl::Status ReadList(YamlOutline* out, int depth) {
    out->kind = YamlOutline::Kind::kList;
    while (true) {
      WEIR_RETURN_IF_ERROR(Next());
      if (event_.type == YAML_SEQUENCE_END_EVENT) return absl::OkStatus();
      out->children.emplace_back();
      WEIR_RETURN_IF_ERROR(Read(&out->children.back().second, depth + 1));
    }
  }

  absl::Status ReadMap(YamlOutline* out, int depth) {
    out->kind = YamlOutline::Kind::kMap;
    while (true) {
      WEIR_RETURN_IF_ERROR(Next());
      if (event_.type == YAML_MAPPING_END_EVENT) return absl::OkStatus();
      YamlOutline key;
      WEIR_RETURN_IF_ERROR(Read(&key, depth + 1));
      WEIR_RETURN_IF_ERROR(Next());
      out->children.emplace_back(std::move(key.text), YamlOutline());
      YamlOutline* value = &out->children.back().second;
      WEIR_RETURN_IF_ERROR(Read(value, depth + 1));
      value->line = key.line;
    }
  }

  yaml_parser_t parser_;
  yaml_event_t event_ = {};
};

}  // namespace

const YamlOutline* YamlOutline::Find(absl::string_view key) const {
  if (kind != Kind::kMap) return nullptr;
  for (const auto& [name, child] : children) {
    if (name == key) return &child;
  }
  return nullptr;
}

absl::StatusOr<std::vector<YamlOutline>> OutlineYaml(absl::string_view text) {
  return OutlineReader(text).ReadAll();
}

}  // namespace weir
