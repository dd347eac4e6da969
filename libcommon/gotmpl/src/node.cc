#include "node.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "go_strconv.h"
#include "unicode.h"

namespace weir::gotmpl {
namespace {

void Write(const Node* node, std::string* out);

void WriteFields(Names fields, std::string* out) {
  for (absl::string_view field : fields) absl::StrAppend(out, ".", field);
}

void WritePipe(const PipeNode* pipe, std::string* out) {
  for (size_t i = 0; i < pipe->declarations().size(); ++i) {
    if (i > 0) out->append(", ");
    Write(pipe->declarations()[i], out);
  }
  if (!pipe->declarations().empty()) {
    absl::StrAppend(out, pipe->is_assign() ? " = " : " := ");
  }
  for (size_t i = 0; i < pipe->commands().size(); ++i) {
    if (i > 0) out->append(" | ");
    Write(pipe->commands()[i], out);
  }
}

void WriteArgument(const Node* node, std::string* out) {
  if (node->type == NodeType::kPipe) {
    out->push_back('(');
    Write(node, out);
    out->push_back(')');
  } else {
    Write(node, out);
  }
}

void WriteBranch(const BranchNode* branch, absl::string_view name,
                 std::string* out) {
  absl::StrAppend(out, "{{", name, " ");
  Write(branch->pipe, out);
  out->append("}}");
  Write(branch->list, out);
  if (branch->else_list != nullptr) {
    out->append("{{else}}");
    Write(branch->else_list, out);
  }
  out->append("{{end}}");
}

void WriteTemplate(const TemplateNode* node, std::string* out) {
  out->append("{{template ");
  AppendQuoted(node->name, false, out);
  if (node->pipe != nullptr) {
    out->push_back(' ');
    Write(node->pipe, out);
  }
  out->append("}}");
}

template <typename T>
const T* As(const Node* node) {
  return static_cast<const T*>(node);
}

void WriteOperand(const Node* node, std::string* out) {
  switch (node->type) {
    case NodeType::kBool:
      absl::StrAppend(out, As<BoolNode>(node)->value ? "true" : "false");
      return;
    case NodeType::kChain:
      WriteArgument(As<ChainNode>(node)->node, out);
      WriteFields(As<ChainNode>(node)->fields(), out);
      return;
    case NodeType::kDot:
      out->push_back('.');
      return;
    case NodeType::kField:
      WriteFields(As<FieldNode>(node)->fields(), out);
      return;
    case NodeType::kIdentifier:
      absl::StrAppend(out, As<IdentifierNode>(node)->function->name);
      return;
    case NodeType::kNil:
      out->append("nil");
      return;
    case NodeType::kNumber:
      absl::StrAppend(out, As<NumberNode>(node)->text);
      return;
    case NodeType::kString:
      absl::StrAppend(out, As<StringNode>(node)->quoted);
      return;
    case NodeType::kVariable:
      absl::StrAppend(out, As<VariableNode>(node)->name);
      WriteFields(As<VariableNode>(node)->fields(), out);
      return;
    default:
      return;
  }
}

void Write(const Node* node, std::string* out) {
  switch (node->type) {
    case NodeType::kText:
      absl::StrAppend(out, As<TextNode>(node)->text);
      return;
    case NodeType::kAction:
      out->append("{{");
      Write(As<ActionNode>(node)->pipe, out);
      out->append("}}");
      return;
    case NodeType::kBreak:
      out->append("{{break}}");
      return;
    case NodeType::kContinue:
      out->append("{{continue}}");
      return;
    case NodeType::kElse:
      out->append("{{else}}");
      return;
    case NodeType::kEnd:
      out->append("{{end}}");
      return;
    case NodeType::kCommand: {
      const Nodes args = As<CommandNode>(node)->args();
      for (size_t i = 0; i < args.size(); ++i) {
        if (i > 0) out->push_back(' ');
        WriteArgument(args[i], out);
      }
      return;
    }
    case NodeType::kIf:
      return WriteBranch(As<BranchNode>(node), "if", out);
    case NodeType::kRange:
      return WriteBranch(As<BranchNode>(node), "range", out);
    case NodeType::kWith:
      return WriteBranch(As<BranchNode>(node), "with", out);
    case NodeType::kList:
      for (const Node* child : As<ListNode>(node)->nodes()) Write(child, out);
      return;
    case NodeType::kPipe:
      return WritePipe(As<PipeNode>(node), out);
    case NodeType::kTemplate:
      return WriteTemplate(As<TemplateNode>(node), out);
    default:
      WriteOperand(node, out);
  }
}

}  // namespace

void Source::AddChunk(size_t size) {
  constexpr size_t kLeast = 512, kMost = size_t{32} << 10;
  // Nodes take about twice what their text does, and little is to be left over.
  // A list that grows is copied seldom.
  const size_t likely = std::max(kept_bytes_ / 4, text.size() / 2);
  const size_t more = std::max(std::clamp(likely, kLeast, kMost), 2 * size);
  chunks_.emplace_back(new char[more]);
  at_ = chunks_.back().get();
  end_ = at_ + more;
  kept_bytes_ += more;
}

std::string Node::ToString() const {
  std::string out;
  Write(this, &out);
  return out;
}

bool IsEmptyTree(const Node* node) {
  if (node == nullptr) return true;
  if (node->type == NodeType::kText) {
    return TrimSpace(As<TextNode>(node)->text).empty();
  }
  if (node->type != NodeType::kList) return false;
  for (const Node* child : As<ListNode>(node)->nodes()) {
    if (!IsEmptyTree(child)) return false;
  }
  return true;
}

}  // namespace weir::gotmpl
