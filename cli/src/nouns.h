// The nouns of the command line: which kinds it speaks of, under which names,
// and what a listing shows of each.
//
// Touches: nothing.
// Threads: immutable.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::cli {

// How nouns are grouped: "get sources git", "get images policy".
enum class NounGroup { kNone, kSource, kImage };

struct Noun {
  NounGroup group = NounGroup::kNone;
  // The singular, as reconcile and suspend take it, then other spellings.
  std::vector<absl::string_view> names;
  absl::string_view plural;  // As get takes it.
  kube::GroupVersionKind gvk;
  absl::string_view human;  // "kustomization", in messages.
  // Cells after NAME, from the object.
  std::vector<absl::string_view> columns;
  std::vector<std::string> (*cells)(const Value& object);
  // Whether reconcile, and suspend with resume, take it.
  bool can_reconcile = true;
  bool can_suspend = true;
};

// In the order of `get all`.
const std::vector<Noun>& Nouns();

// Whether no controller ever gives the object a status: an Alert, a Provider,
// or a HelmRepository of type oci, which is an address and nothing else.
bool IsStatic(const Value& object);

// "fetched revision main@sha1:..." for an object that is Ready; "" when the
// kind has no revision.
std::string RevisionLine(const Noun& noun, const Value& object);

// Digests within text cut to eight digits.
std::string ShortenDigests(absl::string_view text);

}  // namespace weir::cli
