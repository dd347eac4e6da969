// Runs a parsed template, by text/template's rules and with its messages.
//
// Touches: what the functions that it calls touch.
// Threads: one thread each.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "node.h"
#include "weir/gotmpl/template.h"

namespace weir::gotmpl {

// Whether a parameter or an element of that type may be nil.
bool CanBeNil(const Type* type);

class Evaluator {
 public:
  Evaluator(Execution& execution, const Set& set, std::string* out)
      : execution_(execution), set_(set), out_(*out) {}

  absl::Status Run(const Template& parsed, const Any& data);

 private:
  enum class Flow { kNext, kBreak, kContinue, kError };
  struct Variable {
    absl::string_view name;
    Any value;
  };

  // Sets the error; false and kError for the caller to return.
  bool Fail(absl::string_view message,
            absl::StatusCode code = absl::StatusCode::kInvalidArgument);
  bool FailCall(const Node* node, absl::string_view name,
                const absl::Status& cause);
  bool FailLimit(const absl::Status& status) {
    return Fail(status.message(), status.code());
  }
  // `most` bytes of the node's text.
  std::string Where(size_t most = std::string::npos) const;
  void At(const Node* node) { node_ = node; }
  bool Step();
  // Fails when so many more steps, or what values cost now, exceed a limit.
  bool Spend(const Node* node, uint64_t steps);
  // Fails beyond the limits of depth; `more` bytes of stack may be used.
  bool EnterDepth(size_t more = 0);
  // Pipelines in parentheses have more, so that endless recursion ends at the
  // template that calls itself, as Go's does, and not at what is in it.
  static constexpr size_t kForPipelines = size_t{512} << 10;
  bool CheckOutput();

  // Recursion is as deep as the stack is large: frames on its way are small.
  Flow Walk(const Any& dot, const Node* node);
  Flow Unknown(const Node* node);
  Flow WalkBranch(const Any& dot, const BranchNode* branch);
  Flow WalkRange(const Any& dot, const BranchNode* range);
  Flow WalkItems(const Any& dot, const BranchNode* range, const Any& items,
                 bool* ran);
  Flow WalkInteger(const Any& dot, const BranchNode* range, const Any& count,
                   bool* ran);
  Flow WalkElement(const BranchNode* range, const Any& index,
                   const Any& element);
  Flow WalkTemplate(const Any& dot, const TemplateNode* node);
  bool Print(const Node* node, const Any& value);

  // A null `final` means that nothing was piped in.
  bool Pipeline(const Any& dot, const PipeNode* pipe, Any* value);
  bool Command(const Any& dot, const CommandNode* command, const Any* final,
               Any* value);
  bool Operand(const Any& dot, const Node* node, Any* value);
  bool NotAFunction(const Nodes& args, const Any* final);
  Any Text(const StringNode* node) const;
  bool Constant(const NumberNode* number, Any* value);
  bool FieldNodeValue(const Any& dot, const FieldNode* node, const Nodes* args,
                      const Any* final, Any* value);
  bool ChainNodeValue(const Any& dot, const ChainNode* node, const Nodes* args,
                      const Any* final, Any* value);
  bool VariableNodeValue(const Any& dot, const VariableNode* node,
                         const Nodes* args, const Any* final, Any* value);
  bool FieldChain(const Any& dot, Any receiver, const Node* node, Names fields,
                  const Nodes* args, const Any* final, Any* value);
  bool Field(const Any& dot, absl::string_view field, const Node* node,
             const Nodes* args, const Any* final, const Any& receiver,
             Any* value);
  bool MapField(absl::string_view field, bool has_args, const Any& receiver,
                Any* value);
  bool FailHidden(absl::string_view field, const Any& receiver);
  bool StructField(absl::string_view field, bool has_args, const Any& receiver,
                   Any* value);
  bool CallMethod(const Any& dot, const Method& method, const Node* node,
                  const Nodes* args, const Any* final, const Any& receiver,
                  Any* value);
  bool CallFunction(const Any& dot, const Function& function, const Node* node,
                    absl::string_view name, const Nodes* args, const Any* final,
                    const Any& receiver, Any* value);
  bool CheckCount(const Signature& signature, absl::string_view name,
                  size_t arguments, bool has_final);
  bool ShortCircuit(const Any& dot, const Function& function, const Nodes* args,
                    const Any* final, Any* value);
  bool Invoke(const Function& function, const Node* node,
              absl::string_view name, absl::Span<Any> args, const Any& receiver,
              Any* value);
  bool Argument(const Any& dot, const Type* type, const Node* node, Any* value);
  bool Literal(const Type* type, const Node* node, Any* value);
  bool LiteralNumber(const Type* type, const Node* node, Any* value);
  bool Validate(const Type* type, Any* value);

  Any* FindVariable(absl::string_view name);
  bool SetVariable(absl::string_view name, Any value);

  Execution& execution_;
  const Set& set_;
  std::string& out_;
  const Template* template_ = nullptr;
  const Node* node_ = nullptr;
  std::vector<Variable> variables_;
  // Where the running template's variables start.
  size_t first_variable_ = 0;
  int depth_ = 0;
  absl::Status error_;
};

}  // namespace weir::gotmpl
