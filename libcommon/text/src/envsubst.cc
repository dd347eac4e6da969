#include "weir/text/envsubst.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/envsubst_functions.h"
#include "weir/base/status.h"

namespace weir::text {
namespace {

// A piece of the text: literal text, or a substitution whose arguments are
// pieces.
struct Node {
  bool is_text = true;
  std::string text;  // Or the variable's name.
  std::string function;
  std::vector<Node> arguments;
};

absl::Status ParseError(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}
absl::Status BadSubstitution() { return ParseError("bad substitution"); }

// Reads the text from left to right. An argument's end is where its function
// says, not at the next brace: "${v/a}/b}" replaces "a}".
class Parser {
 public:
  Parser(absl::string_view text, int max_depth)
      : rest_(text), max_depth_(max_depth) {}

  absl::StatusOr<std::vector<Node>> ParseAll() {
    std::vector<Node> nodes;
    std::string literal;
    while (!rest_.empty()) {
      if (StartsSubstitution()) {
        AppendText(std::move(literal), &nodes);
        literal.clear();
        WEIR_ASSIGN_OR_RETURN(Node node, ParseSubstitution());
        nodes.push_back(std::move(node));
        continue;
      }
      if (absl::StartsWith(rest_, "$$")) rest_.remove_prefix(1);
      const size_t end = std::min(rest_.find('$', 1), rest_.size());
      absl::StrAppend(&literal, rest_.substr(0, end));
      rest_.remove_prefix(end);
    }
    AppendText(std::move(literal), &nodes);
    return nodes;
  }

 private:
  static void AppendText(std::string text, std::vector<Node>* nodes) {
    if (text.empty()) return;
    nodes->push_back({.text = std::move(text)});
  }

  bool StartsSubstitution() const { return absl::StartsWith(rest_, "${"); }
  char peek() const { return rest_.empty() ? '\0' : rest_[0]; }

  absl::StatusOr<Node> ParseSubstitution() {
    if (++depth_ > max_depth_) {
      return absl::ResourceExhaustedError("substitutions are nested too deep");
    }
    rest_.remove_prefix(2);
    absl::StatusOr<Node> node = peek() == '#' ? ParseLength() : ParseVariable();
    --depth_;
    return node;
  }

  std::string TakeIdentifier() {
    size_t size = 0;
    size_t length = 0;
    while (StartsWithIdentifier(rest_.substr(size), &length)) size += length;
    return Take(size);
  }
  std::string Take(size_t size) {
    std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return taken;
  }

  absl::Status TakeBrace(const absl::Status& otherwise) {
    if (peek() != '}') return otherwise;
    rest_.remove_prefix(1);
    return absl::OkStatus();
  }

  // "#name}".
  absl::StatusOr<Node> ParseLength() {
    Node node{.is_text = false, .function = Take(1)};
    node.text = TakeIdentifier();
    if (node.text.empty()) return BadSubstitution();
    WEIR_RETURN_IF_ERROR(TakeBrace(BadSubstitution()));
    return node;
  }

  absl::StatusOr<Node> ParseVariable() {
    Node node{.is_text = false, .text = TakeIdentifier()};
    if (node.text.empty()) return ParseError("unable to parse variable name");
    absl::Status status;
    switch (peek()) {
      case ':':
        status = ParseDefaultOrSubstring(node);
        break;
      case '=':
        node.function = Take(1);
        status = ParseDefault(node);
        break;
      case ',':
      case '^':
        node.function = Take(CountOf(",^", 2));
        status = TakeBrace(BadSubstitution());
        break;
      case '/':
        status = ParseReplace(node);
        break;
      case '#':
        node.function = Take(CountOf("#", 2));
        status = ParseLastArgument(node, "}", /*escapes=*/false);
        break;
      case '%':
        node.function = Take(CountOf("%", 2));
        status = ParseLastArgument(node, "}", /*escapes=*/false);
        break;
      default:
        status = TakeBrace(ParseError("missing closing brace"));
    }
    if (!status.ok()) return status;
    return node;
  }

  // How many of the next characters, at most `most`, are in `set`.
  size_t CountOf(absl::string_view set, size_t most) const {
    size_t count = std::min(rest_.find_first_not_of(set), rest_.size());
    return std::min(count, most);
  }

  absl::Status ParseDefaultOrSubstring(Node& node) {
    const char second = rest_.size() > 1 ? rest_[1] : '\0';
    if (second == '=' || second == '-' || second == '?' || second == '+') {
      node.function = Take(2);
      return ParseDefault(node);
    }
    node.function = Take(1);
    WEIR_RETURN_IF_ERROR(ParseArgument(node, ":}", /*escapes=*/false));
    if (peek() == '}') return TakeBrace(BadSubstitution());
    if (peek() != ':') return BadSubstitution();
    Take(CountOf(":", rest_.size()));
    return ParseLastArgument(node, "}", /*escapes=*/false);
  }

  // Text and substitutions up to the brace.
  absl::Status ParseDefault(Node& node) {
    while (peek() != '}' || rest_.empty()) {
      WEIR_RETURN_IF_ERROR(ParseArgument(node, "}", /*escapes=*/false));
    }
    return TakeBrace(BadSubstitution());
  }

  absl::Status ParseReplace(Node& node) {
    node.function = Take(1);
    if (CountOf("/#%", 1) == 1) node.function += Take(1);
    if (peek() == '/') {
      node.arguments.emplace_back();
    } else {
      WEIR_RETURN_IF_ERROR(ParseArgument(node, "/", /*escapes=*/true));
    }
    if (peek() != '/') return BadSubstitution();
    Take(CountOf("/", rest_.size()));
    if (peek() == '}') return TakeBrace(BadSubstitution());
    return ParseLastArgument(node, "}", /*escapes=*/true);
  }

  absl::Status ParseLastArgument(Node& node, absl::string_view ends,
                                 bool escapes) {
    WEIR_RETURN_IF_ERROR(ParseArgument(node, ends, escapes));
    return TakeBrace(BadSubstitution());
  }

  // One argument: a substitution, or text up to one or to one of `ends`.
  absl::Status ParseArgument(Node& node, absl::string_view ends, bool escapes) {
    if (StartsSubstitution()) {
      WEIR_ASSIGN_OR_RETURN(Node argument, ParseSubstitution());
      node.arguments.push_back(std::move(argument));
      return absl::OkStatus();
    }
    Node argument;
    while (!rest_.empty() && !StartsSubstitution()) {
      if (escapes && IsEscape()) {
        rest_.remove_prefix(1);
      } else if (ends.find(rest_[0]) != absl::string_view::npos) {
        break;
      }
      argument.text.push_back(rest_[0]);
      rest_.remove_prefix(1);
    }
    if (argument.text.empty()) {
      return ParseError("unable to parse substitution within function");
    }
    node.arguments.push_back(std::move(argument));
    return absl::OkStatus();
  }

  bool IsEscape() const {
    return absl::StartsWith(rest_, "$$") || absl::StartsWith(rest_, "\\/") ||
           absl::StartsWith(rest_, "\\\\");
  }

  absl::string_view rest_;
  const int max_depth_;
  int depth_ = 0;
};

class Evaluator {
 public:
  Evaluator(const VariableLookup& lookup, const EnvsubstOptions& options)
      : lookup_(lookup), options_(options) {}

  absl::StatusOr<std::string> Evaluate(const Node& node) const {
    if (node.is_text) return node.text;
    std::vector<std::string> arguments;
    for (const Node& argument : node.arguments) {
      WEIR_ASSIGN_OR_RETURN(std::string text, Evaluate(argument));
      arguments.push_back(std::move(text));
    }
    const std::optional<std::string> value = lookup_(node.text);
    if (options_.strict && !value.has_value() &&
        !IsDefaultFunction(node.function)) {
      return absl::InvalidArgumentError(
          absl::StrCat("variable not set (strict mode): \"", node.text, "\""));
    }
    return CallFunction(node.function, value.value_or(""), arguments,
                        options_.max_output_bytes);
  }

 private:
  const VariableLookup& lookup_;
  const EnvsubstOptions& options_;
};

}  // namespace

absl::StatusOr<std::string> Envsubst(absl::string_view text,
                                     const VariableLookup& lookup,
                                     const EnvsubstOptions& options) {
  WEIR_ASSIGN_OR_RETURN(const std::vector<Node> nodes,
                        Parser(text, options.max_depth).ParseAll());
  const Evaluator evaluator(lookup, options);
  std::string out;
  for (const Node& node : nodes) {
    WEIR_ASSIGN_OR_RETURN(const std::string piece, evaluator.Evaluate(node));
    if (out.size() + piece.size() > options.max_output_bytes) {
      return absl::ResourceExhaustedError(
          "the result of a variable substitution is too long");
    }
    out += piece;
  }
  return out;
}

}  // namespace weir::text
