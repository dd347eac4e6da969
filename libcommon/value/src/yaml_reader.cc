#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "src/yaml_decode.h"
#include "src/yaml_error.h"
#include "src/yaml_kyaml.h"
#include "src/yaml_node_writer.h"
#include "src/yaml_parser.h"
#include "src/yaml_plain.h"
#include "src/yaml_source.h"
#include "weir/base/status.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_members.h"

namespace weir {
namespace {

using yaml::Dialect;
using yaml::Mark;

class Reader {
 public:
  Reader(absl::string_view text, const YamlParseOptions& options)
      : options_(options),
        is_kyaml_(options.schema == YamlParseOptions::Schema::kYaml12),
        dialect_(is_kyaml_ ? Dialect::kGoYaml3 : Dialect::kGoYaml2),
        source_(text) {}

  absl::StatusOr<std::vector<YamlDocument>> ReadAll(size_t limit) {
    std::vector<YamlDocument> documents;
    yaml::Tree tree;
    yaml::Parser parser(source_, MakeParserOptions(), &tree);
    yaml::Document document;
    while (parser.Next(&document)) {
      const Mark start = document.root->start;
      if (documents.size() == options_.max_documents) {
        return yaml::MakeError(
            options_, absl::StatusCode::kResourceExhausted, start,
            absl::StrCat("more than ", options_.max_documents, " documents"),
            "yaml: too many documents");
      }
      YamlDocument read;
      read.line = start.line + 1;
      WEIR_RETURN_IF_ERROR(
          is_kyaml_ ? DecodeKyaml(document, documents.size(), &tree, &read)
                    : Decode(document, &read.value));
      documents.push_back(std::move(read));
      if (documents.size() == limit) return documents;
      document = yaml::Document();
      tree.ClearNodes();
    }
    if (parser.error().problem.empty()) return documents;
    return yaml::MakeError(options_, parser.error(), dialect_);
  }

 private:
  yaml::ParserOptions MakeParserOptions() const {
    return {dialect_, is_kyaml_, options_.max_depth,
            options_.max_document_nodes, options_.max_nodes};
  }

  yaml::DecodeOptions MakeDecodeOptions() const {
    return {.dialect = dialect_,
            .reject_duplicate_keys = options_.reject_duplicate_keys,
            .text_keys_at_root = is_kyaml_,
            .max_alias_nodes = options_.max_alias_nodes,
            .text_annotations = options_.text_annotations,
            .keep_written = options_.keep_written};
  }

  absl::Status Decode(const yaml::Document& document, Value* out) {
    yaml::DecodeOptions options = MakeDecodeOptions();
    options.keep_tree = document.has_aliases;
    options.as_rewritten = is_kyaml_;
    yaml::Decoder decoder(options);
    if (decoder.Decode(document.root, out)) return absl::OkStatus();
    return DecodeError(decoder.problem_mark(), decoder.problem(),
                       decoder.is_limit());
  }

  absl::Status DecodeError(const Mark& mark, absl::string_view problem,
                           bool is_limit) {
    return yaml::MakeError(options_,
                           is_limit ? absl::StatusCode::kResourceExhausted
                                    : absl::StatusCode::kInvalidArgument,
                           mark, absl::StripPrefix(problem, "yaml: "), problem);
  }

  // kyaml writes each object as text and reads that again. Where this changes
  // nothing, and where it fails in no way, one decoding does.
  absl::Status DecodeKyaml(const yaml::Document& document, size_t number,
                           yaml::Tree* tree, YamlDocument* out) {
    if (yaml::IsEmptyDocument(*document.root)) return absl::OkStatus();
    if (document.root->kind == yaml::NodeKind::kScalar) {
      return Decode(document, &out->value);
    }
    const Mark start = document.root->start;
    if (!yaml::IsSteady(document)) {
      return Rewrite(document, start, tree, out);
    }
    yaml::DecodeOptions options = MakeDecodeOptions();
    options.as_rewritten = true;
    yaml::Decoder decoder(options);
    if (decoder.Decode(document.root, &out->value)) return absl::OkStatus();
    // Decoding took texts out of the tree.
    tree->FreeNodes();
    const yaml::Document again = ParseAgain(number);
    return Rewrite(again, decoder.problem_mark(), &again_.tree, out);
  }

  yaml::Document ParseAgain(size_t number) {
    if (again_.parser == nullptr) {
      again_.parser = std::make_unique<yaml::Parser>(
          source_, MakeParserOptions(), &again_.tree);
    }
    yaml::Document document;
    for (; again_.next <= number; ++again_.next) {
      again_.tree.ClearNodes();
      document = yaml::Document();
      WEIR_CHECK(again_.parser->Next(&document));
    }
    return document;
  }

  absl::Status Rewrite(const yaml::Document& document, const Mark& mark,
                       yaml::Tree* tree, YamlDocument* out) {
    yaml::Deanchorer deanchorer(tree, options_.max_alias_nodes);
    yaml::Node* root = deanchorer.Run(document.root);
    if (root == nullptr) {
      return DecodeError(deanchorer.problem_mark(), deanchorer.problem(),
                         deanchorer.is_limit());
    }
    if (options_.text_annotations) yaml::RenewAnnotations(root, tree);
    if (options_.join_annotations) yaml::JoinAnnotations(root, tree);
    Value read;
    const absl::Status status = WriteAndRead(document, *root, mark, &read);
    Value unwritten;
    bool has_unfit = false;
    if (!options_.keep_written || absl::IsResourceExhausted(status) ||
        !DecodeUnwritten(root, &unwritten, &has_unfit)) {
      out->value = std::move(read);
      return status;
    }
    Value rewritten = unwritten;
    const bool is_readable = RewriteYaml(&rewritten).ok();
    if (status.ok() && !(is_readable && rewritten == read)) {
      out->value = std::move(read);
      return absl::OkStatus();
    }
    // It may change before it is written.
    out->value = std::move(unwritten);
    if (is_readable) out->unreadable = status;
    out->has_unfit = has_unfit;
    return absl::OkStatus();
  }

  absl::Status WriteAndRead(const yaml::Document& document,
                            const yaml::Node& root, const Mark& mark,
                            Value* out) {
    const std::string text = yaml::NodeWriter().Write(root, document.comments);
    const yaml::Source source(text);
    yaml::Tree rewritten;
    yaml::ParserOptions parser_options = MakeParserOptions();
    parser_options.keep_comments = false;
    // The text is that of a tree which had its limits.
    parser_options.max_document_nodes = parser_options.max_nodes;
    yaml::Parser parser(source, parser_options, &rewritten);
    yaml::Document again;
    if (!parser.Next(&again)) {
      const yaml::Error& error = parser.error();
      return yaml::MakeError(options_, absl::StatusCode::kInvalidArgument, mark,
                             error.problem, yaml::GoText(error, dialect_));
    }
    if (again.root->kind != root.kind) {
      const bool wants_map = root.kind == yaml::NodeKind::kMapping;
      return DecodeError(
          mark,
          absl::StrCat("yaml: unmarshal errors:\n  line ",
                       again.root->start.line + 1, ": cannot unmarshal ",
                       wants_map ? "!!seq into map[string]interface {}"
                                 : "!!map into []interface {}"),
          false);
    }
    yaml::DecodeOptions options = MakeDecodeOptions();
    options.keep_tree = again.has_aliases;
    yaml::Decoder decoder(options);
    if (decoder.Decode(again.root, out)) return absl::OkStatus();
    return DecodeError(mark, decoder.problem(), decoder.is_limit());
  }

  // The tree as it is.
  bool DecodeUnwritten(yaml::Node* root, Value* out, bool* has_unfit) {
    yaml::DecodeOptions options = MakeDecodeOptions();
    options.keep_tree = true;
    options.as_rewritten = true;
    options.keep_unfit = options_.keep_unfit;
    yaml::Decoder decoder(options);
    const bool is_decoded = decoder.Decode(root, out);
    *has_unfit = decoder.has_unfit();
    return is_decoded;
  }

  const YamlParseOptions& options_;
  const bool is_kyaml_;
  const Dialect dialect_;
  const yaml::Source source_;
  // For documents that are needed once more.
  struct {
    yaml::Tree tree;
    std::unique_ptr<yaml::Parser> parser;
    size_t next = 0;
  } again_;
};

absl::StatusOr<std::vector<YamlDocument>> Parse(absl::string_view text,
                                                const YamlParseOptions& options,
                                                size_t limit) {
  if (text.size() > options.max_bytes) return yaml::TooLarge(options);
  return Reader(text, options).ReadAll(limit);
}

bool MayBePlain(absl::string_view text, const YamlParseOptions& options) {
  constexpr int kUsualDepth = 200;
  return options.schema == YamlParseOptions::Schema::kYaml11 &&
         !options.reject_duplicate_keys && !options.text_annotations &&
         !options.keep_written && options.max_depth >= kUsualDepth &&
         text.size() <= options.max_bytes;
}

size_t MaxNodes(const YamlParseOptions& options) {
  return std::min(options.max_document_nodes, options.max_nodes);
}

absl::StatusOr<Value> ParseAny(absl::string_view text,
                               const YamlParseOptions& options) {
  WEIR_ASSIGN_OR_RETURN(YamlDocument document,
                        ParseFirstYamlDocument(text, options));
  WEIR_RETURN_IF_ERROR(document.unreadable);
  return std::move(document.value);
}

}  // namespace

absl::StatusOr<std::vector<YamlDocument>> ParseYamlDocuments(
    absl::string_view text, const YamlParseOptions& options) {
  return Parse(text, options, static_cast<size_t>(-1));
}

absl::StatusOr<YamlDocument> ParseFirstYamlDocument(
    absl::string_view text, const YamlParseOptions& options) {
  WEIR_ASSIGN_OR_RETURN(std::vector<YamlDocument> documents,
                        Parse(text, options, 1));
  if (documents.empty()) return YamlDocument();
  return std::move(documents[0]);
}

absl::StatusOr<Value> ParseYaml(absl::string_view text,
                                const YamlParseOptions& options) {
  Value plain;
  const auto all = [](absl::string_view) { return true; };
  if (MayBePlain(text, options) &&
      yaml::ReadPlain(text, MaxNodes(options), all, &plain)) {
    return plain;
  }
  return ParseAny(text, options);
}

absl::StatusOr<Value> ParseYamlMembers(
    absl::string_view text,
    absl::FunctionRef<bool(absl::string_view key)> is_wanted) {
  const YamlParseOptions options;
  Value plain;
  if (MayBePlain(text, options) &&
      yaml::ReadPlain(text, MaxNodes(options), is_wanted, &plain)) {
    return plain;
  }
  return ParseAny(text, options);
}

}  // namespace weir
