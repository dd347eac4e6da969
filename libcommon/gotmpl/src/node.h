// The program that a template is parsed into: nodes that know where in the
// text they stand and how to print themselves as text/template does.
//
// Touches: nothing.
// Threads: immutable once parsed.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/gotmpl/function.h"
#include "weir/gotmpl/template.h"
#include "weir/gotmpl/value.h"

namespace weir::gotmpl {

enum class NodeType : uint8_t {
  kText,
  kAction,
  kBool,
  kBreak,
  kChain,
  kCommand,
  kContinue,
  kDot,
  kElse,  // Only while parsing.
  kEnd,   // Only while parsing.
  kField,
  kIdentifier,
  kIf,
  kList,
  kNil,
  kNumber,
  kPipe,
  kRange,
  kString,
  kTemplate,
  kVariable,
  kWith,
};

struct Node {
  Node(NodeType t, size_t p) : type(t), pos(static_cast<uint32_t>(p)) {}
  virtual ~Node() = default;
  std::string ToString() const;

  const NodeType type;
  const uint32_t pos;
};

struct TextNode : Node {
  TextNode(size_t p, absl::string_view t) : Node(NodeType::kText, p), text(t) {}
  absl::string_view text;  // Of the Source.
};

struct ListNode : Node {
  explicit ListNode(size_t p) : Node(NodeType::kList, p) {}
  std::vector<const Node*> nodes;
};

// A field of a chain, also as a key.
struct VariableNode : Node {
  explicit VariableNode(size_t p) : Node(NodeType::kVariable, p) {}
  std::string name;  // "$x"
  std::vector<std::string> fields;
};

struct CommandNode : Node {
  explicit CommandNode(size_t p) : Node(NodeType::kCommand, p) {}
  std::vector<const Node*> args;
};

struct PipeNode : Node {
  explicit PipeNode(size_t p) : Node(NodeType::kPipe, p) {}
  bool is_assign = false;
  std::vector<const VariableNode*> declarations;
  std::vector<const CommandNode*> commands;
};

struct ActionNode : Node {
  ActionNode(size_t p, const PipeNode* n)
      : Node(NodeType::kAction, p), pipe(n) {}
  const PipeNode* pipe;
};

struct IdentifierNode : Node {
  IdentifierNode(size_t p, const Function* f)
      : Node(NodeType::kIdentifier, p), function(f) {}
  const Function* function;
};

struct FieldNode : Node {
  explicit FieldNode(size_t p) : Node(NodeType::kField, p) {}
  std::vector<std::string> fields;
};

struct ChainNode : Node {
  ChainNode(size_t p, const Node* n) : Node(NodeType::kChain, p), node(n) {}
  const Node* node;
  std::vector<std::string> fields;
};

struct BoolNode : Node {
  BoolNode(size_t p, bool v) : Node(NodeType::kBool, p), value(v) {}
  bool value;
};

struct NumberNode : Node {
  explicit NumberNode(size_t p) : Node(NodeType::kNumber, p) {}
  bool is_int = false, is_uint = false, is_float = false, is_complex = false;
  int64_t int64 = 0;
  uint64_t uint64 = 0;
  double float64 = 0;
  std::complex<double> complex128;
  std::string text;
};

struct StringNode : Node {
  StringNode(size_t p, absl::string_view q, const std::string& text)
      : Node(NodeType::kString, p), quoted(q), value(Any::String(text)) {}
  std::string quoted;
  Any value;
};

// if, range and with.
struct BranchNode : Node {
  BranchNode(NodeType t, const PipeNode* p) : Node(t, p->pos), pipe(p) {}
  const PipeNode* pipe;
  const ListNode* list = nullptr;
  const ListNode* else_list = nullptr;
};

struct TemplateNode : Node {
  TemplateNode(size_t p, std::string n, const PipeNode* arguments)
      : Node(NodeType::kTemplate, p), name(std::move(n)), pipe(arguments) {}
  std::string name;
  const PipeNode* pipe;
};

// A text that was parsed, and the nodes of all templates in it.
struct Source {
  std::string name;
  std::string text;
  // Keeps the functions that nodes point to.
  std::shared_ptr<const FunctionTable> functions;
  std::vector<Node*> nodes;

  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    for (Node* node : nodes) node->~Node();
  }

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    void* place = memory_.allocate(sizeof(T), alignof(T));
    T* node = new (place) T(std::forward<Args>(args)...);
    nodes.push_back(node);
    return node;
  }

 private:
  // Nodes are many, small, and go together.
  std::pmr::monotonic_buffer_resource memory_;
};

class Template {
 public:
  std::string name;
  const ListNode* root = nullptr;
  std::shared_ptr<const Source> source;
};

// Nothing in it but space and comments.
bool IsEmptyTree(const Node* node);

// Parses a text: the template of that name comes last, what it defines before
// it. Errors: kInvalidArgument with text/template's text; kResourceExhausted
// for more than `max_nodes`.
absl::StatusOr<std::vector<TemplateRef>> ParseTemplates(
    absl::string_view name, absl::string_view text,
    const std::shared_ptr<const FunctionTable>& functions, size_t max_nodes);

}  // namespace weir::gotmpl
