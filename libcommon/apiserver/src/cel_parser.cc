// CEL text to a tree.
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cel_node.h"
#include "weir/base/status.h"

namespace weir::apiserver {
namespace {

using NodePtr = std::unique_ptr<CelNode>;
using Parsed = absl::StatusOr<NodePtr>;

constexpr int kMaxDepth = 200;
constexpr size_t kMaxBytes = 64 << 10;

NodePtr Make(CelNode::Op op, absl::string_view text = "") {
  auto node = std::make_unique<CelNode>();
  node->op = op;
  node->text = std::string(text);
  return node;
}

template <typename... Args>
NodePtr Make(CelNode::Op op, absl::string_view text, NodePtr first,
             Args... rest) {
  NodePtr node = Make(op, text);
  node->args.push_back(std::move(first));
  (node->args.push_back(std::move(rest)), ...);
  return node;
}

NodePtr Literal(Value value) {
  NodePtr node = Make(CelNode::Op::kLiteral);
  node->literal = CelValue(std::move(value));
  return node;
}

void AppendUtf8(uint32_t rune, std::string& out) {
  if (rune < 0x80) {
    out.push_back(static_cast<char>(rune));
  } else if (rune < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (rune >> 6)));
    out.push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else if (rune < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (rune >> 12)));
    out.push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (rune >> 18)));
    out.push_back(static_cast<char>(0x80 | ((rune >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((rune >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (rune & 0x3F)));
  }
}

bool IsNameStart(char c) {
  return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_';
}
bool IsNamePart(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
}

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}
  Parsed Parse();

 private:
  Parsed Expression();
  Parsed Or();
  Parsed And();
  Parsed Relation();
  Parsed Sum();
  Parsed Product();
  Parsed Unary();
  Parsed Member();
  Parsed Primary();
  Parsed Number();
  Parsed String(bool is_raw);
  Parsed Name();
  Parsed ListLiteral();
  Parsed MapLiteral();
  Parsed Method(NodePtr receiver, const std::string& name);
  Parsed Macro(NodePtr receiver, CelNode::Op op,
               std::vector<NodePtr> arguments);
  absl::StatusOr<std::vector<NodePtr>> Arguments();
  absl::Status Escape(std::string& out);

  absl::Status Error(absl::string_view what) const {
    return absl::InvalidArgumentError(
        absl::StrCat("ERROR: <input>:1:", at_ + 1, ": Syntax error: ", what));
  }
  void SkipSpace();
  bool Peek(absl::string_view token);
  bool Take(absl::string_view token);
  std::string TakeName();

  absl::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

void Parser::SkipSpace() {
  while (at_ < text_.size()) {
    if (absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else {
      return;
    }
  }
}

bool Parser::Peek(absl::string_view token) {
  SkipSpace();
  if (!absl::StartsWith(text_.substr(at_), token)) return false;
  if (!IsNameStart(token[0])) return true;
  size_t end = at_ + token.size();
  return end >= text_.size() || !IsNamePart(text_[end]);
}

bool Parser::Take(absl::string_view token) {
  if (!Peek(token)) return false;
  at_ += token.size();
  return true;
}

std::string Parser::TakeName() {
  SkipSpace();
  size_t start = at_;
  if (at_ < text_.size() && IsNameStart(text_[at_])) {
    while (at_ < text_.size() && IsNamePart(text_[at_])) ++at_;
  }
  return std::string(text_.substr(start, at_ - start));
}

Parsed Parser::Parse() {
  if (text_.size() > kMaxBytes) return Error("expression is too long");
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Expression());
  SkipSpace();
  if (at_ != text_.size()) {
    return Error(absl::StrCat("mismatched input '", text_.substr(at_, 1),
                              "' expecting <EOF>"));
  }
  return node;
}

Parsed Parser::Expression() {
  if (++depth_ > kMaxDepth) return Error("expression is nested too deeply");
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Or());
  if (Take("?")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr yes, Or());
    if (!Take(":")) return Error("expecting ':'");
    WEIR_ASSIGN_OR_RETURN(NodePtr no, Expression());
    node = Make(CelNode::Op::kIf, "", std::move(node), std::move(yes),
                std::move(no));
  }
  --depth_;
  return node;
}

Parsed Parser::Or() {
  WEIR_ASSIGN_OR_RETURN(NodePtr node, And());
  while (Take("||")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr right, And());
    node = Make(CelNode::Op::kOr, "", std::move(node), std::move(right));
  }
  return node;
}

Parsed Parser::And() {
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Relation());
  while (Take("&&")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr right, Relation());
    node = Make(CelNode::Op::kAnd, "", std::move(node), std::move(right));
  }
  return node;
}

Parsed Parser::Relation() {
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Sum());
  while (true) {
    absl::string_view found;
    for (absl::string_view op : {"==", "!=", "<=", ">=", "<", ">", "in"}) {
      if (Take(op)) {
        found = op;
        break;
      }
    }
    if (found.empty()) return node;
    WEIR_ASSIGN_OR_RETURN(NodePtr right, Sum());
    node = Make(CelNode::Op::kBinary, found, std::move(node), std::move(right));
  }
}

Parsed Parser::Sum() {
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Product());
  while (true) {
    absl::string_view op = Take("+") ? "+" : Take("-") ? "-" : "";
    if (op.empty()) return node;
    WEIR_ASSIGN_OR_RETURN(NodePtr right, Product());
    node = Make(CelNode::Op::kBinary, op, std::move(node), std::move(right));
  }
}

Parsed Parser::Product() {
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Unary());
  while (true) {
    absl::string_view op = Take("*")   ? "*"
                           : Take("/") ? "/"
                           : Take("%") ? "%"
                                       : "";
    if (op.empty()) return node;
    WEIR_ASSIGN_OR_RETURN(NodePtr right, Unary());
    node = Make(CelNode::Op::kBinary, op, std::move(node), std::move(right));
  }
}

Parsed Parser::Unary() {
  if (++depth_ > kMaxDepth) return Error("expression is nested too deeply");
  NodePtr node;
  if (Peek("!") && !Peek("!=")) {
    Take("!");
    WEIR_ASSIGN_OR_RETURN(NodePtr inner, Unary());
    node = Make(CelNode::Op::kNot, "", std::move(inner));
  } else if (Take("-")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr inner, Unary());
    node = Make(CelNode::Op::kNegate, "", std::move(inner));
  } else {
    WEIR_ASSIGN_OR_RETURN(node, Member());
  }
  --depth_;
  return node;
}

Parsed Parser::Member() {
  WEIR_ASSIGN_OR_RETURN(NodePtr node, Primary());
  while (true) {
    if (Take(".")) {
      bool is_optional = Take("?");
      std::string name;
      if (Take("`")) {
        size_t end = text_.find('`', at_);
        if (end == text_.npos) return Error("unterminated name");
        name = std::string(text_.substr(at_, end - at_));
        at_ = end + 1;
      } else {
        name = TakeName();
      }
      if (name.empty()) return Error("expecting a name after '.'");
      if (!is_optional && Peek("(")) {
        WEIR_ASSIGN_OR_RETURN(node, Method(std::move(node), name));
      } else {
        node =
            Make(is_optional ? CelNode::Op::kOptSelect : CelNode::Op::kSelect,
                 name, std::move(node));
      }
    } else if (Take("[")) {
      bool is_optional = Take("?");
      WEIR_ASSIGN_OR_RETURN(NodePtr index, Expression());
      if (!Take("]")) return Error("expecting ']'");
      node = Make(is_optional ? CelNode::Op::kOptIndex : CelNode::Op::kIndex,
                  "", std::move(node), std::move(index));
    } else {
      return node;
    }
  }
}

absl::StatusOr<std::vector<NodePtr>> Parser::Arguments() {
  std::vector<NodePtr> out;
  if (!Take("(")) return Error("expecting '('");
  if (Take(")")) return out;
  do {
    WEIR_ASSIGN_OR_RETURN(NodePtr argument, Expression());
    out.push_back(std::move(argument));
  } while (Take(","));
  if (!Take(")")) return Error("expecting ')'");
  return out;
}

Parsed Parser::Macro(NodePtr receiver, CelNode::Op op,
                     std::vector<NodePtr> arguments) {
  size_t most = op == CelNode::Op::kFilter ? 2 : 3;
  if (arguments.size() < 2 || arguments.size() > most ||
      arguments[0]->op != CelNode::Op::kName) {
    return Error("a macro needs a variable and an expression");
  }
  NodePtr node = Make(op, arguments[0]->text, std::move(receiver));
  size_t first = 1;
  if (op != CelNode::Op::kMapMacro && arguments.size() == 3) {
    if (arguments[1]->op != CelNode::Op::kName) {
      return Error("a macro needs names of variables");
    }
    node->second_variable = arguments[1]->text;
    first = 2;
  }
  for (size_t i = first; i < arguments.size(); ++i) {
    node->args.push_back(std::move(arguments[i]));
  }
  return node;
}

Parsed Parser::Method(NodePtr receiver, const std::string& name) {
  WEIR_ASSIGN_OR_RETURN(std::vector<NodePtr> arguments, Arguments());
  if (name == "all") {
    return Macro(std::move(receiver), CelNode::Op::kAll, std::move(arguments));
  }
  if (name == "exists") {
    return Macro(std::move(receiver), CelNode::Op::kExists,
                 std::move(arguments));
  }
  if (name == "exists_one" || name == "existsOne") {
    return Macro(std::move(receiver), CelNode::Op::kExistsOne,
                 std::move(arguments));
  }
  if (name == "filter") {
    return Macro(std::move(receiver), CelNode::Op::kFilter,
                 std::move(arguments));
  }
  if (name == "map") {
    return Macro(std::move(receiver), CelNode::Op::kMapMacro,
                 std::move(arguments));
  }
  std::string full = name;
  // optional.of, optional.none, optional.ofNonZeroValue
  if (receiver->op == CelNode::Op::kName && receiver->text == "optional") {
    NodePtr node = Make(CelNode::Op::kCall, absl::StrCat("optional.", name));
    node->args = std::move(arguments);
    if (!IsCelFunction(node->text)) {
      return absl::UnimplementedError(
          absl::StrCat("function ", node->text, " is not supported"));
    }
    return node;
  }
  if (!IsCelMethod(name)) {
    return absl::UnimplementedError(
        absl::StrCat("method ", name, " is not supported"));
  }
  NodePtr node = Make(CelNode::Op::kMethod, full, std::move(receiver));
  for (NodePtr& argument : arguments) {
    node->args.push_back(std::move(argument));
  }
  return node;
}

Parsed Parser::Name() {
  std::string name = TakeName();
  if (name == "true") return Literal(true);
  if (name == "false") return Literal(false);
  if (name == "null") return Literal(Value());
  if (!Peek("(")) return Make(CelNode::Op::kName, name);
  WEIR_ASSIGN_OR_RETURN(std::vector<NodePtr> arguments, Arguments());
  if (name == "has") {
    if (arguments.size() != 1 || arguments[0]->op != CelNode::Op::kSelect) {
      return Error("invalid argument to has() macro");
    }
    arguments[0]->op = CelNode::Op::kHas;
    return std::move(arguments[0]);
  }
  if (!IsCelFunction(name)) {
    return absl::UnimplementedError(
        absl::StrCat("function ", name, " is not supported"));
  }
  NodePtr node = Make(CelNode::Op::kCall, name);
  node->args = std::move(arguments);
  return node;
}

Parsed Parser::Number() {
  size_t start = at_;
  bool is_double = false;
  if (absl::StartsWithIgnoreCase(text_.substr(at_), "0x")) {
    at_ += 2;
    while (at_ < text_.size() &&
           absl::ascii_isxdigit(static_cast<unsigned char>(text_[at_]))) {
      ++at_;
    }
  } else {
    while (at_ < text_.size()) {
      char c = text_[at_];
      bool sign = (c == '+' || c == '-') && at_ > start &&
                  (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      bool point =
          c == '.' && at_ + 1 < text_.size() &&
          absl::ascii_isdigit(static_cast<unsigned char>(text_[at_ + 1]));
      if (point || c == 'e' || c == 'E') is_double = true;
      if (!absl::ascii_isdigit(static_cast<unsigned char>(c)) && !sign &&
          !point && c != 'e' && c != 'E') {
        break;
      }
      ++at_;
    }
  }
  absl::string_view digits = text_.substr(start, at_ - start);
  if (at_ < text_.size() && (text_[at_] == 'u' || text_[at_] == 'U')) ++at_;
  if (is_double) {
    double number = 0;
    if (!absl::SimpleAtod(digits, &number)) return Error("invalid number");
    return Literal(number);
  }
  int64_t number = 0;
  bool ok = absl::StartsWithIgnoreCase(digits, "0x")
                ? absl::SimpleHexAtoi(digits, &number)
                : absl::SimpleAtoi(digits, &number);
  if (!ok) return Error("invalid int literal");
  return Literal(number);
}

absl::Status Parser::Escape(std::string& out) {
  char c = at_ < text_.size() ? text_[at_++] : '\0';
  static constexpr absl::string_view kFrom = "abfnrtv\\?\"'`";
  static constexpr absl::string_view kTo = "\a\b\f\n\r\t\v\\?\"'`";
  if (size_t i = kFrom.find(c); c != '\0' && i != kFrom.npos) {
    out.push_back(kTo[i]);
    return absl::OkStatus();
  }
  size_t digits = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  uint32_t rune = 0;
  if (digits != 0) {
    if (!absl::SimpleHexAtoi(text_.substr(at_, digits), &rune) ||
        rune > 0x10FFFF) {
      return Error("invalid escape sequence");
    }
    at_ += digits;
  } else if (c >= '0' && c <= '3' && at_ + 2 <= text_.size()) {
    rune = static_cast<uint32_t>((c - '0') * 64 + (text_[at_] - '0') * 8 +
                                 (text_[at_ + 1] - '0'));
    at_ += 2;
  } else {
    return Error("invalid escape sequence");
  }
  AppendUtf8(rune, out);
  return absl::OkStatus();
}

Parsed Parser::String(bool is_raw) {
  char quote = text_[at_];
  std::string triple(3, quote);
  std::string end =
      text_.substr(at_, 3) == triple ? triple : std::string(1, quote);
  at_ += end.size();
  std::string out;
  while (!absl::StartsWith(text_.substr(at_), end)) {
    if (at_ >= text_.size() || (end.size() == 1 && text_[at_] == '\n')) {
      return Error("unterminated string");
    }
    if (text_[at_] == '\\' && !is_raw) {
      ++at_;
      WEIR_RETURN_IF_ERROR(Escape(out));
    } else {
      out.push_back(text_[at_++]);
    }
  }
  at_ += end.size();
  return Literal(std::move(out));
}

Parsed Parser::ListLiteral() {
  NodePtr node = Make(CelNode::Op::kList);
  while (!Take("]")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr item, Expression());
    node->args.push_back(std::move(item));
    if (!Take(",") && !Peek("]")) return Error("expecting ',' or ']'");
  }
  return node;
}

Parsed Parser::MapLiteral() {
  NodePtr node = Make(CelNode::Op::kMap);
  while (!Take("}")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr key, Expression());
    if (!Take(":")) return Error("expecting ':'");
    WEIR_ASSIGN_OR_RETURN(NodePtr value, Expression());
    node->args.push_back(std::move(key));
    node->args.push_back(std::move(value));
    if (!Take(",") && !Peek("}")) return Error("expecting ',' or '}'");
  }
  return node;
}

Parsed Parser::Primary() {
  SkipSpace();
  if (at_ >= text_.size()) return Error("mismatched input '<EOF>'");
  if (Take("(")) {
    WEIR_ASSIGN_OR_RETURN(NodePtr node, Expression());
    if (!Take(")")) return Error("expecting ')'");
    return node;
  }
  if (Take("[")) return ListLiteral();
  if (Take("{")) return MapLiteral();
  char c = text_[at_];
  char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (c == '"' || c == '\'') return String(false);
  if ((c == 'r' || c == 'R') && (next == '"' || next == '\'')) {
    ++at_;
    return String(true);
  }
  if (absl::ascii_isdigit(static_cast<unsigned char>(c))) return Number();
  if (c == '.') ++at_;
  if (IsNameStart(text_.substr(at_).empty() ? ' ' : text_[at_])) return Name();
  return Error(absl::StrCat("mismatched input '", std::string(1, c), "'"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<CelNode>> ParseCel(absl::string_view text) {
  return Parser(text).Parse();
}

}  // namespace weir::apiserver
