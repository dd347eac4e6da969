#include <array>
#include <cmath>
#include <map>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "go_strconv.h"
#include "lexer.h"
#include "node.h"

namespace weir::gotmpl {
namespace {

// Of the thread's stack, for nested parentheses and control structures.
constexpr ptrdiff_t kMaxStackBytes = ptrdiff_t{3} << 20;
constexpr int kMaxParentheses = 10000;

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

  Source* source;
  const FunctionTable& functions;
  const size_t max_nodes;
  Lexer lexer;
  std::map<std::string, const ListNode*> trees;
  std::string error;  // The first one; parsing then runs out of tokens.
  char stack_base = 0;
};

bool ParseComplex(absl::string_view text, NumberNode* number) {
  if (!text.empty() && text.back() == 'i') text.remove_suffix(1);
  const size_t sign = text.find_last_of("+-");
  if (sign == absl::string_view::npos || sign == 0) return false;
  size_t split = sign;
  if (absl::StrContains("eEpP", text[sign - 1])) {
    split = text.substr(0, sign).find_last_of("+-");
    if (split == absl::string_view::npos || split == 0) return false;
  }
  const auto real = ParseFloat(text.substr(0, split));
  const auto imaginary = ParseFloat(text.substr(split));
  if (!real || !imaginary) return false;
  number->complex128 = {*real, *imaginary};
  return true;
}

void TakeIntegersOf(double value, NumberNode* number) {
  if (value >= -9223372036854775808.0 && value < 9223372036854775808.0 &&
      std::trunc(value) == value) {
    number->is_int = true;
    number->int64 = static_cast<int64_t>(value);
  }
  if (value >= 0 && value < 18446744073709551616.0 &&
      std::trunc(value) == value) {
    number->is_uint = true;
    number->uint64 = static_cast<uint64_t>(value);
  }
}

void SimplifyComplex(NumberNode* number) {
  number->is_complex = true;
  number->is_float = number->complex128.imag() == 0;
  if (!number->is_float) return;
  number->float64 = number->complex128.real();
  TakeIntegersOf(number->float64, number);
}

// Empty when all went well.
std::string ParseCharConstant(absl::string_view text, NumberNode* number) {
  absl::string_view tail;
  bool is_byte = false;
  const std::optional<Rune> rune =
      UnquoteChar(text.substr(1), '\'', &tail, &is_byte);
  if (!rune) return "invalid syntax";
  if (tail != "'") {
    return absl::StrCat("malformed character constant: ", text);
  }
  // A byte that is no UTF-8 reads as U+FFFD.
  number->int64 = is_byte && text[1] != '\\' ? kRuneError : *rune;
  number->uint64 = static_cast<uint64_t>(number->int64);
  number->float64 = static_cast<double>(number->int64);
  number->is_int = number->is_uint = number->is_float = true;
  return "";
}

std::string ParsePlainNumber(absl::string_view text, NumberNode* number) {
  const std::optional<uint64_t> unsigned_value = ParseUint(text, 0);
  const std::optional<int64_t> value = ParseInt(text, 0);
  if (unsigned_value) {
    number->is_uint = true;
    number->uint64 = *unsigned_value;
  }
  if (value) {
    number->is_int = true;
    number->int64 = *value;
    if (*value == 0) number->is_uint = true;
    number->is_float = true;
    number->float64 = static_cast<double>(*value);
  } else if (unsigned_value) {
    number->is_float = true;
    number->float64 = static_cast<double>(*unsigned_value);
  } else if (const std::optional<double> f = ParseFloat(text)) {
    if (text.find_first_of(".eEpP") == absl::string_view::npos) {
      return absl::StrCat("integer overflow: ", Quoted(text));
    }
    number->is_float = true;
    number->float64 = *f;
    TakeIntegersOf(*f, number);
  }
  if (!number->is_int && !number->is_uint && !number->is_float) {
    return absl::StrCat("illegal number syntax: ", Quoted(text));
  }
  return "";
}

// Fills in what the token stands for.
std::string ParseNumber(const Token& token, NumberNode* number) {
  number->text = token.text;
  if (token.type == TokenType::kCharConstant) {
    return ParseCharConstant(token.text, number);
  }
  if (token.type == TokenType::kComplex) {
    if (!ParseComplex(token.text, number))
      return "syntax error scanning complex number";
    SimplifyComplex(number);
    return "";
  }
  if (!token.text.empty() && token.text.back() == 'i') {
    const std::optional<double> imaginary =
        ParseFloat(token.text.substr(0, token.text.size() - 1));
    if (imaginary) {
      number->complex128 = {0, *imaginary};
      SimplifyComplex(number);
      return "";
    }
  }
  return ParsePlainNumber(token.text, number);
}

// Parses one template: the text's own, or one that it defines. After an error
// every function returns at once, with whatever it has.
class TreeParser {
  using Declarations = absl::InlinedVector<const VariableNode*, 2>;

 public:
  TreeParser(Context* context, std::string name)
      : context_(*context), name_(std::move(name)) {}

  // All of the text.
  void ParseMain();

 private:
  Token Next();
  Token NextNonSpace();
  void Backup() { ++peeked_; }
  const Token& Peek();
  const Token& PeekNonSpace();

  bool failed() const { return !context_.error.empty(); }
  void Fail(absl::string_view message);
  void Unexpected(const Token& token, absl::string_view where);
  Token Expect(TokenType type, absl::string_view where);

  void Add();
  void ParseDefinition();
  void ParseBody(absl::string_view where);
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
  bool Declaration(absl::string_view where, PipeNode* pipe,
                   Declarations* declared);
  void CheckPipeline(const PipeNode* pipe, absl::string_view where);
  const CommandNode* Command();
  const Node* Operand();
  const Node* Term();
  const Node* Parenthesized();
  const Any& Constant(const Token& token);
  const Node* UseVariable(const Token& token);
  void Declare(const Token& token, Declarations* declared);
  // All variables but the first ones.
  void Forget(size_t count);
  bool IsTooDeep();
  template <typename Container>
  auto Keep(const Container& list) {
    return context_.source->Keep(absl::MakeConstSpan(list));
  }

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    return context_.source->New<T>(std::forward<Args>(args)...);
  }

  Context& context_;
  std::string name_;
  std::array<Token, 3> tokens_;
  int peeked_ = 0;
  std::vector<absl::string_view> variables_ = {"$"};
  absl::flat_hash_map<absl::string_view, int> declared_ = {{"$", 1}};
  const ListNode* root_ = nullptr;
  int action_line_ = 0, range_depth_ = 0, parentheses_ = 0;
};

Token TreeParser::Next() {
  if (peeked_ > 0) {
    --peeked_;
  } else {
    tokens_[0] = context_.lexer.Next();
  }
  Token token = tokens_[static_cast<size_t>(peeked_)];
  if (failed()) token.type = TokenType::kEof;
  return token;
}

Token TreeParser::NextNonSpace() {
  Token token = Next();
  while (token.type == TokenType::kSpace) token = Next();
  return token;
}

const Token& TreeParser::Peek() {
  if (peeked_ == 0) {
    if (context_.source->nodes() > context_.max_nodes) {
      Fail("templates have too many nodes");
    }
    tokens_[0] = context_.lexer.Next();
    peeked_ = 1;
  }
  Token& token = tokens_[static_cast<size_t>(peeked_ - 1)];
  if (failed()) token.type = TokenType::kEof;
  return token;
}

const Token& TreeParser::PeekNonSpace() {
  while (Peek().type == TokenType::kSpace) --peeked_;
  return Peek();
}

void TreeParser::Fail(absl::string_view message) {
  if (failed()) return;
  context_.error = absl::StrCat("template: ", context_.source->name, ":",
                                tokens_[0].line, ": ", message);
}

void TreeParser::Unexpected(const Token& token, absl::string_view where) {
  if (token.type != TokenType::kError) {
    Fail(absl::StrCat("unexpected ", token.ToString(), " in ", where));
    return;
  }
  std::string extra;
  if (action_line_ != 0 && action_line_ != token.line) {
    extra =
        absl::StrCat(absl::EndsWith(token.text, " action") ? "" : " in action",
                     " started at ", context_.source->name, ":", action_line_);
  }
  Fail(absl::StrCat(token.text, extra));
}

Token TreeParser::Expect(TokenType type, absl::string_view where) {
  Token token = NextNonSpace();
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
  ListNode* root = New<ListNode>(Peek().pos);
  absl::InlinedVector<const Node*, 16> nodes;
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
    nodes.push_back(node);
  }
  root->nodes = Keep(nodes);
  root_ = root;
  Add();
}

void TreeParser::ParseDefinition() {
  constexpr absl::string_view kWhere = "define clause";
  const Token token = NextNonSpace();
  name_ = std::string(TemplateName(token, kWhere));
  Expect(TokenType::kRightDelim, kWhere);
  ParseBody(kWhere);
}

void TreeParser::ParseBody(absl::string_view where) {
  const Node* end = nullptr;
  root_ = ItemList(&end);
  if (failed()) return;
  if (end->type != NodeType::kEnd) {
    Fail(absl::StrCat("unexpected ", end->ToString(), " in ", where));
    return;
  }
  Add();
}

const ListNode* TreeParser::ItemList(const Node** end) {
  ListNode* list = New<ListNode>(PeekNonSpace().pos);
  if (IsTooDeep()) return list;
  absl::InlinedVector<const Node*, 8> nodes;
  while (!failed() && PeekNonSpace().type != TokenType::kEof) {
    const Node* node = TextOrAction();
    if (failed()) return list;
    if (node->type == NodeType::kEnd || node->type == NodeType::kElse) {
      *end = node;
      list->nodes = Keep(nodes);
      return list;
    }
    nodes.push_back(node);
  }
  Fail("unexpected EOF");
  return list;
}

const Node* TreeParser::TextOrAction() {
  const Token token = NextNonSpace();
  if (token.type == TokenType::kText) {
    return New<TextNode>(token.pos, token.text);
  }
  if (token.type == TokenType::kLeftDelim) {
    action_line_ = token.line;
    const Node* node = Action();
    action_line_ = 0;
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
  BranchNode* branch =
      New<BranchNode>(type, Pipeline(where, TokenType::kRightDelim));
  if (failed()) return branch;
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
    ListNode* list = New<ListNode>(next->pos);
    if (IsTooDeep()) return;
    const Node* inner = Control(type, type == NodeType::kIf ? "if" : "with");
    list->nodes = Keep(absl::MakeConstSpan(&inner, 1));
    branch->else_list = list;
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
  if (!failed()) TreeParser(&context_, std::string(name)).ParseBody(kWhere);
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
  const absl::Span<const char> kept = Keep(*name);
  return {kept.data(), kept.size()};
}

void TreeParser::Declare(const Token& token, Declarations* declared) {
  declared->push_back(New<VariableNode>(token.pos, token.text));
  variables_.push_back(token.text);
  ++declared_[token.text];
}

void TreeParser::Forget(size_t count) {
  for (; variables_.size() > count; variables_.pop_back()) {
    --declared_[variables_.back()];
  }
}

// Takes "$x :=", "$x =" or "$x, " when the pipeline starts with it; returns
// whether another may follow.
bool TreeParser::Declaration(absl::string_view where, PipeNode* pipe,
                             Declarations* declared) {
  if (PeekNonSpace().type != TokenType::kVariable) return false;
  const Token variable = Next();
  const Token after = Peek();
  const Token next = PeekNonSpace();
  if (next.type == TokenType::kAssign || next.type == TokenType::kDeclare) {
    pipe->is_assign = next.type == TokenType::kAssign;
    NextNonSpace();
    Declare(variable, declared);
  } else if (next.type == TokenType::kChar && next.text == ",") {
    NextNonSpace();
    Declare(variable, declared);
    if (where == "range" && declared->size() < 2) {
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
  PipeNode* pipe = New<PipeNode>(PeekNonSpace().pos);
  Declarations declared;
  while (Declaration(where, pipe, &declared)) {
  }
  pipe->declarations = Keep(declared);
  absl::InlinedVector<const CommandNode*, 4> commands;
  while (!failed()) {
    const Token token = NextNonSpace();
    if (failed()) break;
    if (token.type == end) {
      pipe->commands = Keep(commands);
      CheckPipeline(pipe, where);
      break;
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
        commands.push_back(Command());
        break;
      default:
        Unexpected(token, where);
    }
  }
  return pipe;
}

void TreeParser::CheckPipeline(const PipeNode* pipe, absl::string_view where) {
  if (pipe->commands.empty()) {
    Fail(absl::StrCat("missing value for ", where));
    return;
  }
  for (size_t i = 1; i < pipe->commands.size(); ++i) {
    switch (pipe->commands[i]->args[0]->type) {
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
  CommandNode* command = New<CommandNode>(PeekNonSpace().pos);
  absl::InlinedVector<const Node*, 6> args;
  while (!failed()) {
    PeekNonSpace();
    const Node* operand = Operand();
    if (failed()) return command;
    if (operand != nullptr) args.push_back(operand);
    const Token token = Next();
    if (token.type == TokenType::kSpace) continue;
    if (token.type == TokenType::kRightDelim ||
        token.type == TokenType::kRightParen) {
      Backup();
    } else if (token.type != TokenType::kPipe) {
      Unexpected(token, "operand");
    }
    break;
  }
  if (args.empty()) Fail("empty command");
  command->args = Keep(args);
  return command;
}

const Node* TreeParser::Operand() {
  const Node* node = Term();
  if (node == nullptr || failed() || Peek().type != TokenType::kField) {
    return node;
  }
  const size_t pos = Peek().pos;
  absl::InlinedVector<absl::string_view, 8> fields;
  if (node->type == NodeType::kField) {
    fields.push_back(static_cast<const FieldNode*>(node)->fields[0]);
  }
  while (Peek().type == TokenType::kField) {
    fields.push_back(Next().text.substr(1));
  }
  switch (node->type) {
    case NodeType::kField: {
      FieldNode* longer = New<FieldNode>(pos);
      longer->fields = Keep(fields);
      return longer;
    }
    case NodeType::kVariable: {
      VariableNode* longer =
          New<VariableNode>(pos, static_cast<const VariableNode*>(node)->name);
      longer->fields = Keep(fields);
      return longer;
    }
    case NodeType::kBool:
    case NodeType::kString:
    case NodeType::kNumber:
    case NodeType::kNil:
    case NodeType::kDot:
      Fail(absl::StrCat("unexpected . after term ", Quoted(node->ToString())));
      return node;
    default: {
      ChainNode* chain = New<ChainNode>(pos, node);
      chain->fields = Keep(fields);
      return chain;
    }
  }
}

const Node* TreeParser::UseVariable(const Token& token) {
  VariableNode* variable = New<VariableNode>(token.pos, token.text);
  const auto known = declared_.find(variable->name);
  if (known != declared_.end() && known->second > 0) return variable;
  Fail(absl::StrCat("undefined variable ", Quoted(variable->name)));
  return variable;
}

const Node* TreeParser::Parenthesized() {
  if (parentheses_ >= kMaxParentheses) Fail("max expression depth exceeded");
  if (failed() || IsTooDeep()) return nullptr;
  ++parentheses_;
  const Node* pipe = Pipeline("parenthesized pipeline", TokenType::kRightParen);
  --parentheses_;
  return pipe;
}

// The text that a quoted one stands for.
const Any& TreeParser::Constant(const Token& token) {
  Source& source = *context_.source;
  if (const auto plain = PlainUnquote(token.text)) {
    return source.Keep(source.copy.empty() ? Any::StringView(*plain)
                                           : Any::String(*plain));
  }
  const std::optional<std::string> text = Unquote(token.text);
  if (!text) Fail("invalid syntax");
  return source.Keep(Any::String(text.value_or("")));
}

const Node* TreeParser::Term() {
  const Token token = NextNonSpace();
  switch (token.type) {
    case TokenType::kIdentifier: {
      const Function* function = context_.functions.Find(token.text);
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
    case TokenType::kField: {
      FieldNode* field = New<FieldNode>(token.pos);
      const absl::string_view name = token.text.substr(1);
      field->fields = Keep(absl::MakeConstSpan(&name, 1));
      return field;
    }
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
      return New<StringNode>(token.pos, token.text, Constant(token));
    default:
      Backup();
      return nullptr;
  }
}

}  // namespace

absl::StatusOr<std::vector<TemplateRef>> ParseTemplates(
    absl::string_view name, absl::string_view text, bool is_kept,
    const std::shared_ptr<const FunctionTable>& functions, size_t max_nodes) {
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
