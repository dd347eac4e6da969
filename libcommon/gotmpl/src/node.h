// The program that a template is parsed into: nodes that know where in the
// text they stand and how to print themselves as text/template does.
//
// Touches: nothing.
// Threads: immutable once parsed.
#pragma once

#include <complex>
#include <cstdint>
#include <deque>
#include <memory>
#include <memory_resource>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
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
  std::string ToString() const;

  const NodeType type;
  const uint32_t pos;
};

// What nodes consist of lies where they do, or in the text.
using Nodes = absl::Span<const Node* const>;
using Names = absl::Span<const absl::string_view>;

struct TextNode : Node {
  TextNode(size_t p, absl::string_view t) : Node(NodeType::kText, p), text(t) {}
  absl::string_view text;
};

struct ListNode : Node {
  explicit ListNode(size_t p) : Node(NodeType::kList, p) {}
  Nodes nodes;
};

// A field of a chain, also as a key.
struct VariableNode : Node {
  VariableNode(size_t p, absl::string_view n)
      : Node(NodeType::kVariable, p), name(n) {}
  absl::string_view name;  // "$x"
  Names fields;
};

struct CommandNode : Node {
  explicit CommandNode(size_t p) : Node(NodeType::kCommand, p) {}
  Nodes args;
};

struct PipeNode : Node {
  explicit PipeNode(size_t p) : Node(NodeType::kPipe, p) {}
  bool is_assign = false;
  absl::Span<const VariableNode* const> declarations;
  absl::Span<const CommandNode* const> commands;
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
  Names fields;
};

struct ChainNode : Node {
  ChainNode(size_t p, const Node* n) : Node(NodeType::kChain, p), node(n) {}
  const Node* node;
  Names fields;
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
  absl::string_view text;
};

struct StringNode : Node {
  StringNode(size_t p, absl::string_view q, const Any& v)
      : Node(NodeType::kString, p), quoted(q), value(v) {}
  absl::string_view quoted;
  const Any& value;
};

// if, range and with.
struct BranchNode : Node {
  BranchNode(NodeType t, const PipeNode* p) : Node(t, p->pos), pipe(p) {}
  const PipeNode* pipe;
  const ListNode* list = nullptr;
  const ListNode* else_list = nullptr;
};

struct TemplateNode : Node {
  TemplateNode(size_t p, absl::string_view n, const PipeNode* arguments)
      : Node(NodeType::kTemplate, p), name(n), pipe(arguments) {}
  absl::string_view name;
  const PipeNode* pipe;
};

// A text that was parsed, and the nodes of all templates in it.
class Source {
 public:
  std::string name;
  absl::string_view text;
  std::string copy;  // Of the text, unless somebody else keeps it.
  // Keeps the functions that nodes point to.
  std::shared_ptr<const FunctionTable> functions;

  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  size_t nodes() const { return nodes_; }

  // Nodes are many, small, and go together, without destructors.
  template <typename T, typename... Args>
  T* New(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    ++nodes_;
    return new (memory_.allocate(sizeof(T), alignof(T)))
        T(std::forward<Args>(args)...);
  }
  template <typename T>
  absl::Span<const T> Keep(absl::Span<const T> list) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (list.empty()) return {};
    void* place = memory_.allocate(list.size() * sizeof(T), alignof(T));
    T* kept = static_cast<T*>(place);
    std::uninitialized_copy(list.begin(), list.end(), kept);
    return {kept, list.size()};
  }
  const Any& Keep(Any value) { return values_.emplace_back(std::move(value)); }

 private:
  std::pmr::monotonic_buffer_resource memory_;
  std::deque<Any> values_;
  size_t nodes_ = 0;
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
// it. With `is_kept`, what is made refers to the text instead of copying it.
// Errors: kInvalidArgument with text/template's text; kResourceExhausted for
// more than `max_nodes`.
absl::StatusOr<std::vector<TemplateRef>> ParseTemplates(
    absl::string_view name, absl::string_view text, bool is_kept,
    const std::shared_ptr<const FunctionTable>& functions, size_t max_nodes);

}  // namespace weir::gotmpl
