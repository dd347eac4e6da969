#include "src/yaml_parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/yaml_tag.h"

namespace weir::yaml {
namespace {

constexpr size_t kMaxDirectives = 1000;
constexpr size_t kMaxAnchors = 100000;  // Of a document.

bool IsOneOf(TokenType type, std::initializer_list<TokenType> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

void AppendLine(const std::string& line, std::string* out) {
  if (!out->empty()) out->push_back('\n');
  out->append(line);
}

}  // namespace

absl::Span<Node*> Tree::TakeChildren(std::vector<Node*>& stack, size_t first) {
  const size_t count = stack.size() - first;
  if (count == 0) return {};
  if (count > span_left_) {
    constexpr size_t kBlock = 1024;
    span_left_ = std::max(count, kBlock);
    spans_.push_back(std::make_unique_for_overwrite<Node*[]>(span_left_));
    span_ = spans_.back().get();
  }
  Node** const start = span_;
  std::copy(stack.begin() + static_cast<ptrdiff_t>(first), stack.end(), start);
  span_ += count;
  span_left_ -= count;
  stack.resize(first);
  return {start, count};
}

struct Parser::Properties {
  Mark start;
  absl::string_view anchor;
  absl::string_view tag;
};

Parser::Parser(const Source& source, const ParserOptions& options, Tree* tree)
    : options_(options),
      tree_(tree),
      scanner_(source, {options.dialect, options.keep_comments},
               &tree->texts()) {}

const Token* Parser::Peek() {
  const Token* token = scanner_.Peek();
  if (token == nullptr) {
    error_ = scanner_.error();
    return nullptr;
  }
  std::deque<Comment>& comments = scanner_.comments();
  while (!comments.empty() &&
         token->start.index >= comments.front().token.index) {
    const Comment& comment = comments.front();
    if (!comment.head.empty()) {
      // It waits for what comes after the block.
      if (token->type == TokenType::kBlockEnd) break;
      AppendLine(comment.head, &pending_.head);
    }
    if (!comment.foot.empty()) AppendLine(comment.foot, &pending_.foot);
    if (!comment.line.empty()) AppendLine(comment.line, &pending_.line);
    comments.pop_front();
  }
  return token;
}

Comments Parser::TakeComments() {
  has_stem_ = false;
  return std::exchange(pending_, Comments());
}

void Parser::SetComments(Node* node, Comments comments) {
  node->comments =
      comments.empty() ? nullptr : tree_->NewComments(std::move(comments));
}

// The head is that of the start.
void Parser::SetEndComments(Node* node, Comments comments) {
  comments.head = node->comments == nullptr ? "" : node->comments->head;
  SetComments(node, std::move(comments));
}

bool Parser::Fail(absl::string_view context, const Mark& context_mark,
                  absl::string_view problem, const Mark& mark) {
  error_.kind = Error::Kind::kParser;
  error_.context = context;
  error_.context_mark = context_mark;
  error_.problem = std::string(problem);
  error_.problem_mark = mark;
  return false;
}

bool Parser::FailAtLimit(const Mark& mark, std::string problem) {
  Fail("", mark, problem, mark);
  error_.kind = Error::Kind::kLimit;
  return false;
}

bool Parser::FailTooDeep(const Mark& mark) {
  return FailAtLimit(
      mark, absl::StrCat("nested deeper than ", options_.max_depth, " levels"));
}

bool Parser::Next(Document* document) {
  anchors_.clear();
  has_aliases_ = false;
  document_nodes_ = 0;
  bool found = false;
  bool implicit = false;
  if (!ParseDocumentStart(document, &found, &implicit) || !found) return false;
  const Token* token = Peek();
  if (token == nullptr) return false;
  using enum TokenType;
  if (!implicit &&
      IsOneOf(token->type, {kVersionDirective, kTagDirective, kDocumentStart,
                            kDocumentEnd, kStreamEnd})) {
    document->root = Empty(token->start);
  } else {
    document->root = ParseNode(true, false, 0);
  }
  document->has_aliases = has_aliases_;
  return document->root != nullptr && ParseDocumentEnd(document);
}

bool Parser::ParseDocumentStart(Document* document, bool* found,
                                bool* implicit) {
  using enum TokenType;
  const Token* token = Peek();
  if (token == nullptr) return false;
  if (!started_) {
    started_ = true;
    scanner_.Take();
    token = Peek();
    if (token == nullptr) return false;
    *implicit = !IsOneOf(token->type, {kVersionDirective, kTagDirective,
                                       kDocumentStart, kStreamEnd});
  } else {
    while (token->type == kDocumentEnd) {
      scanner_.Take();
      token = Peek();
      if (token == nullptr) return false;
    }
  }
  if (token->type == kStreamEnd) return true;
  *found = true;
  if (!ParseDirectives()) return false;
  if (*implicit) {
    SplitDocumentHead(document);
    return true;
  }
  token = Peek();
  if (token == nullptr) return false;
  if (token->type != kDocumentStart) {
    return Fail("", Mark(), "did not find expected <document start>",
                token->start);
  }
  scanner_.Take();
  return true;
}

// What is above the last empty line of the first comments is the document's.
void Parser::SplitDocumentHead(Document* document) {
  std::string& head = pending_.head;
  for (size_t i = head.size(); i-- > 1;) {
    if (head[i] != '\n') continue;
    const bool is_last = i + 1 == head.size();
    if (!is_last && head[i - 1] != '\n') continue;
    document->comments.head = head.substr(0, is_last ? i : i - 1);
    head.erase(0, i + 1);
    return;
  }
}

bool Parser::ParseDirectives() {
  directives_.clear();
  bool has_version = false;
  const Token* token = Peek();
  while (token != nullptr && IsOneOf(token->type, {TokenType::kVersionDirective,
                                                   TokenType::kTagDirective})) {
    if (!AddDirective(*token, &has_version)) return false;
    scanner_.Take();
    token = Peek();
  }
  return token != nullptr;
}

bool Parser::AddDirective(const Token& token, bool* has_version) {
  if (token.type == TokenType::kVersionDirective) {
    if (std::exchange(*has_version, true)) {
      return Fail("", Mark(), "found duplicate %YAML directive", token.start);
    }
    const size_t dot = token.text.find('.');
    const auto is_one = [](absl::string_view digits) {
      return digits == "1" || digits == "01";
    };
    if (is_one(token.text.substr(0, dot)) &&
        is_one(token.text.substr(dot + 1))) {
      return true;
    }
    return Fail("", Mark(), "found incompatible YAML document", token.start);
  }
  if (directives_.size() == kMaxDirectives) {
    return FailAtLimit(token.start, absl::StrCat("more than ", kMaxDirectives,
                                                 " %TAG directives"));
  }
  return directives_.emplace(token.text, token.suffix).second ||
         Fail("", Mark(), "found duplicate %TAG directive", token.start);
}

bool Parser::ParseDocumentEnd(Document* document) {
  const Token* token = Peek();
  if (token == nullptr) return false;
  if (token->type == TokenType::kDocumentEnd) scanner_.Take();
  Comments comments = TakeComments();
  document->comments.foot =
      std::move(comments.foot.empty() ? comments.head : comments.foot);
  return true;
}

Node* Parser::AddNode(const Mark& mark) {
  if (++document_nodes_ > options_.max_document_nodes) {
    FailAtLimit(mark, absl::StrCat("more than ", options_.max_document_nodes,
                                   " nodes in a document"));
    return nullptr;
  }
  if (++nodes_ > options_.max_nodes) {
    FailAtLimit(mark, absl::StrCat("more than ", options_.max_nodes, " nodes"));
    return nullptr;
  }
  Node* node = tree_->NewNode();
  node->start = mark;
  return node;
}

Node* Parser::AddNode(NodeKind kind, const Properties& properties) {
  Node* node = AddNode(properties.start);
  if (node == nullptr) return nullptr;
  node->kind = kind;
  node->tag = properties.tag;
  node->anchor = properties.anchor;
  if (node->anchor.empty()) return node;
  anchors_[node->anchor] = node;
  if (anchors_.size() <= kMaxAnchors) return node;
  FailAtLimit(properties.start,
              absl::StrCat("more than ", kMaxAnchors, " anchors"));
  return nullptr;
}

Node* Parser::Empty(const Mark& mark) {
  Node* node = AddNode(mark);
  if (node != nullptr) node->is_implicit = true;
  return node;
}

Node* Parser::ParseAlias(const Token& token) {
  const auto found = anchors_.find(token.text);
  if (found == anchors_.end()) {
    // Go says so without a line.
    Fail("", token.start,
         absl::StrCat("unknown anchor '", token.text, "' referenced"),
         token.start);
    error_.kind = Error::Kind::kMeaning;
    return nullptr;
  }
  Node* node = AddNode(token.start);
  if (node == nullptr) return nullptr;
  node->kind = NodeKind::kAlias;
  node->text = token.text;
  node->target = found->second;
  has_aliases_ = true;
  SetComments(node, TakeComments());
  scanner_.Take();
  return node;
}

bool Parser::ParseProperties(Properties* properties) {
  bool has_tag = false;
  absl::string_view handle;
  absl::string_view suffix;
  Mark tag_mark;
  const Token* token = Peek();
  if (token == nullptr) return false;
  properties->start = token->start;
  const TokenType first = token->type;
  for (int i = 0; i < 2; ++i) {
    if (token->type == TokenType::kAnchor && properties->anchor.empty()) {
      properties->anchor = token->text;
    } else if (token->type == TokenType::kTag && !has_tag) {
      has_tag = true;
      handle = token->text;
      suffix = token->suffix;
      tag_mark = token->start;
    } else {
      break;
    }
    scanner_.Take();
    token = Peek();
    if (token == nullptr) return false;
    if (token->type == first) break;
  }
  return !has_tag || ResolveTag(properties->start, tag_mark, handle, suffix,
                                &properties->tag);
}

bool Parser::ResolveTag(const Mark& start, const Mark& mark,
                        absl::string_view handle, absl::string_view suffix,
                        absl::string_view* tag) {
  if (handle.empty()) {
    *tag = suffix;
    return true;
  }
  absl::string_view prefix = handle == "!"    ? "!"
                             : handle == "!!" ? kCommonTags
                                              : absl::string_view();
  const auto found = directives_.find(handle);
  if (found != directives_.end()) prefix = found->second;
  if (prefix.empty()) {
    return Fail("while parsing a node", start, "found undefined tag handle",
                mark);
  }
  *tag = tree_->texts().emplace_back(absl::StrCat(prefix, suffix));
  return true;
}

Node* Parser::ParseNode(bool block, bool indentless, int depth) {
  const Token* token = Peek();
  if (token == nullptr) return nullptr;
  if (token->type == TokenType::kAlias) return ParseAlias(*token);
  Properties properties;
  if (!ParseProperties(&properties)) return nullptr;
  return ParseContent(properties, block, indentless, depth);
}

Node* Parser::ParseContent(const Properties& properties, bool block,
                           bool indentless, int depth) {
  using enum TokenType;
  const Token* token = Peek();
  if (token == nullptr) return nullptr;
  const TokenType type = token->type;
  if (type == kScalar) return ParseScalar(*token, properties);
  const bool is_block =
      (block && IsOneOf(type, {kBlockSequenceStart, kBlockMappingStart})) ||
      (indentless && type == kBlockEntry);
  const bool is_flow = IsOneOf(type, {kFlowSequenceStart, kFlowMappingStart});
  if (!is_block && !is_flow) {
    if (!properties.anchor.empty() || !properties.tag.empty()) {
      Node* node = AddNode(NodeKind::kScalar, properties);
      if (node != nullptr) node->is_implicit = properties.tag.empty();
      return node;
    }
    Fail(block ? "while parsing a block node" : "while parsing a flow node",
         properties.start, "did not find expected node content", token->start);
    return nullptr;
  }
  if (depth >= options_.max_depth) {
    FailTooDeep(token->start);
    return nullptr;
  }
  const bool is_mapping =
      type == kBlockMappingStart || type == kFlowMappingStart;
  Node* node = AddNode(is_mapping ? NodeKind::kMapping : NodeKind::kSequence,
                       properties);
  if (node == nullptr) return nullptr;
  node->is_flow = is_flow;
  if (is_flow) {
    SetComments(node, TakeComments());
  } else if (has_stem_ && type != kBlockEntry) {
    has_stem_ = false;
    SetComments(node, {std::exchange(stem_, ""), "", ""});
  }
  if (type == kBlockEntry) {
    return ParseIndentlessSequence(node, depth) ? node : nullptr;
  }
  return ParseCollection(node, *token, depth) ? node : nullptr;
}

Node* Parser::ParseScalar(const Token& token, const Properties& properties) {
  Node* node = AddNode(NodeKind::kScalar, properties);
  if (node == nullptr) return nullptr;
  node->style = token.style;
  node->text = token.text;
  node->owned = token.owned;
  node->is_implicit =
      (node->tag.empty() && token.style == ScalarStyle::kPlain) ||
      node->tag == "!";
  SetComments(node, TakeComments());
  scanner_.Take();
  return node;
}

// Where the collection starts, which may be behind its anchor and tag, is what
// errors are about.
bool Parser::ParseCollection(Node* node, const Token& token, int depth) {
  const TokenType type = token.type;
  const Mark start = token.start;
  scanner_.Take();
  switch (type) {
    case TokenType::kBlockSequenceStart:
      return ParseBlockSequence(node, start, depth);
    case TokenType::kBlockMappingStart:
      return ParseBlockMapping(node, start, depth);
    case TokenType::kFlowSequenceStart:
      return ParseFlowSequence(node, start, depth);
    default:
      return ParseFlowMapping(node, start, depth);
  }
}

// The comments above a "-" are about all that the entry holds, where that is a
// collection, and not about its first part.
bool Parser::SplitStem(size_t length) {
  if (length == 0) return true;
  const Token* token = Peek();
  if (token == nullptr) {
    // Go overlooks the error, goes on, and fails with this one or the next.
    const Error first = error_;
    if (Peek() != nullptr) error_ = first;
    return false;
  }
  if (!IsOneOf(token->type, {TokenType::kBlockSequenceStart,
                             TokenType::kBlockMappingStart})) {
    return true;
  }
  has_stem_ = true;
  stem_ = pending_.head.substr(0, length);
  pending_.head.erase(0, length == pending_.head.size() ? length : length + 1);
  return true;
}

bool Parser::ParseBlockSequence(Node* node, const Mark& start, int depth) {
  const size_t first = stack_.size();
  while (true) {
    const Token* token = Peek();
    if (token == nullptr) return false;
    if (token->type == TokenType::kBlockEnd) break;
    if (token->type != TokenType::kBlockEntry) {
      return Fail("while parsing a block collection", start,
                  "did not find expected '-' indicator", token->start);
    }
    const Mark end = token->end;
    const size_t head = pending_.head.size();
    scanner_.Take();
    if (!SplitStem(head)) return false;
    token = Peek();
    if (token == nullptr) return false;
    Node* child =
        IsOneOf(token->type, {TokenType::kBlockEntry, TokenType::kBlockEnd})
            ? Empty(end)
            : ParseNode(true, false, depth + 1);
    if (child == nullptr) return false;
    stack_.push_back(child);
  }
  scanner_.Take();
  node->children = tree_->TakeChildren(stack_, first);
  return true;
}

bool Parser::ParseIndentlessSequence(Node* node, int depth) {
  using enum TokenType;
  const size_t first = stack_.size();
  while (true) {
    const Token* token = Peek();
    if (token == nullptr) return false;
    if (token->type != kBlockEntry) break;
    const Mark end = token->end;
    const size_t head = pending_.head.size();
    scanner_.Take();
    if (!SplitStem(head)) return false;
    token = Peek();
    if (token == nullptr) return false;
    Node* child = IsOneOf(token->type, {kBlockEntry, kKey, kValue, kBlockEnd})
                      ? Empty(end)
                      : ParseNode(true, false, depth + 1);
    if (child == nullptr) return false;
    stack_.push_back(child);
  }
  node->children = tree_->TakeChildren(stack_, first);
  return true;
}

void Parser::MoveFoot(Node* from, Node* to) {
  Comments source = *from->comments;
  Comments target = to->comments == nullptr ? Comments() : *to->comments;
  target.foot = std::exchange(source.foot, "");
  SetComments(to, std::move(target));
  SetComments(from, std::move(source));
}

void Parser::MoveFootToKey(Node* key, Node* value) {
  const auto has_foot = [](const Node* node) {
    return node->comments != nullptr && !node->comments->foot.empty();
  };
  if (has_foot(value) && !has_foot(key)) MoveFoot(value, key);
}

// A foot belongs to the key that it is below.
void Parser::FinishMapping(Node* node, size_t first, Comments comments) {
  if (!node->is_flow && !comments.foot.empty() && stack_.size() > first + 1) {
    Node* key = stack_[stack_.size() - 2];
    Comments of_key = key->comments == nullptr ? Comments() : *key->comments;
    of_key.foot = std::exchange(comments.foot, "");
    SetComments(key, std::move(of_key));
  }
  SetEndComments(node, std::move(comments));
  node->children = tree_->TakeChildren(stack_, first);
}

bool Parser::ParseBlockMapping(Node* node, const Mark& start, int depth) {
  const size_t first = stack_.size();
  while (true) {
    const Token* token = Peek();
    if (token == nullptr) return false;
    if (token->type == TokenType::kBlockEnd) break;
    if (token->type != TokenType::kKey) {
      return Fail("while parsing a block mapping", start,
                  "did not find expected key", token->start);
    }
    Node* key = ParseBlockKey(depth);
    if (key == nullptr) return false;
    if (key->comments != nullptr && !key->comments->foot.empty() &&
        stack_.size() >= first + 2) {
      MoveFoot(key, stack_[stack_.size() - 2]);
    }
    stack_.push_back(key);
    Node* value = ParseBlockValue(depth);
    if (value == nullptr) return false;
    MoveFootToKey(key, value);
    stack_.push_back(value);
  }
  Comments comments = TakeComments();
  scanner_.Take();
  FinishMapping(node, first, std::move(comments));
  return true;
}

Node* Parser::ParseBlockKey(int depth) {
  using enum TokenType;
  const Token* token = Peek();
  const Mark end = token->end;
  scanner_.Take();
  token = Peek();
  if (token == nullptr) return nullptr;
  if (IsOneOf(token->type, {kKey, kValue, kBlockEnd})) return Empty(end);
  return ParseNode(true, true, depth + 1);
}

Node* Parser::ParseBlockValue(int depth) {
  using enum TokenType;
  const Token* token = Peek();
  if (token == nullptr) return nullptr;
  if (token->type != kValue) return Empty(token->start);
  const Mark end = token->end;
  scanner_.Take();
  token = Peek();
  if (token == nullptr) return nullptr;
  if (IsOneOf(token->type, {kKey, kValue, kBlockEnd})) return Empty(end);
  return ParseNode(true, true, depth + 1);
}

// The first token of the next entry, behind the comma that must be before all
// but the first, or the one that ends the collection; null on an error.
const Token* Parser::NextFlowEntry(TokenType end, const Mark& start,
                                   bool is_first) {
  const Token* token = Peek();
  if (token == nullptr || token->type == end || is_first) return token;
  if (token->type != TokenType::kFlowEntry) {
    const bool is_sequence = end == TokenType::kFlowSequenceEnd;
    Fail(is_sequence ? "while parsing a flow sequence"
                     : "while parsing a flow mapping",
         start,
         is_sequence ? "did not find expected ',' or ']'"
                     : "did not find expected ',' or '}'",
         token->start);
    return nullptr;
  }
  scanner_.Take();
  return Peek();
}

bool Parser::ParseFlowSequence(Node* node, const Mark& start, int depth) {
  using enum TokenType;
  const size_t first = stack_.size();
  while (true) {
    const Token* token =
        NextFlowEntry(kFlowSequenceEnd, start, stack_.size() == first);
    if (token == nullptr) return false;
    if (token->type == kFlowSequenceEnd) break;
    Node* child = token->type == kKey
                      ? ParsePairInSequence(token->start, depth + 1)
                      : ParseNode(false, false, depth + 1);
    if (child == nullptr) return false;
    stack_.push_back(child);
  }
  SetEndComments(node, TakeComments());
  scanner_.Take();
  node->children = tree_->TakeChildren(stack_, first);
  return true;
}

// "[a: b]", at the key.
Node* Parser::ParsePairInSequence(const Mark& start, int depth) {
  using enum TokenType;
  if (depth >= options_.max_depth) {
    FailTooDeep(start);
    return nullptr;
  }
  Properties properties;
  properties.start = start;
  Node* node = AddNode(NodeKind::kMapping, properties);
  if (node == nullptr) return nullptr;
  node->is_flow = true;
  const size_t first = stack_.size();
  scanner_.Take();
  const Token* token = Peek();
  if (token == nullptr) return nullptr;
  Node* key = nullptr;
  if (IsOneOf(token->type, {kValue, kFlowEntry, kFlowSequenceEnd})) {
    key = Empty(token->end);
    scanner_.Take();
  } else {
    key = ParseNode(false, false, depth + 1);
  }
  if (key == nullptr) return nullptr;
  stack_.push_back(key);
  Node* value = ParseFlowValue(kFlowSequenceEnd, depth);
  if (value == nullptr) return nullptr;
  MoveFootToKey(key, value);
  stack_.push_back(value);
  if (Peek() == nullptr) return nullptr;
  node->children = tree_->TakeChildren(stack_, first);
  return node;
}

bool Parser::ParseFlowMapping(Node* node, const Mark& start, int depth) {
  using enum TokenType;
  const size_t first = stack_.size();
  while (true) {
    const Token* token =
        NextFlowEntry(kFlowMappingEnd, start, stack_.size() == first);
    if (token == nullptr) return false;
    if (token->type == kFlowMappingEnd) break;
    Node* key = nullptr;
    Node* value = nullptr;
    if (token->type == kKey) {
      scanner_.Take();
      token = Peek();
      if (token == nullptr) return false;
      key = IsOneOf(token->type, {kValue, kFlowEntry, kFlowMappingEnd})
                ? Empty(token->start)
                : ParseNode(false, false, depth + 1);
      if (key == nullptr) return false;
      value = ParseFlowValue(kFlowMappingEnd, depth);
    } else {
      key = ParseNode(false, false, depth + 1);
      if (key == nullptr) return false;
      token = Peek();
      if (token != nullptr) value = Empty(token->start);
    }
    if (value == nullptr) return false;
    MoveFootToKey(key, value);
    stack_.push_back(key);
    stack_.push_back(value);
  }
  Comments comments = TakeComments();
  scanner_.Take();
  FinishMapping(node, first, std::move(comments));
  return true;
}

Node* Parser::ParseFlowValue(TokenType end, int depth) {
  const Token* token = Peek();
  if (token == nullptr) return nullptr;
  if (token->type == TokenType::kValue) {
    const Mark start = token->start;
    scanner_.Take();
    token = Peek();
    if (token == nullptr) return nullptr;
    if (token->type != TokenType::kFlowEntry && token->type != end) {
      return ParseNode(false, false, depth + 1);
    }
    if (end == TokenType::kFlowSequenceEnd) return Empty(start);
  }
  return Empty(token->start);
}

}  // namespace weir::yaml
