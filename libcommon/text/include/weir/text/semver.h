// Semantic versions and ranges of them.
//
// Touches: nothing.
// Threads: immutable once parsed; safe to share.
// Source: the grammar of Go's Masterminds/semver, version 3.4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace weir::text {

struct Version {
  uint64_t major = 0;
  uint64_t minor = 0;
  uint64_t patch = 0;
  std::string prerelease;  // "rc.1"
  std::string metadata;    // "build.5"; no part of the order.
  std::string original;    // As it was written: "v1.2".

  // "1.2.0-rc.1+build.5"
  std::string ToString() const;
};

// Takes a leading "v", missing parts ("1.2") and zero padding ("2025.01.02").
// Errors: kInvalidArgument.
absl::StatusOr<Version> ParseVersion(absl::string_view text);
// The same, but all three numbers must be there: how tags are picked.
absl::StatusOr<Version> ParseFullVersion(absl::string_view text);

// Less than, equal to or greater than 0. Metadata does not count.
int CompareVersions(const Version& a, const Version& b);

struct VersionParts;

// A range: terms joined by a space or comma must all hold, of groups joined by
// "||" one. Terms: = != > < >= <= ~ ^ before a version, parts of which may be
// missing, "x" or "*"; "1.2 - 2" is ">=1.2 <=2". A version with a prerelease
// is only in a group in which a term has one too.
class VersionRange {
 public:
  // Errors: kInvalidArgument `improper constraint: "..."`, or that there are
  // more than 512 bytes or 32 groups.
  static absl::StatusOr<VersionRange> Parse(absl::string_view text);

  bool Contains(const Version& version) const;

 private:
  enum class Operator {
    kEqual,
    kNotEqual,
    kGreater,
    kLess,
    kGreaterEqual,
    kLessEqual,
    kTilde,
    kCaret,
  };
  struct Term {
    Operator op = Operator::kEqual;
    Version version;
    // Which part was missing, "x" or "*".
    bool any = false, any_minor = false, any_patch = false;

    bool is_partial() const { return any || any_minor || any_patch; }
  };
  struct Group {
    std::vector<Term> terms;
    bool has_prerelease = false;
  };

  static absl::Status ParseGroup(absl::string_view text, Group* group);
  static absl::StatusOr<Term> MakeTerm(absl::string_view op,
                                       const VersionParts& parts);
  static bool Holds(const Term& term, const Version& version);
  static bool HoldsNotEqual(const Term& term, const Version& version);
  static bool HoldsTilde(const Term& term, const Version& version);
  static bool HoldsCaret(const Term& term, const Version& version);

  std::vector<Group> groups_;
};

}  // namespace weir::text
