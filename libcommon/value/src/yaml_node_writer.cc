#include "src/yaml_node_writer.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/go_base64.h"
#include "src/utf8.h"
#include "src/yaml_scalar.h"
#include "src/yaml_tag.h"

namespace weir::yaml {
namespace {

constexpr int kIndent = 2;
constexpr size_t kMaxSimpleKey = 128;

absl::string_view TagOfPlain(absl::string_view text) {
  static constexpr absl::string_view kTags[] = {
      "!!null", "!!bool", "!!int", "!!float", "!!str", "!!timestamp"};
  const YamlScalar found =
      ResolveYamlScalar(text, YamlParseOptions::Schema::kYaml12, true);
  return kTags[static_cast<size_t>(found.type)];
}

}  // namespace

absl::string_view ImpliedTag(const Node& node) {
  if (node.style != ScalarStyle::kPlain) return "!!str";
  return node.text == "<<" ? "!!merge" : TagOfPlain(node.text);
}

std::string NodeWriter::Write(const Node& root, const Comments& comments) {
  Analyze(comments.head, "", "", "");
  if (!head_comment_.empty()) {
    WriteHeadComment();
    PutBreak();
  }
  AnalyzeStart(root);
  WriteHeadComment();
  WriteStart(root, Parent::kDocument, false);
  WriteLineComment();
  WriteFootComment();
  WriteChildren(root, Parent::kDocument);
  Analyze("", "", comments.foot, "");
  foot_indent_ = 0;
  WriteFootComment();
  foot_indent_ = -1;
  WriteIndent();
  return std::move(out_);
}

// Of a collection the other comments come with its end.
void NodeWriter::AnalyzeStart(const Node& node) {
  if (node.comments == nullptr) return;
  const bool is_whole =
      node.kind == NodeKind::kScalar || node.kind == NodeKind::kAlias;
  Analyze(node.comments->head, is_whole ? node.comments->line : "",
          is_whole ? node.comments->foot : "", "");
}

void NodeWriter::AnalyzeEnd(const Node& node, absl::string_view tail) {
  if (node.comments == nullptr) {
    Analyze("", "", "", tail);
  } else {
    Analyze("", node.comments->line, node.comments->foot, tail);
  }
}

// Takes the foot off a key: it goes below the value, as the tail of what
// follows.
Node NodeWriter::StartKey(const Node& key, Comments* comments,
                          std::string* tail) {
  const bool takes_tail =
      key.kind == NodeKind::kScalar || key.kind == NodeKind::kMapping;
  Node copy = key;
  std::string foot;
  if (key.comments != nullptr) {
    *comments = *key.comments;
    foot = std::exchange(comments->foot, "");
    copy.comments = comments;
  }
  AnalyzeStart(copy);
  if (takes_tail) Analyze("", "", "", *tail);
  *tail = std::move(foot);
  return copy;
}

void NodeWriter::Analyze(absl::string_view head, absl::string_view line,
                         absl::string_view foot, absl::string_view tail) {
  if (!head.empty()) head_comment_ = std::string(head);
  if (!line.empty()) line_comment_ = std::string(line);
  if (!foot.empty()) foot_comment_ = std::string(foot);
  if (!tail.empty()) tail_comment_ = std::string(tail);
}

void NodeWriter::WriteHeadComment() {
  if (!tail_comment_.empty()) {
    WriteIndent();
    WriteComment(tail_comment_);
    tail_comment_.clear();
    foot_indent_ = std::max(indent_, 0);
  }
  if (head_comment_.empty()) return;
  WriteIndent();
  WriteComment(head_comment_);
  head_comment_.clear();
}

void NodeWriter::WriteLineComment() {
  if (line_comment_.empty()) return;
  if (!whitespace_) Put(' ');
  WriteComment(line_comment_);
  line_comment_.clear();
}

void NodeWriter::WriteFootComment() {
  if (foot_comment_.empty()) return;
  WriteIndent();
  WriteComment(foot_comment_);
  foot_comment_.clear();
  foot_indent_ = std::max(indent_, 0);
}

void NodeWriter::WriteComment(absl::string_view comment) {
  bool after_break = false;
  bool has_mark = false;
  for (size_t i = 0; i < comment.size();) {
    if (LineBreakLength(comment, i) != 0) {
      CopyBreak(comment, i);
      after_break = true;
      has_mark = false;
      continue;
    }
    if (after_break) WriteIndent();
    if (!has_mark && comment[i] != '#') {
      Put('#');
      Put(' ');
    }
    has_mark = true;
    Copy(comment, i);
    indention_ = false;
    after_break = false;
  }
  if (!after_break) PutBreak();
  whitespace_ = true;
}

void NodeWriter::Indent(Parent parent, bool is_flow, bool is_compact) {
  if (indent_ < 0) {
    indent_ = is_flow ? kIndent : 0;
    return;
  }
  indent_ += kIndent;
  if (is_compact && parent != Parent::kBlockSequence) indent_ -= kIndent;
}

void NodeWriter::WriteStart(const Node& node, Parent parent,
                            bool is_simple_key) {
  in_mapping_ = parent == Parent::kBlockMapping;
  if (node.kind == NodeKind::kAlias) {
    WriteIndicator("*", true, false, false);
    WriteIndicator(node.text, false, false, false);
    return;
  }
  const Form form = FormOf(node, is_simple_key);
  if (!node.anchor.empty()) {
    WriteIndicator("&", true, false, false);
    WriteIndicator(node.anchor, false, false, false);
  }
  WriteTag(form);
  if (node.kind != NodeKind::kScalar) return;
  const int outer = indent_;
  Indent(parent, true, false);
  WriteScalar(node.text, form);
  indent_ = outer;
}

void NodeWriter::WriteChildren(const Node& node, Parent parent) {
  if (node.kind == NodeKind::kSequence) {
    if (IsBlock(node)) {
      WriteBlockSequence(node, parent);
    } else {
      WriteFlowSequence(node, parent);
    }
  } else if (node.kind == NodeKind::kMapping) {
    if (IsBlock(node)) {
      WriteBlockMapping(node, parent);
    } else {
      WriteFlowMapping(node, parent);
    }
  }
}

void NodeWriter::WriteBlockSequence(const Node& node, Parent parent) {
  const int outer = indent_;
  bool is_first = true;
  for (const Node* child : node.children) {
    AnalyzeStart(*child);
    if (is_first) {
      Indent(parent, false, in_mapping_ && (column_ == 0 || !indention_));
      is_first = false;
    }
    WriteHeadComment();
    WriteIndent();
    WriteIndicator("-", true, false, true);
    WriteStart(*child, Parent::kBlockSequence, false);
    WriteLineComment();
    WriteFootComment();
    WriteChildren(*child, Parent::kBlockSequence);
  }
  AnalyzeEnd(node, "");
  indent_ = outer;
}

void NodeWriter::WriteBlockMapping(const Node& node, Parent parent) {
  const int outer = indent_;
  std::string tail;
  for (size_t i = 0; i < node.children.size(); i += 2) {
    Comments comments;
    const Node key = StartKey(*node.children[i], &comments, &tail);
    if (i == 0) Indent(parent, false, false);
    WriteHeadComment();
    WriteIndent();
    if (!line_comment_.empty()) {
      key_line_comment_ = std::exchange(line_comment_, "");
    }
    const bool is_simple = IsSimpleKey(key);
    if (!is_simple) WriteIndicator("?", true, false, true);
    WriteStart(key, Parent::kBlockMapping, is_simple);
    WriteChildren(key, Parent::kBlockMapping);
    WriteBlockValue(*node.children[i + 1], is_simple);
  }
  AnalyzeEnd(node, tail);
  WriteHeadComment();
  indent_ = outer;
}

void NodeWriter::WriteBlockValue(const Node& value, bool is_simple) {
  AnalyzeStart(value);
  if (is_simple) {
    WriteIndicator(":", false, false, false);
  } else {
    WriteIndent();
    WriteIndicator(":", true, false, true);
  }
  if (!key_line_comment_.empty()) {
    if (value.kind == NodeKind::kScalar) {
      if (line_comment_.empty()) {
        line_comment_ = std::exchange(key_line_comment_, "");
      }
    } else if (!value.is_flow && value.kind != NodeKind::kAlias) {
      std::swap(line_comment_, key_line_comment_);
      WriteLineComment();
      std::swap(line_comment_, key_line_comment_);
    }
  }
  WriteStart(value, Parent::kBlockMapping, false);
  WriteLineComment();
  WriteFootComment();
  WriteChildren(value, Parent::kBlockMapping);
}

void NodeWriter::WriteFlowSequence(const Node& node, Parent parent) {
  const int outer = indent_;
  bool is_first = true;
  bool has_comma = false;
  for (const Node* child : node.children) {
    AnalyzeStart(*child);
    if (is_first) {
      WriteIndicator("[", true, true, false);
      Indent(parent, true, false);
      ++flow_level_;
    } else if (!has_comma) {
      WriteIndicator(",", false, false, false);
    }
    is_first = false;
    WriteHeadComment();
    if (column_ == 0) WriteIndent();
    has_comma = HasTrailingComments();
    WriteStart(*child, Parent::kFlow, false);
    if (HasTrailingComments()) WriteIndicator(",", false, false, false);
    WriteLineComment();
    WriteFootComment();
    WriteChildren(*child, Parent::kFlow);
  }
  AnalyzeEnd(node, "");
  if (is_first) {
    WriteIndicator("[", true, true, false);
    ++flow_level_;
  }
  --flow_level_;
  indent_ = outer;
  if (column_ == 0) WriteIndent();
  WriteIndicator("]", false, false, false);
  WriteLineComment();
  WriteFootComment();
}

void NodeWriter::WriteFlowMapping(const Node& node, Parent parent) {
  const int outer = indent_;
  bool has_comma = false;
  std::string tail;
  for (size_t i = 0; i < node.children.size(); i += 2) {
    Comments comments;
    const Node key = StartKey(*node.children[i], &comments, &tail);
    if (i == 0) {
      WriteIndicator("{", true, true, false);
      Indent(parent, true, false);
      ++flow_level_;
    } else if (!has_comma) {
      WriteIndicator(",", false, false, false);
    }
    WriteHeadComment();
    if (column_ == 0) WriteIndent();
    const bool is_simple = IsSimpleKey(key);
    if (!is_simple) WriteIndicator("?", true, false, false);
    WriteStart(key, Parent::kFlow, is_simple);
    WriteChildren(key, Parent::kFlow);
    has_comma = WriteFlowValue(*node.children[i + 1], is_simple);
  }
  AnalyzeEnd(node, tail);
  const bool is_empty = node.children.empty();
  if (is_empty) {
    WriteIndicator("{", true, true, false);
    ++flow_level_;
  } else if (!has_comma && (!head_comment_.empty() || !foot_comment_.empty() ||
                            !tail_comment_.empty())) {
    WriteIndicator(",", false, false, false);
  }
  WriteHeadComment();
  --flow_level_;
  indent_ = outer;
  WriteIndicator("}", false, false, false);
  WriteLineComment();
  WriteFootComment();
}

// Whether the comma behind the value is written as well.
bool NodeWriter::WriteFlowValue(const Node& value, bool is_simple) {
  AnalyzeStart(value);
  WriteIndicator(":", !is_simple, false, false);
  const bool has_comma = HasTrailingComments();
  WriteStart(value, Parent::kFlow, false);
  if (HasTrailingComments()) WriteIndicator(",", false, false, false);
  WriteLineComment();
  WriteFootComment();
  WriteChildren(value, Parent::kFlow);
  return has_comma;
}

bool NodeWriter::IsSimpleKey(const Node& key) const {
  if (key.kind == NodeKind::kAlias) return key.text.size() <= kMaxSimpleKey;
  if (key.kind != NodeKind::kScalar && !key.children.empty()) return false;
  const Form form = FormOf(key, true);
  if (form.analysis.multiline) return false;
  return key.anchor.size() + form.tag_handle.size() + form.tag_suffix.size() +
             key.text.size() <=
         kMaxSimpleKey;
}

void NodeWriter::SetTag(const Node& node, Form* form, bool* force_quotes) {
  std::string tag;
  if (!node.tag.empty() && node.tag != "!") {
    tag = LongTag(node.tag);
  } else if (node.kind == NodeKind::kScalar) {
    const absl::string_view own = TagOfPlain(node.text);
    const absl::string_view implied =
        node.implied.empty() ? ImpliedTag(node) : node.implied;
    if (node.style != ScalarStyle::kPlain && implied == "!!str") return;
    if (implied == own) return;
    if (implied == "!!str") {
      *force_quotes = true;
      return;
    }
    tag = LongTag(implied);
  }
  if (tag.empty()) return;
  if (tag[0] == '!') {
    form->tag_handle = "!";
    form->tag_suffix = tag.substr(1);
  } else if (absl::StartsWith(tag, kCommonTags)) {
    form->tag_handle = "!!";
    form->tag_suffix = tag.substr(kCommonTags.size());
  } else {
    form->tag_suffix = tag;
  }
}

NodeWriter::Form NodeWriter::FormOf(const Node& node,
                                    bool is_simple_key) const {
  Form form;
  bool force_quotes = false;
  SetTag(node, &form, &force_quotes);
  if (node.kind != NodeKind::kScalar) return form;
  form.analysis = AnalyzeText(node.text, true);
  const TextAnalysis& can = form.analysis;
  ScalarStyle style = node.style;
  if (style == ScalarStyle::kPlain) {
    if (absl::StrContains(node.text, "\n")) {
      style = ScalarStyle::kLiteral;
    } else if (force_quotes) {
      style = ScalarStyle::kDouble;
    }
  }
  if (is_simple_key && can.multiline) style = ScalarStyle::kDouble;
  if (style == ScalarStyle::kPlain &&
      (!(flow_level_ > 0 ? can.flow_plain : can.block_plain) ||
       (node.text.empty() && (flow_level_ > 0 || is_simple_key)))) {
    style = ScalarStyle::kSingle;
  }
  if (style == ScalarStyle::kSingle && !can.single_quoted) {
    style = ScalarStyle::kDouble;
  }
  if ((style == ScalarStyle::kLiteral || style == ScalarStyle::kFolded) &&
      (!can.block || flow_level_ > 0 || is_simple_key)) {
    style = ScalarStyle::kDouble;
  }
  form.style = style;
  return form;
}

void NodeWriter::WriteTag(const Form& form) {
  if (form.tag_handle.empty() && form.tag_suffix.empty()) return;
  if (form.tag_handle.empty()) {
    WriteIndicator("!<", true, false, false);
  } else {
    WriteIndicator(form.tag_handle, true, false, false);
  }
  constexpr absl::string_view kWritten = ";/?:@&=+$,_.~*'()[]-";
  for (const char c : form.tag_suffix) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        kWritten.find(c) != absl::string_view::npos) {
      Put(c);
    } else {
      constexpr char kHex[] = "0123456789ABCDEF";
      Put('%');
      Put(kHex[static_cast<unsigned char>(c) >> 4]);
      Put(kHex[c & 15]);
    }
  }
  whitespace_ = false;
  indention_ = false;
  if (form.tag_handle.empty()) WriteIndicator(">", false, false, false);
}

void NodeWriter::WriteScalar(absl::string_view text, const Form& form) {
  switch (form.style) {
    case ScalarStyle::kPlain:
      WriteQuotedOrPlain(text, false);
      break;
    case ScalarStyle::kSingle:
      WriteQuotedOrPlain(text, true);
      break;
    case ScalarStyle::kDouble:
      WriteDouble(text);
      break;
    case ScalarStyle::kLiteral:
    case ScalarStyle::kFolded:
      WriteBlockScalar(text, form.style == ScalarStyle::kFolded);
      break;
  }
}

void NodeWriter::WriteQuotedOrPlain(absl::string_view text, bool is_quoted) {
  if (is_quoted) {
    WriteIndicator("'", true, false, false);
  } else if (!text.empty() && !whitespace_) {
    Put(' ');
  }
  bool after_break = false;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      Copy(text, i);
    } else if (LineBreakLength(text, i) != 0) {
      if (!after_break && text[i] == '\n') PutBreak();
      CopyBreak(text, i);
      after_break = true;
    } else {
      if (after_break) WriteIndent();
      if (is_quoted && text[i] == '\'') Put('\'');
      Copy(text, i);
      indention_ = false;
      after_break = false;
    }
  }
  if (is_quoted) WriteIndicator("'", false, false, false);
  if (is_quoted || !text.empty()) whitespace_ = false;
  indention_ = false;
}

void NodeWriter::WriteDouble(absl::string_view text) {
  WriteIndicator("\"", true, false, false);
  // A byte order mark at the start makes Go escape everything.
  const bool escape_all = absl::StartsWith(text, "\xef\xbb\xbf");
  for (size_t i = 0; i < text.size();) {
    if (escape_all || !IsPrintable(text, i) || LineBreakLength(text, i) != 0 ||
        text[i] == '"' || text[i] == '\\') {
      column_ += AppendEscape(text, i, &out_);
    } else {
      Copy(text, i);
    }
  }
  WriteIndicator("\"", false, false, false);
  whitespace_ = false;
  indention_ = false;
}

void NodeWriter::WriteBlockHints(absl::string_view text) {
  if (text[0] == ' ' || LineBreakLength(text, 0) != 0) {
    WriteIndicator(absl::StrCat(kIndent), false, false, false);
  }
  const auto before = [text](size_t i) {
    do {
      --i;
    } while ((text[i] & '\xc0') == '\x80');
    return i;
  };
  const size_t last = before(text.size());
  if (LineBreakLength(text, last) == 0) {
    WriteIndicator("-", false, false, false);
  } else if (last == 0 || LineBreakLength(text, before(last)) != 0) {
    WriteIndicator("+", false, false, false);
  }
}

void NodeWriter::WriteBlockScalar(absl::string_view text, bool folded) {
  WriteIndicator(folded ? ">" : "|", true, false, false);
  WriteBlockHints(text);
  if (line_comment_.empty()) {
    PutBreak();
  } else {
    WriteLineComment();
  }
  whitespace_ = true;
  bool after_break = true;
  bool leading_blank = true;
  // Where Go looks whether a line to be folded is indented: always at the
  // first one.
  size_t start = 0;
  while (folded && start < text.size() && LineBreakLength(text, start) != 0) {
    start += LineBreakLength(text, start);
  }
  const bool doubles = start < text.size() && text[start] != ' ' &&
                       text[start] != '\t' && text[start] != '\0';
  for (size_t i = 0; i < text.size();) {
    if (LineBreakLength(text, i) != 0) {
      if (folded && doubles && !after_break && !leading_blank &&
          text[i] == '\n') {
        PutBreak();
      }
      CopyBreak(text, i);
      after_break = true;
      continue;
    }
    if (after_break) {
      WriteIndent();
      leading_blank = text[i] == ' ' || text[i] == '\t';
    }
    Copy(text, i);
    indention_ = false;
    after_break = false;
  }
}

void NodeWriter::Copy(absl::string_view text, size_t& i) {
  const size_t width = CharacterWidth(text, i);
  out_.append(text.data() + i, width);
  ++column_;
  i += width;
}

void NodeWriter::CopyBreak(absl::string_view text, size_t& i) {
  const size_t length = LineBreakLength(text, i);
  out_.append(text.data() + i, length);
  column_ = 0;
  indention_ = true;
  i += length;
}

void NodeWriter::WriteIndent() {
  const int indent = std::max(indent_, 0);
  if (!indention_ || column_ > indent || (column_ == indent && !whitespace_)) {
    PutBreak();
  }
  if (foot_indent_ == indent) PutBreak();
  while (column_ < indent) Put(' ');
  whitespace_ = true;
  foot_indent_ = -1;
}

void NodeWriter::WriteIndicator(absl::string_view indicator,
                                bool need_whitespace, bool is_whitespace,
                                bool is_indention) {
  if (need_whitespace && !whitespace_) Put(' ');
  for (const char c : indicator) Put(c);
  whitespace_ = is_whitespace;
  indention_ = indention_ && is_indention;
}

}  // namespace weir::yaml
