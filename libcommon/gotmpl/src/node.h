// The program that a template is parsed into: nodes that know where in the
// text they stand and how to print themselves as text/template does.
//
// Touches: nothing.
// Threads: immutable once parsed.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
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

// Charts have a hundred thousand of them, so they are small: a list of what a
// node consists of lies behind it.
struct alignas(8) Node {
  Node(NodeType t, size_t p) : pos(static_cast<uint32_t>(p)), type(t) {}
  std::string ToString() const;

  const uint32_t pos;
  const NodeType type : 8;
  uint32_t size : 24 = 0;  // Of the list.
};
static_assert(sizeof(Node) == 8);

using Nodes = absl::Span<const Node* const>;
using Names = absl::Span<const absl::string_view>;

// The list behind a node.
template <typename T, typename N>
absl::Span<T const> ListOf(const N* node) {
  return {reinterpret_cast<T const*>(node + 1), node->size};
}

struct TextNode : Node {
  TextNode(size_t p, absl::string_view t) : Node(NodeType::kText, p), text(t) {}
  absl::string_view text;
};

struct ListNode : Node {
  explicit ListNode(size_t p) : Node(NodeType::kList, p) {}
  Nodes nodes() const { return ListOf<const Node*>(this); }
};

// A field of a chain, also as a key.
struct VariableNode : Node {
  VariableNode(size_t p, absl::string_view n)
      : Node(NodeType::kVariable, p), name(n) {}
  Names fields() const { return ListOf<absl::string_view>(this); }
  absl::string_view name;  // "$x"
};

struct CommandNode : Node {
  explicit CommandNode(size_t p) : Node(NodeType::kCommand, p) {}
  Nodes args() const { return ListOf<const Node*>(this); }
};

// "$x, $y :="
struct Declarations {
  bool is_assign = false;
  absl::Span<const VariableNode* const> variables;
};

struct PipeNode : Node {
  PipeNode(size_t p, const Declarations* d)
      : Node(NodeType::kPipe, p), declared(d) {}
  absl::Span<const CommandNode* const> commands() const {
    return ListOf<const CommandNode*>(this);
  }
  absl::Span<const VariableNode* const> declarations() const {
    if (declared == nullptr) return {};
    return declared->variables;
  }
  bool is_assign() const { return declared != nullptr && declared->is_assign; }
  const Declarations* declared;  // Null when there are none.
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
  Names fields() const { return ListOf<absl::string_view>(this); }
};

struct ChainNode : Node {
  ChainNode(size_t p, const Node* n) : Node(NodeType::kChain, p), node(n) {}
  Names fields() const { return ListOf<absl::string_view>(this); }
  const Node* node;
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
  StringNode(size_t p, absl::string_view q, const absl::string_view* u)
      : Node(NodeType::kString, p), quoted(q), unquoted(u) {}
  absl::string_view value() const {
    return unquoted != nullptr ? *unquoted
                               : quoted.substr(1, quoted.size() - 2);
  }
  absl::string_view quoted;
  const absl::string_view* unquoted;  // Null when only the quotes go.
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

  // Nodes go together, without destructors.
  template <typename T, typename... Args>
  T* New(Args&&... args) {
    static_assert(IsPlain<T>());
    ++nodes_;
    return new (Allocate(sizeof(T))) T(std::forward<Args>(args)...);
  }
  // A node, with a list of T that `list` is made into.
  template <typename N, typename T, typename... Args>
  N* NewListed(Nodes list, Args&&... args) {
    static_assert(IsPlain<N>() && IsPlain<T>());
    ++nodes_;
    void* place = Allocate(sizeof(N) + list.size() * sizeof(T));
    N* node = new (place) N(std::forward<Args>(args)...);
    node->size = static_cast<uint32_t>(list.size()) & kMostItems;
    T* to = reinterpret_cast<T*>(node + 1);
    for (const Node* item : list) *to++ = static_cast<T>(item);
    return node;
  }
  // Adds to the list of a node; where that is now. Moves nothing when the node
  // was made last.
  template <typename N, typename T>
  N* Appended(N* node, const T& item) {
    static_assert(IsPlain<T>() && std::is_trivially_copyable_v<N>);
    const size_t bytes = sizeof(N) + node->size * sizeof(T);
    if (reinterpret_cast<char*>(node) + bytes != at_ || room() < sizeof(T)) {
      void* place = Allocate(bytes + sizeof(T));
      node = static_cast<N*>(std::memcpy(place, node, bytes));
    } else {
      at_ += sizeof(T);
    }
    new (reinterpret_cast<T*>(node + 1) + node->size) T(item);
    node->size = (node->size + 1) & kMostItems;
    return node;
  }
  // What nodes refer to.
  template <typename T>
  absl::Span<T const> Keep(absl::Span<T const> list) {
    static_assert(IsPlain<T>());
    T* const kept = static_cast<T*>(Allocate(list.size() * sizeof(T)));
    std::uninitialized_copy(list.begin(), list.end(), kept);
    return {kept, list.size()};
  }

 private:
  static constexpr size_t kAlignment = 8;
  static constexpr uint32_t kMostItems = (1u << 24) - 1;  // Texts are shorter.

  template <typename T>
  static constexpr bool IsPlain() {
    return std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment;
  }
  void* Allocate(size_t size) {
    size = (size + kAlignment - 1) / kAlignment * kAlignment;
    if (room() < size) AddChunk(size);
    return std::exchange(at_, at_ + size);
  }
  size_t room() const { return static_cast<size_t>(end_ - at_); }
  // At least so large.
  void AddChunk(size_t size);

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  char* end_ = nullptr;
  size_t kept_bytes_ = 0;  // In all chunks.
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
