// Sprig's semver.go: Masterminds/semver as a type with methods.
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "rows.h"
#include "types.h"
#include "weir/base/status.h"
#include "weir/text/semver.h"

namespace weir::gotmpl {
namespace {

constexpr size_t kMaxVersionBytes = 256;

class VersionObject final : public Object {
 public:
  explicit VersionObject(text::Version v) : version(std::move(v)) {}
  bool IsEqual(const Object& object) const override {
    const text::Version& other =
        static_cast<const VersionObject&>(object).version;
    return text::CompareVersions(version, other) == 0 &&
           version.metadata == other.metadata &&
           version.original == other.original;
  }
  const text::Version version;
};

const text::Version& Of(const Any& value) {
  return static_cast<const VersionObject*>(value.AsObject())->version;
}

Any Wrapped(text::Version version) {
  return Any::OfObject(types::Version(), new VersionObject(std::move(version)));
}

// Takes a run of characters for which `is_good` holds.
template <typename IsGood>
absl::string_view Take(absl::string_view* text, IsGood is_good) {
  size_t size = 0;
  while (size < text->size() && is_good((*text)[size])) ++size;
  const absl::string_view taken = text->substr(0, size);
  text->remove_prefix(size);
  return taken;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) {
  return IsDigit(c) || absl::ascii_isalpha(static_cast<unsigned char>(c)) ||
         c == '-' || c == '.';
}

// The text of semver.NewVersion's error.
std::string Complaint(absl::string_view text) {
  constexpr absl::string_view kInvalid = "invalid semantic version";
  if (text.size() > kMaxVersionBytes) {
    return "version string is too long (max 256 bytes)";
  }
  if (absl::StartsWith(text, "v")) text.remove_prefix(1);
  std::vector<absl::string_view> numbers;
  for (int i = 0; i < 3; ++i) {
    if (i > 0 &&
        !(absl::StartsWith(text, ".") && text.size() > 1 && IsDigit(text[1]))) {
      break;
    }
    if (i > 0) text.remove_prefix(1);
    numbers.push_back(Take(&text, IsDigit));
  }
  if (numbers[0].empty()) return std::string(kInvalid);
  absl::string_view prerelease;
  if (absl::StartsWith(text, "-")) {
    text.remove_prefix(1);
    prerelease = Take(&text, IsWord);
  }
  if (absl::StartsWith(text, "+")) {
    text.remove_prefix(1);
    Take(&text, IsWord);
  }
  if (!text.empty()) return std::string(kInvalid);
  for (const absl::string_view number : numbers) {
    uint64_t value = 0;
    if (!absl::SimpleAtoi(number, &value)) {
      return absl::StrCat(
          "error parsing version segment: strconv.ParseUint: parsing \"",
          number, "\": value out of range");
    }
  }
  if (prerelease.empty()) return std::string(kInvalid);
  return "version segment starts with 0";
}

absl::StatusOr<text::Version> Parse(absl::string_view text) {
  absl::StatusOr<text::Version> version = text::ParseVersion(text);
  if (!version.ok()) return GoError(Complaint(text));
  return version;
}

Result Semver(Call& call) {
  WEIR_ASSIGN_OR_RETURN(text::Version version, Parse(call.args[0].AsString()));
  return Wrapped(std::move(version));
}

// Charts ask for the same ranges again and again: read once an execution.
absl::StatusOr<std::shared_ptr<const text::VersionRange>> Range(Call& call) {
  constexpr uint64_t kStepsPerByte = 4;
  const absl::string_view text = call.args[0].AsString();
  std::shared_ptr<const void>& slot =
      call.execution.Cached(absl::StrCat("range:", text));
  if (slot == nullptr) {
    WEIR_RETURN_IF_ERROR(call.execution.Step(text.size() * kStepsPerByte));
    absl::StatusOr<text::VersionRange> range = text::VersionRange::Parse(text);
    if (!range.ok()) return GoError(range.status().message());
    slot = std::make_shared<const text::VersionRange>(*std::move(range));
  }
  return std::static_pointer_cast<const text::VersionRange>(slot);
}

Result SemverCompare(Call& call) {
  WEIR_ASSIGN_OR_RETURN(const auto range, Range(call));
  WEIR_ASSIGN_OR_RETURN(const text::Version version,
                        Parse(call.args[1].AsString()));
  return Any::Bool(range->Contains(version));
}

// semver.Version, what *semver.Version points to.
const Type* PlainVersion();

// A version of which one number grew.
Any Grown(const text::Version& from, int part) {
  text::Version next = from;
  next.metadata.clear();
  next.prerelease.clear();
  if (part == 0) {
    ++next.major;
    next.minor = next.patch = 0;
  } else if (part == 1) {
    ++next.minor;
    next.patch = 0;
  } else if (from.prerelease.empty()) {
    ++next.patch;
  }
  next.original = absl::StrCat(absl::StartsWith(from.original, "v") ? "v" : "",
                               next.ToString());
  return Any::OfObject(PlainVersion(), new VersionObject(std::move(next)));
}

template <typename Get>
Method Getter(absl::string_view name, absl::string_view result, Get get) {
  return Method{std::string(name), absl::StrCat("func() ", result),
                [get](Call& call) -> Result { return get(Of(call.receiver)); }};
}

absl::Status NilDereference() {
  return GoError(
      "runtime error: invalid memory address or nil pointer dereference");
}

template <typename Holds>
Method Comparison(absl::string_view name, Holds holds) {
  return Method{std::string(name), "func(*semver.Version) bool",
                [holds](Call& call) -> Result {
                  if (call.args[0].is_nil()) return NilDereference();
                  return Any::Bool(holds(text::CompareVersions(
                      Of(call.receiver), Of(call.args[0]))));
                }};
}

Any Unsigned(uint64_t value) {
  return Any::Integer(types::Uint64(), static_cast<int64_t>(value));
}

// Those that need no pointer.
std::vector<Method> PlainVersionMethods() {
  using V = text::Version;
  return {
      Getter("Major", "uint64", [](const V& v) { return Unsigned(v.major); }),
      Getter("Minor", "uint64", [](const V& v) { return Unsigned(v.minor); }),
      Getter("Patch", "uint64", [](const V& v) { return Unsigned(v.patch); }),
      Getter("Prerelease", "string",
             [](const V& v) { return Any::String(v.prerelease); }),
      Getter("Metadata", "string",
             [](const V& v) { return Any::String(v.metadata); }),
      Getter("String", "string",
             [](const V& v) { return Any::String(v.ToString()); }),
      Getter("IncMajor", "semver.Version",
             [](const V& v) { return Grown(v, 0); }),
      Getter("IncMinor", "semver.Version",
             [](const V& v) { return Grown(v, 1); }),
      Getter("IncPatch", "semver.Version",
             [](const V& v) { return Grown(v, 2); }),
  };
}

std::vector<Method> VersionMethods() {
  using V = text::Version;
  std::vector<Method> methods = PlainVersionMethods();
  std::vector<Method> more = {
      Getter("Original", "string",
             [](const V& v) { return Any::String(v.original); }),
      Method{"Compare", "func(*semver.Version) int",
             [](Call& call) -> Result {
               if (call.args[0].is_nil()) return NilDereference();
               const int order =
                   text::CompareVersions(Of(call.receiver), Of(call.args[0]));
               return Any::Int(order < 0 ? -1 : order > 0 ? 1 : 0);
             }},
      Method{"Equal", "func(*semver.Version) bool",
             [](Call& call) -> Result {
               return Any::Bool(!call.args[0].is_nil() &&
                                text::CompareVersions(Of(call.receiver),
                                                      Of(call.args[0])) == 0);
             }},
      Comparison("LessThan", [](int order) { return order < 0; }),
      Comparison("LessThanEqual", [](int order) { return order <= 0; }),
      Comparison("GreaterThan", [](int order) { return order > 0; }),
      Comparison("GreaterThanEqual", [](int order) { return order >= 0; }),
  };
  methods.insert(methods.end(), more.begin(), more.end());
  return methods;
}

const Type* NewVersionType(absl::string_view name, Kind kind,
                           std::vector<Method> methods) {
  Type* version = new Type;
  version->name = std::string(name);
  version->kind = kind;
  version->is_named = true;
  version->methods = std::move(methods);
  version->hidden_fields = {"major", "minor",    "patch",
                            "pre",   "metadata", "original"};
  version->text = [](const Any& value) {
    return value.is_nil() ? std::string("<nil>") : Of(value).ToString();
  };
  version->json = [](const Any& value) -> absl::StatusOr<Value> {
    return Value(Of(value).ToString());
  };
  return version;
}

const Type* PlainVersion() {
  static const Type* const type =
      NewVersionType("semver.Version", Kind::kStruct, PlainVersionMethods());
  return type;
}

constexpr Row kRows[] = {
    {"semver", "func(string) (*semver.Version, error)", Semver},
    {"semverCompare", "func(string, string) (bool, error)", SemverCompare},
};

}  // namespace

const Type* types::Version() {
  static const Type* const type =
      NewVersionType("*semver.Version", Kind::kPtr, VersionMethods());
  return type;
}

const Type* types::VersionValue() { return PlainVersion(); }

void AddVersions(FunctionTable& table) { AddRows(kRows, table, 4); }

}  // namespace weir::gotmpl
