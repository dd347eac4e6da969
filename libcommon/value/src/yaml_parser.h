// Makes trees of the scanner's tokens, one document at a time.
//
// Touches: nothing.
// Threads: one parser is used by one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "src/yaml_scanner.h"
#include "src/yaml_tree.h"

namespace weir::yaml {

struct ParserOptions {
  Dialect dialect = Dialect::kGoYaml2;
  bool keep_comments = false;
  int max_depth = 200;
  size_t max_document_nodes = 1000000;
  size_t max_nodes = 2000000;
};

struct Document {
  Node* root = nullptr;
  bool has_aliases = false;
  Comments comments;  // Before and behind everything else.
};

class Parser {
 public:
  // `source` and `tree` outlive the parser.
  Parser(const Source& source, const ParserOptions& options, Tree* tree);

  // Reads the next document. False at the end of the stream and on an error.
  bool Next(Document* document);
  const Error& error() const { return error_; }

 private:
  struct Properties;

  // The next token, with the comments before it taken; null on an error.
  const Token* Peek();
  Comments TakeComments();
  void SetComments(Node* node, Comments comments);
  void SetEndComments(Node* node, Comments comments);

  bool ParseDocumentStart(Document* document, bool* found, bool* implicit);
  bool ParseDirectives();
  bool AddDirective(const Token& token, bool* has_version);
  void SplitDocumentHead(Document* document);
  bool ParseDocumentEnd(Document* document);
  Node* ParseNode(bool block, bool indentless, int depth);
  Node* ParseAlias(const Token& token);
  Node* ParseContent(const Properties& properties, bool block, bool indentless,
                     int depth);
  Node* ParseScalar(const Token& token, const Properties& properties);
  bool ParseProperties(Properties* properties);
  bool ResolveTag(const Mark& start, const Mark& mark, absl::string_view handle,
                  absl::string_view suffix, absl::string_view* tag);
  // Null above a limit.
  Node* AddNode(const Mark& mark);
  Node* AddNode(NodeKind kind, const Properties& properties);
  Node* Empty(const Mark& mark);
  bool ParseCollection(Node* node, const Token& token, int depth);
  bool ParseBlockSequence(Node* node, const Mark& start, int depth);
  bool ParseIndentlessSequence(Node* node, int depth);
  bool ParseBlockMapping(Node* node, const Mark& start, int depth);
  Node* ParseBlockKey(int depth);
  Node* ParseBlockValue(int depth);
  const Token* NextFlowEntry(TokenType end, const Mark& start, bool is_first);
  bool ParseFlowSequence(Node* node, const Mark& start, int depth);
  Node* ParsePairInSequence(const Mark& start, int depth);
  bool ParseFlowMapping(Node* node, const Mark& start, int depth);
  Node* ParseFlowValue(TokenType end, int depth);
  bool SplitStem(size_t length);
  void MoveFoot(Node* from, Node* to);
  void MoveFootToKey(Node* key, Node* value);
  void FinishMapping(Node* node, size_t first, Comments comments);

  // These return false.
  bool Fail(absl::string_view context, const Mark& context_mark,
            absl::string_view problem, const Mark& mark);
  bool FailAtLimit(const Mark& mark, std::string problem);
  bool FailTooDeep(const Mark& mark);

  const ParserOptions options_;
  Tree* const tree_;
  Scanner scanner_;
  bool started_ = false;
  bool has_aliases_ = false;
  size_t nodes_ = 0;
  size_t document_nodes_ = 0;
  absl::flat_hash_map<std::string, std::string> directives_;  // By handle.
  absl::flat_hash_map<absl::string_view, Node*> anchors_;
  std::vector<Node*> stack_;
  // Comments on their way to a node.
  Comments pending_;
  std::string stem_;
  bool has_stem_ = false;
  Error error_;
};

}  // namespace weir::yaml
