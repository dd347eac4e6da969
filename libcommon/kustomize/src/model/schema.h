// Schema knows which kinds have no namespace and which lists merge by key.
//
// Touches: nothing.
// Threads: immutable once made; safe to share.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "src/model/ids.h"
#include "weir/value/value.h"

namespace weir::kustomize {

struct SchemaType;

struct SchemaField {
  const SchemaType* type = nullptr;  // Of the field, or of its elements.
  bool merges = false;               // A list that merges.
  std::vector<std::string> keys;     // None: a list of scalars.
};

struct SchemaType {
  absl::flat_hash_map<std::string, SchemaField> fields;
  // Of a map whose keys are free.
  const SchemaType* values = nullptr;

  const SchemaField* Find(absl::string_view field) const {
    auto found = fields.find(field);
    return found == fields.end() ? nullptr : &found->second;
  }
};

class Schema {
 public:
  // Kubernetes 1.21, as built into upstream.
  static const Schema& Builtin();
  // How the builtin definitions stand to those of a document.
  enum class BuiltinUse { kNone, kBelow, kAbove };
  // The definitions of a swagger document.
  // Errors: kFailedPrecondition when it is no such document.
  static absl::StatusOr<std::shared_ptr<const Schema>> FromSwagger(
      const Value& document, BuiltinUse builtin);

  Schema() = default;
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // A schema of no kinds of its own, for one thread.
  explicit Schema(const Schema* base) : base_(base) {}
  // Asks another one from now on.
  void UseBase(const Schema* base) {
    base_ = base;
    ++generation_;
  }
  // Grows as it asks others; what it has said before may be otherwise then.
  size_t generation() const { return generation_; }
  // What upstream would still know of the builtin definitions if another
  // schema came now: all that it has read, and what it means to read.
  BuiltinUse builtin_use() const { return builtin_use_; }

  // The type of a kind, or null.
  const SchemaType* Find(absl::string_view api_version,
                         absl::string_view kind) const;
  bool IsClusterScoped(absl::string_view api_version,
                       absl::string_view kind) const;

 private:
  struct Kind {
    const SchemaType* type = nullptr;
    bool cluster_scoped = false;
  };
  void ParseTable(absl::string_view table);

  const SchemaType* BuiltinType(absl::string_view definition) const;

  const Schema* base_ = nullptr;
  size_t generation_ = 0;
  bool base_first_ = false;
  mutable BuiltinUse builtin_use_ = BuiltinUse::kNone;
  std::deque<SchemaType> types_;
  absl::flat_hash_map<std::string, SchemaType*> by_name_;
  absl::flat_hash_map<std::string, Kind> kinds_;  // "apiVersion kind".
};

}  // namespace weir::kustomize
