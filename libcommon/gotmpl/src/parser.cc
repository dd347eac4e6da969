#include <algorithm>
#include <array>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "go_strconv.h"
#include "lexer.h"
#include "node.h"
#include "number_node.h"

namespace weir::gotmpl {
namespace {

// Of the thread's stack, for nested parentheses and control structures.
constexpr ptrdiff_t kMaxStackBytes = ptrdiff_t{3} << 20;
constexpr int kMaxParentheses = 10000;
// Then no list of a node has more items than it can count.
constexpr size_t kMaxTextBytes = size_t{32} << 20;

std::string Quoted(absl::string_view text) {
  std::string out;
  AppendQuoted(text, false, &out);
  return out;
}

// What the parsers of one text share.
struct Context {
  Context(Source* s, const FunctionTable& f, size_t most)
      : source(s),
        functions(f),
        max_nodes(most),
        lexer(s->text, f.Find("break") == nullptr,
              f.Find("continue") == nullptr) {}

  // Null when there is none. Templates call the same few again and again.
  const Function* FindFunction(absl::string_view name) {
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    auto& [known_name, function] =
        known[(name.size() + size_t{first} * 7 + last) % known.size()];
    if (known_name != name) {
      known_name = name;
      function = functions.Find(name);
    }
    return function;
  }

  Source* source;
  const FunctionTable& functions;
  const size_t max_nodes;
  Lexer lexer;
  std::map<std::string, const ListNode*> trees;
  // Of lists that are not at their end yet.
  std::vector<const Node*> pending;
  bool has_failed = false;  // Parsing then runs out of tokens.
  std::string error;        // The first one.
  std::array<std::pair<absl::string_view, const Function*>, 32> known;
  char stack_base = 0;
};

// Parses one template: the text's own, or one that it defines. After an error
// every function returns at once, with whatever it has.
class TreeParser {
  struct DeclarationList {
    bool is_assign = false;
    absl::InlinedVector<const VariableNode*, 2> variables;
  };

 public:
  TreeParser(Context* context, std::string name)
      : context_(*context), name_(std::move(name)) {}

  // All of the text.
  void ParseMain();

 private:
  // What they give is good until the next is asked for.
  const Token& Next();
  const Token& NextNonSpace();
  void Backup() { ++peeked_; }
  const Token& Peek();
  const Token& PeekNonSpace();
  const Token& Given(Token& token);
  // As Lexer::NextField, when that is what comes next.
  bool NextField(absl::string_view* name, uint32_t* pos);
  void CheckNodes();

  bool failed() const { return context_.has_failed; }
  void Fail(absl::string_view message);
  void Unexpected(const Token& token, absl::string_view where);
  Token Expect(TokenType type, absl::string_view where);

  void Add();
  void ParseDefinition();
  // `reporter`: at whose token it is an error when the body has no end.
  void ParseBody(absl::string_view where, TreeParser& reporter);
  const ListNode* ItemList(const Node** end);
  const Node* TextOrAction();
  const Node* Action();
  const Node* LoopControl(NodeType type, const Token& token);
  const Node* ElseControl();
  const Node* BlockControl();
  const Node* TemplateControl();
  absl::string_view TemplateName(const Token& token, absl::string_view where);
  const BranchNode* Control(NodeType type, absl::string_view where);
  void Else(NodeType type, BranchNode* branch, const Node* next);
  const PipeNode* Pipeline(absl::string_view where, TokenType end);
  bool Declaration(absl::string_view where, DeclarationList* declared);
  void CheckCommands(Nodes commands, absl::string_view where);
  const CommandNode* Command();
  const Node* Operand();
  const Node* Term();
  const Node* Parenthesized();
  const Node* Constant(const Token& token);
  absl::string_view Kept(absl::string_view text);
  const Declarations* Kept(const DeclarationList& declared);
  const Node* UseField(const Token& token);
  const Node* UseVariable(const Token& token);
  void Declare(const Token& token, DeclarationList* declared);
  // All variables but the first ones.
  void Forget(size_t count);
  bool IsDeclared(absl::string_view name) const;
  bool IsTooDeep();
  // Adds the fields that follow.
  template <typename N>
  const N* WithFields(N* node);
  // A node that consists of what was added to `pending` since it had that
  // size.
  template <typename N, typename T = const Node*, typename... Args>
  const N* TakePending(size_t size, Args&&... args) {
    std::vector<const Node*>& pending = context_.pending;
    const N* node = context_.source->NewListed<N, T>(
        PendingSince(size), std::forward<Args>(args)...);
    pending.resize(size);
    return node;
  }
  Nodes PendingSince(size_t size) const {
    return absl::MakeConstSpan(context_.pending).subspan(size);
  }
  void AddPending(const Node* node) { context_.pending.push_back(node); }
  size_t pending() const { return context_.pending.size(); }

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    return context_.source->New<T>(std::forward<Args>(args)...);
  }

  // From so many on they are looked up.
  static constexpr size_t kManyVariables = 16;

  Context& context_;
  std::string name_;
  std::array<Token, 3> tokens_;
  int peeked_ = 0;
  // Those that can be named, besides "$"; where they are many, how often each
  // is there.
  std::vector<absl::string_view> variables_;
  absl::flat_hash_map<absl::string_view, int> declared_;
  const ListNode* root_ = nullptr;
  uint32_t action_pos_ = Token::kNowhere;
  int range_depth_ = 0, parentheses_ = 0;
};

// After an error there are no more tokens.
inline const Token& TreeParser::Given(Token& token) {
  if (failed()) token.type = TokenType::kEof;
  return token;
}

inline const Token& TreeParser::Next() {
  if (peeked_ > 0) {
    --peeked_;
  } else {
    context_.lexer.Next(&tokens_[0]);
  }
  return Given(tokens_[static_cast<size_t>(peeked_)]);
}

inline const Token& TreeParser::NextNonSpace() {
  while (peeked_ > 0) {
    const Token& token = Next();
    if (token.type != TokenType::kSpace) return token;
  }
  context_.lexer.NextNonSpace(&tokens_[0]);
  return Given(tokens_[0]);
}

inline bool TreeParser::NextField(absl::string_view* name, uint32_t* pos) {
  return peeked_ == 0 && !failed() && context_.lexer.NextField(name, pos);
}

void TreeParser::CheckNodes() {
  if (context_.source->nodes() > context_.max_nodes) {
    Fail("templates have too many nodes");
  }
}

inline const Token& TreeParser::Peek() {
  if (peeked_ == 0) {
    CheckNodes();
    context_.lexer.Next(&tokens_[0]);
    peeked_ = 1;
  }
  return Given(tokens_[static_cast<size_t>(peeked_ - 1)]);
}

inline const Token& TreeParser::PeekNonSpace() {
  while (peeked_ > 0) {
    const Token& token = Peek();
    if (token.type != TokenType::kSpace) return token;
    --peeked_;
  }
  CheckNodes();
  context_.lexer.NextNonSpace(&tokens_[0]);
  peeked_ = 1;
  return Given(tokens_[0]);
}

void TreeParser::Fail(absl::string_view message) {
  if (failed()) return;
  context_.has_failed = true;
  context_.error =
      absl::StrCat("template: ", context_.source->name, ":",
                   context_.lexer.LineOf(tokens_[0].pos), ": ", message);
}

void TreeParser::Unexpected(const Token& token, absl::string_view where) {
  if (token.type != TokenType::kError) {
    Fail(absl::StrCat("unexpected ", token.ToString(), " in ", where));
    return;
  }
  std::string extra;
  const int line = context_.lexer.LineOf(action_pos_);
  if (line != 0 && line != context_.lexer.LineOf(token.pos)) {
    extra =
        absl::StrCat(absl::EndsWith(token.text, " action") ? "" : " in action",
                     " started at ", context_.source->name, ":", line);
  }
  Fail(absl::StrCat(token.text, extra));
}

Token TreeParser::Expect(TokenType type, absl::string_view where) {
  const Token token = NextNonSpace();
  if (token.type != type) Unexpected(token, where);
  return token;
}

bool TreeParser::IsTooDeep() {
  const char here = 0;
  if (std::abs(&here - &context_.stack_base) < kMaxStackBytes) return false;
  Fail("max expression depth exceeded");
  return true;
}

void TreeParser::Add() {
  if (failed()) return;
  const ListNode*& tree = context_.trees[name_];
  if (tree == nullptr || IsEmptyTree(tree)) {
    tree = root_;
  } else if (!IsEmptyTree(root_)) {
    Fail(absl::StrCat("template: multiple definition of template ",
                      Quoted(name_)));
  }
}

void TreeParser::ParseMain() {
  const uint32_t pos = Peek().pos;
  while (!failed() && Peek().type != TokenType::kEof) {
    if (Peek().type == TokenType::kLeftDelim) {
      const Token delim = Next();
      if (NextNonSpace().type == TokenType::kDefine) {
        TreeParser(&context_, "definition").ParseDefinition();
        continue;
      }
      tokens_[1] = delim;
      peeked_ = 2;
    }
    const Node* node = TextOrAction();
    if (failed()) return;
    if (node->type == NodeType::kEnd || node->type == NodeType::kElse) {
      Fail(absl::StrCat("unexpected ", node->ToString()));
      return;
    }
    AddPending(node);
  }
  root_ = TakePending<ListNode>(0, pos);
  Add();
}

void TreeParser::ParseDefinition() {
  constexpr absl::string_view kWhere = "define clause";
  const Token token = NextNonSpace();
  name_ = std::string(TemplateName(token, kWhere));
  Expect(TokenType::kRightDelim, kWhere);
  ParseBody(kWhere, *this);
}

void TreeParser::ParseBody(absl::string_view where, TreeParser& reporter) {
  const Node* end = nullptr;
  root_ = ItemList(&end);
  if (failed()) return;
  if (end->type != NodeType::kEnd) {
    reporter.Fail(absl::StrCat("unexpected ", end->ToString(), " in ", where));
    return;
  }
  Add();
}

const ListNode* TreeParser::ItemList(const Node** end) {
  const uint32_t pos = PeekNonSpace().pos;
  if (IsTooDeep()) return nullptr;
  const size_t before = pending();
  while (!failed() && PeekNonSpace().type != TokenType::kEof) {
    const Node* node = TextOrAction();
    if (failed()) return nullptr;
    if (node->type == NodeType::kEnd || node->type == NodeType::kElse) {
      *end = node;
      return TakePending<ListNode>(before, pos);
    }
    AddPending(node);
  }
  Fail("unexpected EOF");
  return nullptr;
}

const Node* TreeParser::TextOrAction() {
  const Token& token = NextNonSpace();
  if (token.type == TokenType::kText) {
    return New<TextNode>(token.pos, token.text);
  }
  if (token.type == TokenType::kLeftDelim) {
    action_pos_ = token.pos;
    const Node* node = Action();
    action_pos_ = Token::kNowhere;
    return node;
  }
  Unexpected(token, "input");
  return nullptr;
}

const Node* TreeParser::Action() {
  const Token token = NextNonSpace();
  switch (token.type) {
    case TokenType::kBlock:
      return BlockControl();
    case TokenType::kBreak:
      return LoopControl(NodeType::kBreak, token);
    case TokenType::kContinue:
      return LoopControl(NodeType::kContinue, token);
    case TokenType::kElse:
      return ElseControl();
    case TokenType::kEnd:
      return New<Node>(NodeType::kEnd,
                       Expect(TokenType::kRightDelim, "end").pos);
    case TokenType::kIf:
      return Control(NodeType::kIf, "if");
    case TokenType::kRange:
      return Control(NodeType::kRange, "range");
    case TokenType::kTemplate:
      return TemplateControl();
    case TokenType::kWith:
      return Control(NodeType::kWith, "with");
    default:
      break;
  }
  Backup();
  const size_t pos = Peek().pos;
  return New<ActionNode>(pos, Pipeline("command", TokenType::kRightDelim));
}

const Node* TreeParser::LoopControl(NodeType type, const Token& token) {
  const absl::string_view text =
      type == NodeType::kBreak ? "{{break}}" : "{{continue}}";
  const Token next = NextNonSpace();
  if (next.type != TokenType::kRightDelim) Unexpected(next, text);
  if (range_depth_ == 0) Fail(absl::StrCat(text, " outside {{range}}"));
  return New<Node>(type, token.pos);
}

const Node* TreeParser::ElseControl() {
  const Token& peek = PeekNonSpace();
  if (peek.type == TokenType::kIf || peek.type == TokenType::kWith) {
    return New<Node>(NodeType::kElse, peek.pos);
  }
  return New<Node>(NodeType::kElse, Expect(TokenType::kRightDelim, "else").pos);
}

const BranchNode* TreeParser::Control(NodeType type, absl::string_view where) {
  const size_t variables = variables_.size();
  const PipeNode* pipe = Pipeline(where, TokenType::kRightDelim);
  if (failed()) return nullptr;
  BranchNode* branch = New<BranchNode>(type, pipe);
  if (type == NodeType::kRange) ++range_depth_;
  const Node* next = nullptr;
  branch->list = ItemList(&next);
  if (type == NodeType::kRange) --range_depth_;
  if (!failed() && next->type == NodeType::kElse) Else(type, branch, next);
  Forget(variables);
  return branch;
}

// "else if" is an else whose only node is an if, and they share the end.
void TreeParser::Else(NodeType type, BranchNode* branch, const Node* next) {
  const TokenType peek = Peek().type;
  if ((type == NodeType::kIf && peek == TokenType::kIf) ||
      (type == NodeType::kWith && peek == TokenType::kWith)) {
    Next();
    if (IsTooDeep()) return;
    const size_t before = pending();
    AddPending(Control(type, type == NodeType::kIf ? "if" : "with"));
    branch->else_list = TakePending<ListNode>(before, next->pos);
    return;
  }
  branch->else_list = ItemList(&next);
  if (!failed() && next->type != NodeType::kEnd) {
    Fail(absl::StrCat("expected end; found ", next->ToString()));
  }
}

const Node* TreeParser::BlockControl() {
  constexpr absl::string_view kWhere = "block clause";
  const Token token = NextNonSpace();
  const absl::string_view name = TemplateName(token, kWhere);
  const PipeNode* pipe = Pipeline(kWhere, TokenType::kRightDelim);
  if (!failed()) {
    TreeParser(&context_, std::string(name)).ParseBody(kWhere, *this);
  }
  return New<TemplateNode>(token.pos, name, pipe);
}

const Node* TreeParser::TemplateControl() {
  constexpr absl::string_view kWhere = "template clause";
  const Token token = NextNonSpace();
  const absl::string_view name = TemplateName(token, kWhere);
  const PipeNode* pipe = nullptr;
  if (NextNonSpace().type != TokenType::kRightDelim) {
    Backup();
    pipe = Pipeline(kWhere, TokenType::kRightDelim);
  }
  return New<TemplateNode>(token.pos, name, pipe);
}

absl::string_view TreeParser::TemplateName(const Token& token,
                                           absl::string_view where) {
  if (token.type != TokenType::kString && token.type != TokenType::kRawString) {
    Unexpected(token, where);
    return "";
  }
  if (const auto plain = PlainUnquote(token.text)) return *plain;
  const std::optional<std::string> name = Unquote(token.text);
  if (!name) {
    Fail("invalid syntax");
    return "";
  }
  return Kept(*name);
}

absl::string_view TreeParser::Kept(absl::string_view text) {
  const auto kept = context_.source->Keep<char>(text);
  return {kept.data(), kept.size()};
}

void TreeParser::Declare(const Token& token, DeclarationList* declared) {
  declared->variables.push_back(New<VariableNode>(token.pos, token.text));
  variables_.push_back(token.text);
  if (variables_.size() == kManyVariables) {
    for (const absl::string_view name : variables_) ++declared_[name];
  } else if (variables_.size() > kManyVariables) {
    ++declared_[token.text];
  }
}

void TreeParser::Forget(size_t count) {
  for (; variables_.size() > count; variables_.pop_back()) {
    if (variables_.size() > kManyVariables) --declared_[variables_.back()];
    if (variables_.size() == kManyVariables) declared_.clear();
  }
}

bool TreeParser::IsDeclared(absl::string_view name) const {
  if (name == "$") return true;
  if (variables_.size() < kManyVariables) {
    return std::find(variables_.rbegin(), variables_.rend(), name) !=
           variables_.rend();
  }
  const auto known = declared_.find(name);
  return known != declared_.end() && known->second > 0;
}

// Takes "$x :=", "$x =" or "$x, " when the pipeline starts with it; returns
// whether another may follow.
bool TreeParser::Declaration(absl::string_view where,
                             DeclarationList* declared) {
  if (PeekNonSpace().type != TokenType::kVariable) return false;
  const Token variable = Next();
  const Token after = Peek();
  const Token next = PeekNonSpace();
  if (next.type == TokenType::kAssign || next.type == TokenType::kDeclare) {
    declared->is_assign = next.type == TokenType::kAssign;
    NextNonSpace();
    Declare(variable, declared);
  } else if (next.type == TokenType::kChar && next.text == ",") {
    NextNonSpace();
    Declare(variable, declared);
    if (where == "range" && declared->variables.size() < 2) {
      const TokenType peek = PeekNonSpace().type;
      if (peek == TokenType::kVariable || peek == TokenType::kRightDelim ||
          peek == TokenType::kRightParen) {
        return true;
      }
      Fail("range can only initialize variables");
    }
    Fail(absl::StrCat("too many declarations in ", where));
  } else if (after.type == TokenType::kSpace) {
    tokens_[1] = after;
    tokens_[2] = variable;
    peeked_ = 3;
  } else {
    tokens_[1] = variable;
    peeked_ = 2;
  }
  return false;
}

const PipeNode* TreeParser::Pipeline(absl::string_view where, TokenType end) {
  const uint32_t pos = PeekNonSpace().pos;
  DeclarationList declared;
  while (Declaration(where, &declared)) {
  }
  const size_t before = pending();
  while (!failed()) {
    const Token& token = NextNonSpace();
    if (failed()) break;
    if (token.type == end) {
      CheckCommands(PendingSince(before), where);
      return TakePending<PipeNode, const CommandNode*>(before, pos,
                                                       Kept(declared));
    }
    switch (token.type) {
      case TokenType::kBool:
      case TokenType::kCharConstant:
      case TokenType::kComplex:
      case TokenType::kDot:
      case TokenType::kField:
      case TokenType::kIdentifier:
      case TokenType::kNumber:
      case TokenType::kNil:
      case TokenType::kRawString:
      case TokenType::kString:
      case TokenType::kVariable:
      case TokenType::kLeftParen:
        Backup();
        AddPending(Command());
        break;
      default:
        Unexpected(token, where);
    }
  }
  return nullptr;
}

const Declarations* TreeParser::Kept(const DeclarationList& declared) {
  if (declared.variables.empty()) return nullptr;
  const Declarations kept{
      declared.is_assign,
      context_.source->Keep(absl::MakeConstSpan(declared.variables))};
  return context_.source->Keep(absl::MakeConstSpan(&kept, 1)).data();
}

void TreeParser::CheckCommands(Nodes commands, absl::string_view where) {
  if (commands.empty()) {
    Fail(absl::StrCat("missing value for ", where));
    return;
  }
  for (size_t i = 1; i < commands.size(); ++i) {
    switch (static_cast<const CommandNode*>(commands[i])->args()[0]->type) {
      case NodeType::kBool:
      case NodeType::kDot:
      case NodeType::kNil:
      case NodeType::kNumber:
      case NodeType::kString:
        Fail(absl::StrCat("non executable command in pipeline stage ", i + 1));
        return;
      default:
        break;
    }
  }
}

const CommandNode* TreeParser::Command() {
  const uint32_t pos = PeekNonSpace().pos;
  const size_t before = pending();
  while (!failed()) {
    PeekNonSpace();
    const Node* operand = Operand();
    if (failed()) return nullptr;
    if (operand != nullptr) AddPending(operand);
    const Token& token = Next();
    if (token.type == TokenType::kSpace) continue;
    if (token.type == TokenType::kRightDelim ||
        token.type == TokenType::kRightParen) {
      Backup();
    } else if (token.type != TokenType::kPipe) {
      Unexpected(token, "operand");
    }
    break;
  }
  if (pending() == before) Fail("empty command");
  return TakePending<CommandNode>(before, pos);
}

template <typename N>
const N* TreeParser::WithFields(N* node) {
  // Most chains are plain ones, and go by without tokens.
  absl::string_view name;
  uint32_t pos = 0;
  while (NextField(&name, &pos)) node = context_.source->Appended(node, name);
  while (Peek().type == TokenType::kField) {
    node = context_.source->Appended(node, Next().text.substr(1));
  }
  return node;
}

const Node* TreeParser::Operand() {
  const Node* node = Term();
  if (node == nullptr || failed() || Peek().type != TokenType::kField) {
    return node;
  }
  switch (node->type) {
    case NodeType::kBool:
    case NodeType::kString:
    case NodeType::kNumber:
    case NodeType::kNil:
    case NodeType::kDot:
      Fail(absl::StrCat("unexpected . after term ", Quoted(node->ToString())));
      return node;
    default:
      return WithFields(New<ChainNode>(Peek().pos, node));
  }
}

// Fields stand where the second of them does, as they do in Go.
const Node* TreeParser::UseField(const Token& token) {
  const uint32_t first = token.pos;
  const absl::string_view name = token.text.substr(1);
  uint32_t pos = first;
  absl::string_view second;
  if (NextField(&second, &pos)) {
    FieldNode* node = context_.source->Appended(New<FieldNode>(pos), name);
    return WithFields(context_.source->Appended(node, second));
  }
  if (Peek().type == TokenType::kField) pos = Peek().pos;
  return WithFields(context_.source->Appended(New<FieldNode>(pos), name));
}

const Node* TreeParser::UseVariable(const Token& token) {
  const absl::string_view name = token.text;
  const uint32_t first = token.pos;
  if (!IsDeclared(name)) {
    Fail(absl::StrCat("undefined variable ", Quoted(name)));
  }
  uint32_t pos = first;
  absl::string_view field;
  if (NextField(&field, &pos)) {
    VariableNode* node = New<VariableNode>(pos, name);
    return WithFields(context_.source->Appended(node, field));
  }
  if (Peek().type == TokenType::kField) pos = Peek().pos;
  return WithFields(New<VariableNode>(pos, name));
}

const Node* TreeParser::Parenthesized() {
  if (parentheses_ >= kMaxParentheses) Fail("max expression depth exceeded");
  if (failed() || IsTooDeep()) return nullptr;
  ++parentheses_;
  const Node* pipe = Pipeline("parenthesized pipeline", TokenType::kRightParen);
  --parentheses_;
  return pipe;
}

const Node* TreeParser::Constant(const Token& token) {
  const absl::string_view quoted = token.text;
  const uint32_t pos = token.pos;
  // The lexer saw to the rest.
  const bool is_odd = token.type == TokenType::kRawString
                          ? absl::StrContains(quoted, '\r')
                          : token.has_escape;
  if (!is_odd) {
    return New<StringNode>(pos, quoted, nullptr);
  }
  const std::optional<std::string> text = Unquote(quoted);
  if (!text) Fail("invalid syntax");
  const absl::string_view kept = Kept(text.value_or(""));
  return New<StringNode>(
      pos, quoted, context_.source->Keep(absl::MakeConstSpan(&kept, 1)).data());
}

const Node* TreeParser::Term() {
  const Token& token = NextNonSpace();
  switch (token.type) {
    case TokenType::kIdentifier: {
      const Function* function = context_.FindFunction(token.text);
      if (function == nullptr) {
        Fail(absl::StrCat("function ", Quoted(token.text), " not defined"));
      }
      return New<IdentifierNode>(token.pos, function);
    }
    case TokenType::kDot:
      return New<Node>(NodeType::kDot, token.pos);
    case TokenType::kNil:
      return New<Node>(NodeType::kNil, token.pos);
    case TokenType::kVariable:
      return UseVariable(token);
    case TokenType::kField:
      return UseField(token);
    case TokenType::kBool:
      return New<BoolNode>(token.pos, token.text == "true");
    case TokenType::kCharConstant:
    case TokenType::kComplex:
    case TokenType::kNumber: {
      NumberNode* number = New<NumberNode>(token.pos);
      const std::string error = ParseNumber(token, number);
      if (!error.empty()) Fail(error);
      return number;
    }
    case TokenType::kLeftParen:
      return Parenthesized();
    case TokenType::kString:
    case TokenType::kRawString:
      return Constant(token);
    default:
      Backup();
      return nullptr;
  }
}

}  // namespace

absl::StatusOr<std::vector<TemplateRef>> ParseTemplates(
    absl::string_view name, absl::string_view text, bool is_kept,
    const std::shared_ptr<const FunctionTable>& functions, size_t max_nodes) {
  if (text.size() > kMaxTextBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "template: ", name, ": text of more than ", kMaxTextBytes, " bytes"));
  }
  auto source = std::make_shared<Source>();
  source->name = std::string(name);
  source->text = text;
  if (!is_kept) source->text = source->copy = std::string(text);
  source->functions = functions;
  Context context(source.get(), *functions, max_nodes);
  TreeParser(&context, source->name).ParseMain();
  if (!context.error.empty()) {
    return absl::Status(source->nodes() > max_nodes
                            ? absl::StatusCode::kResourceExhausted
                            : absl::StatusCode::kInvalidArgument,
                        context.error);
  }
  std::vector<TemplateRef> templates;
  for (const auto& [tree_name, root] : context.trees) {
    if (tree_name == name) continue;
    auto defined = std::make_shared<Template>();
    defined->name = tree_name;
    defined->root = root;
    defined->source = source;
    templates.push_back(std::move(defined));
  }
  auto main = std::make_shared<Template>();
  main->name = source->name;
  main->root = context.trees[source->name];
  main->source = source;
  templates.push_back(std::move(main));
  return templates;
}

}  // namespace weir::gotmpl
