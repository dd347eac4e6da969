#include "parser.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "macros.h"
#include "numbers.h"
#include "token_stream.h"
#include "unescape.h"

namespace weir::cel {
namespace {

using T = TokenType;
using Rule = TokenStream::Rule;

// Of nodes, macros expanded: optMap() copies what it is called on.
constexpr int64_t kMaxNodes = 200'000;

constexpr std::array<absl::string_view, 21> kReserved = {
    "as",        "break", "const",  "continue", "else", "false", "for",
    "function",  "if",    "import", "in",       "let",  "loop",  "package",
    "namespace", "null",  "return", "true",     "var",  "void",  "while"};

bool IsReserved(absl::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

// A rule of the grammar is a function. A rule that meets an error tells it,
// leaves out tokens that nobody waits for, and ends; its callers go on.
class Parser {
 public:
  Parser(const Source& source, const MacroSet& macros, const Limits& limits,
         Errors& errors)
      : macros_(macros),
        limits_(limits),
        errors_(errors),
        stream_(source, errors) {}

  ExprPtr Start() {
    ExprPtr expr;
    {
      Rule rule(stream_, {T::kEnd}, false);
      expr = Expression();
    }
    if (!is_too_deep_) stream_.Match(T::kEnd, {}, true, nullptr);
    CheckHeight(*expr);
    if (next_id_ > kMaxNodes) {
      errors_.Add(-1, absl::StrCat("expression has more than ", kMaxNodes,
                                   " nodes once its macros are expanded"));
    }
    return expr;
  }

 private:
  int64_t NextId() { return next_id_ > kMaxNodes ? -1 : next_id_++; }

  ExprPtr New(ExprKind kind, const Token& at) {
    return MakeExpr(kind, NextId(), static_cast<int32_t>(at.begin));
  }

  ExprPtr Wrong(const Token& at, std::string message) {
    errors_.Add(static_cast<int32_t>(at.begin), std::move(message));
    return New(ExprKind::kUnspecified, at);
  }

  // After an error that the stream told.
  ExprPtr Recovered() {
    stream_.Recover();
    return New(ExprKind::kUnspecified, stream_.Peek());
  }

  bool Enter() {
    if (++depth_ <= limits_.depth) return true;
    if (!is_too_deep_) {
      errors_.Add(-1, absl::StrCat("expression recursion limit exceeded: ",
                                   limits_.depth));
    }
    is_too_deep_ = true;
    return false;
  }

  // A left operand may be as deep as the text is long.
  void CheckHeight(const Expr& expr) {
    if (expr.height <= static_cast<int>(limits_.depth) || is_too_deep_) return;
    is_too_deep_ = true;
    errors_.Add(-1, "max recursion depth exceeded");
  }

  ExprPtr Expression() {
    if (is_too_deep_ || !Enter()) {
      return New(ExprKind::kUnspecified, stream_.Peek());
    }
    ExprPtr expr = Conditional();
    --depth_;
    return expr;
  }

  ExprPtr Conditional() {
    ExprPtr condition;
    {
      Rule rule(stream_, {T::kQuestion}, true);
      condition = Logic(true);
    }
    if (is_too_deep_ || !stream_.At(T::kQuestion)) return condition;
    ExprPtr call = New(ExprKind::kCall, stream_.Take());
    call->name = "_?_:_";
    ExprPtr then;
    {
      Rule rule(stream_, {T::kColon}, false);
      then = Logic(true);
    }
    if (is_too_deep_) return condition;
    if (!stream_.Match(T::kColon, kExprStarts, false, nullptr)) {
      return Recovered();
    }
    Rule rule(stream_, {}, true);
    ExprPtr otherwise = Expression();
    call->height =
        1 + std::max({condition->height, then->height, otherwise->height});
    call->arguments.push_back(std::move(condition));
    call->arguments.push_back(std::move(then));
    call->arguments.push_back(std::move(otherwise));
    return call;
  }

  // a || b || c, or a && b && c: one call with all terms.
  ExprPtr Logic(bool is_or) {
    const T op = is_or ? T::kOr : T::kAnd;
    const auto term = [&] {
      Rule rule(stream_, {op}, true);
      return is_or ? Logic(false) : Relation();
    };
    ExprPtr first = term();
    if (is_too_deep_ || !stream_.At(op)) return first;
    ExprPtr call = MakeExpr(ExprKind::kCall, 0, -1);
    call->name = is_or ? "_||_" : "_&&_";
    call->height = first->height;
    call->arguments.push_back(std::move(first));
    while (!is_too_deep_ && stream_.At(op)) {
      const Token token = stream_.Take();
      ExprPtr next = term();
      const int64_t id = NextId();
      if (call->id == 0) {
        call->id = id;
        call->offset = static_cast<int32_t>(token.begin);
      }
      call->height = std::max(call->height, next->height);
      call->arguments.push_back(std::move(next));
    }
    return call;
  }

  ExprPtr Binary(const Token& op, ExprPtr left, ExprPtr call, ExprPtr right) {
    const std::string text = stream_.Text(op);
    call->name = text == "in" ? "@in" : absl::StrCat("_", text, "_");
    call->height = 1 + std::max(left->height, right->height);
    call->arguments.push_back(std::move(left));
    call->arguments.push_back(std::move(right));
    return call;
  }

  // Operators of one precedence, from the left. 0: relations, 1: sums,
  // 2: products.
  ExprPtr Operators(int level) {
    const TokenSet ops = level == 0   ? kRelations
                         : level == 1 ? kSums
                                      : kProducts;
    const TokenSet follow = level == 0 ? kRelations : kProducts | kSums;
    const auto operand = [&] {
      Rule rule(stream_, follow, true);
      return level == 2 ? Unary() : Operators(level + 1);
    };
    ExprPtr left = operand();
    while (!is_too_deep_ && ops.Has(stream_.type())) {
      const Token op = stream_.Take();
      ExprPtr call = New(ExprKind::kCall, op);
      ExprPtr right = operand();
      left = Binary(op, std::move(left), std::move(call), std::move(right));
      CheckHeight(*left);
    }
    return left;
  }

  ExprPtr Relation() { return Operators(0); }

  ExprPtr Unary() {
    if (!stream_.Sync(kExprStarts)) return Recovered();
    const T op = stream_.type();
    const bool is_number =
        op == T::kMinus &&
        (stream_.Peek(1).type == T::kInt || stream_.Peek(1).type == T::kFloat);
    if (op != T::kExclamation && (op != T::kMinus || is_number)) {
      Rule rule(stream_, {}, true);
      return Member();
    }
    const Token first = stream_.Peek();
    const size_t begin = stream_.position();
    size_t count = 0;
    while (stream_.At(op)) {
      ++count;
      stream_.Take();
      if (op == T::kExclamation) {
        stream_.SyncLoop(kExprStarts);
      } else if (!kPrimaryStarts.Has(stream_.type())) {
        stream_.NoViable(begin);
        return Recovered();
      }
    }
    if (count % 2 == 0) {
      Rule rule(stream_, {}, true);
      return Member();
    }
    ExprPtr call = New(ExprKind::kCall, first);
    call->name = op == T::kExclamation ? "!_" : "-_";
    Rule rule(stream_, {}, true);
    ExprPtr operand = Member();
    call->height = operand->height;
    call->arguments.push_back(std::move(operand));
    return call;
  }

  ExprPtr Member() {
    ExprPtr expr;
    {
      Rule rule(stream_, kMembers, true);
      expr = Primary();
    }
    while (!is_too_deep_) {
      bool is_fine = true;
      if (stream_.At(T::kLeftBracket)) {
        expr = Index(std::move(expr), is_fine);
      } else if (stream_.At(T::kDot)) {
        expr = Dot(std::move(expr), is_fine);
      } else {
        break;
      }
      if (!is_fine) return Recovered();
      CheckHeight(*expr);
    }
    return expr;
  }

  ExprPtr Index(ExprPtr target, bool& is_fine) {
    const Token op = stream_.Take();
    is_fine = stream_.Sync(kOptionalExprStarts);
    if (!is_fine) return target;
    const bool is_optional = stream_.At(T::kQuestion);
    if (is_optional) stream_.Take();
    ExprPtr call = New(ExprKind::kCall, op);
    ExprPtr index;
    {
      Rule rule(stream_, {T::kRightBracket}, false);
      index = Expression();
    }
    if (is_too_deep_) return target;
    is_fine = stream_.Match(T::kRightBracket, kMembers, true, nullptr);
    if (!is_fine) return target;
    call->name = is_optional ? "_[?_]" : "_[_]";
    call->height = 1 + std::max(target->height, index->height);
    call->arguments.push_back(std::move(target));
    call->arguments.push_back(std::move(index));
    return call;
  }

  ExprPtr Dot(ExprPtr target, bool& is_fine) {
    const size_t begin = stream_.position();
    const Token op = stream_.Take();
    const bool is_optional = stream_.At(T::kQuestion);
    if (is_optional) {
      stream_.Take();
      is_fine = stream_.Sync(kEscapedIdents);
      if (!is_fine) Wrong(stream_.Peek(), "unsupported ident kind");
    } else if (!kEscapedIdents.Has(stream_.type())) {
      stream_.NoViable(begin);
      is_fine = false;
    }
    if (!is_fine) return target;
    const Token field = stream_.Take();
    if (field.type == T::kEscapedIdentifier) {
      return Wrong(field, "unsupported syntax: '`'");
    }
    if (!is_optional && stream_.At(T::kLeftParen)) {
      return MemberCall(std::move(target), field, is_fine);
    }
    if (!is_optional) {
      ExprPtr select = New(ExprKind::kSelect, op);
      select->name = stream_.Text(field);
      select->height = 1 + target->height;
      select->operand = std::move(target);
      return select;
    }
    ExprPtr name = New(ExprKind::kLiteral, field);
    name->literal = Value::String(stream_.Text(field));
    ExprPtr call = New(ExprKind::kCall, op);
    std::swap(name->id, call->id);
    call->name = "_?._";
    call->height = 1 + target->height;
    call->arguments.push_back(std::move(target));
    call->arguments.push_back(std::move(name));
    return call;
  }

  ExprPtr MemberCall(ExprPtr target, const Token& name, bool& is_fine) {
    const Token open = stream_.Take();
    const int64_t id = NextId();
    std::vector<ExprPtr> arguments;
    is_fine = Arguments(arguments, kMembers);
    if (!is_fine || is_too_deep_) return target;
    ExprPtr call = Call(id, open, stream_.Text(name), std::move(target),
                        std::move(arguments));
    ++call->height;
    return call;
  }

  // Behind "(": expressions up to ")".
  bool Arguments(std::vector<ExprPtr>& arguments, TokenSet next) {
    if (!stream_.Sync(kExprStarts | TokenSet{T::kRightParen})) return false;
    if (kExprStarts.Has(stream_.type())) {
      Rule rule(stream_, {T::kRightParen}, false);
      while (true) {
        {
          Rule element(stream_, {T::kComma}, true);
          arguments.push_back(Expression());
        }
        if (is_too_deep_) return true;
        if (!stream_.At(T::kComma)) break;
        stream_.Take();
      }
    }
    return stream_.Match(T::kRightParen, next, true, nullptr);
  }

  ExprPtr Call(int64_t id, const Token& open, std::string name, ExprPtr target,
               std::vector<ExprPtr> arguments) {
    const int32_t offset = static_cast<int32_t>(open.begin);
    MacroCall macro{offset, name, target, arguments,
                    [this] { return NextId(); }};
    MacroError error;
    ExprPtr expanded = ExpandMacro(macros_, macro, error);
    if (!error.message.empty()) {
      errors_.Add(error.offset, error.message);
      return MakeExpr(ExprKind::kUnspecified, id, offset);
    }
    if (expanded != nullptr) {
      if (id == next_id_ - 1) --next_id_;
      return expanded;
    }
    ExprPtr call = MakeExpr(ExprKind::kCall, id, offset);
    call->name = std::move(name);
    if (target != nullptr) call->height = target->height;
    for (const ExprPtr& argument : arguments) {
      call->height = std::max(call->height, argument->height);
    }
    call->operand = std::move(target);
    call->arguments = std::move(arguments);
    return call;
  }

  ExprPtr Primary() {
    if (!stream_.Sync(kPrimaryStarts)) return Recovered();
    switch (stream_.type()) {
      case T::kLeftParen:
        return Nested();
      case T::kLeftBracket:
        return ListLiteral();
      case T::kLeftBrace:
        return MapLiteral();
      case T::kDot:
      case T::kIdentifier:
        return Name();
      default:
        return Literal();
    }
  }

  ExprPtr Nested() {
    stream_.Take();
    ExprPtr expr;
    {
      Rule rule(stream_, {T::kRightParen}, false);
      expr = Expression();
    }
    if (is_too_deep_) return expr;
    if (!stream_.Match(T::kRightParen, {}, true, nullptr)) return Recovered();
    return expr;
  }

  // [?] expression.
  ExprPtr OptionalExpression(bool& is_optional) {
    is_optional = false;
    if (!stream_.Sync(kOptionalExprStarts)) return Recovered();
    if (stream_.At(T::kQuestion)) {
      stream_.Take();
      is_optional = true;
    }
    Rule rule(stream_, {}, true);
    return Expression();
  }

  // Behind the last entry: a comma that may be there, and what closes.
  bool Close(T close) {
    const TokenSet expected = TokenSet{T::kComma} | TokenSet{close};
    if (!stream_.Sync(expected)) return false;
    if (stream_.At(T::kComma)) stream_.Take();
    return stream_.Match(close, {}, true, nullptr);
  }

  ExprPtr ListLiteral() {
    const TokenSet ends = {T::kComma, T::kRightBracket};
    ExprPtr list = New(ExprKind::kList, stream_.Take());
    if (!stream_.Sync(kOptionalExprStarts | ends)) return Recovered();
    if (kOptionalExprStarts.Has(stream_.type())) {
      Rule rule(stream_, ends, false);
      while (true) {
        bool is_optional = false;
        Rule element(stream_, {T::kComma}, true);
        list->arguments.push_back(OptionalExpression(is_optional));
        list->is_optional.push_back(is_optional);
        list->height = std::max(list->height, list->arguments.back()->height);
        if (is_too_deep_) return list;
        if (!MoreEntries(kOptionalExprStarts)) break;
      }
    }
    if (!Close(T::kRightBracket)) return Recovered();
    return list;
  }

  // Takes a comma that another entry follows; leaves any other.
  bool MoreEntries(TokenSet starts) {
    if (!stream_.At(T::kComma) || !starts.Has(stream_.Peek(1).type)) {
      return false;
    }
    stream_.Take();
    return true;
  }

  ExprPtr MapLiteral() {
    const TokenSet ends = {T::kComma, T::kRightBrace};
    ExprPtr map = New(ExprKind::kMap, stream_.Take());
    if (!stream_.Sync(kOptionalExprStarts | ends)) return Recovered();
    if (kOptionalExprStarts.Has(stream_.type())) {
      Rule rule(stream_, ends, false);
      do {
        if (!MapEntry(*map)) {
          stream_.Recover();
          break;
        }
        if (is_too_deep_) return map;
      } while (MoreEntries(kOptionalExprStarts));
    }
    if (!Close(T::kRightBrace)) return Recovered();
    return map;
  }

  bool MapEntry(Expr& map) {
    NextId();
    bool is_optional = false;
    {
      Rule rule(stream_, {T::kColon}, false);
      map.arguments.push_back(OptionalExpression(is_optional));
    }
    if (is_too_deep_) return true;
    map.is_optional.push_back(is_optional);
    if (!stream_.Match(T::kColon, kExprStarts, false, nullptr)) return false;
    Rule rule(stream_, {T::kComma}, true);
    map.height = std::max(map.height, map.arguments.back()->height);
    map.arguments.push_back(Expression());
    map.height = std::max(map.height, map.arguments.back()->height);
    return true;
  }

  // An identifier, a call, or a message.
  ExprPtr Name() {
    const size_t begin = stream_.position();
    const Token first = stream_.Peek();
    const bool has_dot = stream_.At(T::kDot);
    if (has_dot) stream_.Take();
    if (!stream_.At(T::kIdentifier)) {
      stream_.NoViable(begin);
      return Recovered();
    }
    if (IsMessage()) return Message(first, has_dot);
    const Token ident = stream_.Take();
    std::string name = stream_.Text(ident);
    if (IsReserved(name)) {
      if (stream_.At(T::kLeftParen)) {
        stream_.Take();
        std::vector<ExprPtr> ignored;
        if (!Arguments(ignored, {})) return Recovered();
      }
      return Wrong(first, absl::StrCat("reserved identifier: ", name));
    }
    if (has_dot) name = absl::StrCat(".", name);
    if (!stream_.At(T::kLeftParen)) {
      ExprPtr expr = New(ExprKind::kIdent, ident);
      expr->name = std::move(name);
      return expr;
    }
    const Token open = stream_.Take();
    const int64_t id = NextId();
    std::vector<ExprPtr> arguments;
    if (!Arguments(arguments, {})) return Recovered();
    return Call(id, open, std::move(name), nullptr, std::move(arguments));
  }

  // a.b.C { ...
  bool IsMessage() const {
    size_t ahead = 1;
    while (stream_.Peek(ahead).type == T::kDot &&
           stream_.Peek(ahead + 1).type == T::kIdentifier) {
      ahead += 2;
    }
    return stream_.Peek(ahead).type == T::kLeftBrace;
  }

  ExprPtr Message(const Token&, bool has_dot) {
    std::string name = has_dot ? "." : "";
    while (!stream_.At(T::kLeftBrace)) name += stream_.Text(stream_.Take());
    ExprPtr message = New(ExprKind::kStruct, stream_.Take());
    message->name = std::move(name);
    const TokenSet starts = kEscapedIdents | TokenSet{T::kQuestion};
    const TokenSet ends = {T::kComma, T::kRightBrace};
    if (!stream_.Sync(starts | ends)) return Recovered();
    if (starts.Has(stream_.type())) {
      Rule rule(stream_, ends, false);
      do {
        if (!MessageField(*message)) {
          stream_.Recover();
          break;
        }
        if (is_too_deep_) return message;
      } while (MoreEntries(starts));
    }
    if (!Close(T::kRightBrace)) return Recovered();
    return message;
  }

  bool MessageField(Expr& message) {
    NextId();
    const bool is_optional = stream_.At(T::kQuestion);
    if (is_optional) stream_.Take();
    if (!stream_.Sync(kEscapedIdents)) return false;
    const Token field = stream_.Take();
    if (field.type == T::kEscapedIdentifier) {
      Wrong(field, "unsupported syntax: '`'");
    }
    message.fields.push_back(stream_.Text(field));
    message.is_optional.push_back(is_optional);
    if (!stream_.Match(T::kColon, kExprStarts, false, nullptr)) return false;
    Rule rule(stream_, {T::kComma}, true);
    message.arguments.push_back(Expression());
    message.height = std::max(message.height, message.arguments.back()->height);
    return true;
  }

  ExprPtr Literal() {
    const size_t begin = stream_.position();
    const Token first = stream_.Peek();
    std::string text;
    if (stream_.At(T::kMinus)) {
      stream_.Take();
      if (!stream_.At(T::kInt) && !stream_.At(T::kFloat)) {
        stream_.NoViable(begin);
        return Recovered();
      }
      text = "-";
    }
    const Token token = stream_.Take();
    text += stream_.Text(token);
    Value value;
    const std::string problem = LiteralValue(token.type, text, value);
    if (!problem.empty()) return Wrong(first, problem);
    ExprPtr expr = New(ExprKind::kLiteral, first);
    expr->literal = std::move(value);
    return expr;
  }

  // What is wrong with it, or nothing.
  static std::string LiteralValue(T type, const std::string& text,
                                  Value& value) {
    std::string content;
    switch (type) {
      case T::kTrue:
      case T::kFalse:
        value = Value::Bool(type == T::kTrue);
        return "";
      case T::kInt:
        return IntValue(text, value) ? "" : "invalid int literal";
      case T::kUint:
        return UintValue(text, value) ? "" : "invalid uint literal";
      case T::kFloat: {
        const auto number = ParseGoFloat(text);
        if (!number) return "invalid double literal";
        value = Value::Double(*number);
        return "";
      }
      case T::kString:
        if (!Unescape(text, false, content)) return content;
        value = Value::String(std::move(content));
        return "";
      case T::kBytes:
        if (!Unescape(absl::string_view(text).substr(1), true, content)) {
          return content;
        }
        value = Value::Bytes(std::move(content));
        return "";
      default:
        return "";  // null
    }
  }

  static bool Magnitude(absl::string_view text, uint64_t& value) {
    int base = 10;
    if (text.size() > 2 && text[0] == '0' && text[1] == 'x') {
      base = 16;
      text.remove_prefix(2);
    }
    value = 0;
    for (const char c : text) {
      const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
      if (value > (std::numeric_limits<uint64_t>::max() - digit) / base) {
        return false;
      }
      value = value * base + digit;
    }
    return true;
  }

  static bool IntValue(absl::string_view text, Value& value) {
    const bool is_negative = text[0] == '-';
    if (is_negative) text.remove_prefix(1);
    uint64_t magnitude = 0;
    constexpr uint64_t kMost = uint64_t{1} << 63;
    if (!Magnitude(text, magnitude)) return false;
    if (magnitude > kMost || (magnitude == kMost && !is_negative)) {
      return false;
    }
    value = Value::Int(static_cast<int64_t>(
        is_negative ? uint64_t{0} - magnitude : magnitude));
    return true;
  }

  static bool UintValue(absl::string_view text, Value& value) {
    uint64_t magnitude = 0;
    text.remove_suffix(1);
    if (!Magnitude(text, magnitude)) return false;
    value = Value::Uint(magnitude);
    return true;
  }

  const MacroSet& macros_;
  const Limits& limits_;
  Errors& errors_;
  TokenStream stream_;
  int64_t next_id_ = 1;
  size_t depth_ = 0;
  bool is_too_deep_ = false;
};

}  // namespace

ExprPtr Parse(const Source& source, const MacroSet& macros,
              const Limits& limits, Errors& errors) {
  if (source.size() > limits.expression_characters) {
    errors.Add(
        -1,
        absl::StrCat("expression code point size exceeds limit: size: ",
                     source.size(), ", limit ", limits.expression_characters));
    return MakeExpr(ExprKind::kUnspecified, 0, -1);
  }
  return Parser(source, macros, limits, errors).Start();
}

}  // namespace weir::cel
