// Writes trees as kyaml does: go-yaml 3, two spaces, sequences not indented
// under their key, comments and styles kept.
//
// Touches: nothing.
// Threads: one writer is used by one thread.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "src/yaml_text.h"
#include "src/yaml_tree.h"

namespace weir::yaml {

// What go-yaml 3 takes an untagged scalar for, "!!str".
absl::string_view ImpliedTag(const Node& node);

class NodeWriter {
 public:
  // A whole document. `comments` are those around it.
  std::string Write(const Node& root, const Comments& comments);

 private:
  enum class Parent { kDocument, kBlockSequence, kBlockMapping, kFlow };
  // How one scalar is written.
  struct Form {
    ScalarStyle style = ScalarStyle::kPlain;
    std::string tag_handle;
    std::string tag_suffix;
    TextAnalysis analysis;
  };

  void AnalyzeStart(const Node& node);
  void AnalyzeEnd(const Node& node, absl::string_view tail);
  Node StartKey(const Node& key, Comments* comments, std::string* tail);
  void Analyze(absl::string_view head, absl::string_view line,
               absl::string_view foot, absl::string_view tail);
  bool HasTrailingComments() const {
    return !line_comment_.empty() || !foot_comment_.empty() ||
           !tail_comment_.empty();
  }
  void WriteHeadComment();
  void WriteLineComment();
  void WriteFootComment();
  void WriteComment(absl::string_view comment);

  // The start of a node, for scalars and aliases all of it.
  void WriteStart(const Node& node, Parent parent, bool is_simple_key);
  // The rest.
  void WriteChildren(const Node& node, Parent parent);
  void WriteBlockSequence(const Node& node, Parent parent);
  void WriteBlockMapping(const Node& node, Parent parent);
  void WriteBlockKey(const Node& key, absl::string_view tail);
  void WriteBlockValue(const Node& value, bool is_simple);
  void WriteFlowSequence(const Node& node, Parent parent);
  void WriteFlowMapping(const Node& node, Parent parent);
  bool WriteFlowValue(const Node& value, bool is_simple);
  bool IsBlock(const Node& node) const {
    return flow_level_ == 0 && !node.is_flow && !node.children.empty();
  }
  bool IsSimpleKey(const Node& key) const;

  Form FormOf(const Node& node, bool is_simple_key) const;
  static void SetTag(const Node& node, Form* form, bool* force_quotes);
  void WriteTag(const Form& form);
  void WriteScalar(absl::string_view text, const Form& form);
  void WriteQuotedOrPlain(absl::string_view text, bool is_quoted);
  void WriteDouble(absl::string_view text);
  void WriteBlockScalar(absl::string_view text, bool folded);
  void WriteBlockHints(absl::string_view text);

  void Indent(Parent parent, bool is_flow, bool is_compact);
  void Put(char c) {
    out_.push_back(c);
    ++column_;
  }
  void PutBreak() {
    out_.push_back('\n');
    column_ = 0;
    indention_ = true;
  }
  void Copy(absl::string_view text, size_t& i);
  void CopyBreak(absl::string_view text, size_t& i);
  void WriteIndent();
  void WriteIndicator(absl::string_view indicator, bool need_whitespace,
                      bool is_whitespace, bool is_indention);

  std::string out_;
  int indent_ = -1;
  int foot_indent_ = -1;
  int column_ = 0;
  int flow_level_ = 0;
  bool whitespace_ = true;
  bool indention_ = true;
  bool in_mapping_ = false;  // What was started last is in one.
  // Comments of the event under way, until they are written.
  std::string head_comment_;
  std::string line_comment_;
  std::string foot_comment_;
  std::string tail_comment_;
  std::string key_line_comment_;
};

}  // namespace weir::yaml
