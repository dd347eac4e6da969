// regex.replace, regex.extract and regex.extractAll.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "functions.h"
#include "regular.h"
#include "source.h"
#include "weir/value/go_quote.h"

namespace weir::cel {
namespace {

using Values = absl::Span<const Value>;

std::shared_ptr<const Regular> Compiled(const Value& pattern, Meter& meter,
                                        std::string& error) {
  meter.Charge(pattern.AsString().size());
  return CompileRegular(pattern.AsString(), error);
}

// What takes the place of one match: \0 to \9 stand for groups.
std::string Replacement(const Regular::Parts& match, const std::string& with,
                        std::string& error) {
  std::string out;
  for (size_t i = 0; i < with.size(); ++i) {
    if (with[i] != '\\') {
      out += with[i];
      continue;
    }
    if (++i == with.size()) {
      error = absl::StrCat("invalid replacement string: '", with,
                           "' \\ not allowed at end");
      return out;
    }
    if (with[i] == '\\') {
      out += '\\';
      continue;
    }
    if (!absl::ascii_isdigit(with[i])) {
      error = absl::StrCat("invalid replacement string: '", with,
                           "' \\ must be followed by a digit or \\");
      return out;
    }
    const size_t group = with[i] - '0';
    if (group >= match.size()) {
      error =
          absl::StrCat("replacement string references group ", group,
                       " but regex has only ", match.size() - 1, " group(s)");
      return out;
    }
    absl::StrAppend(&out, match[group]);
  }
  return out;
}

Value Replace(Values v, Meter& meter) {
  const std::string& text = v[0].AsString();
  const int64_t count = v.size() > 3 ? v[3].AsInt() : -1;
  if (count == 0) return v[0];
  if (count > std::numeric_limits<int32_t>::max()) {
    return Value::Error("integer overflow");
  }
  std::string error;
  const auto pattern = Compiled(v[1], meter, error);
  if (pattern == nullptr) return Value::Error(error);
  meter.Charge(text.size());
  const size_t most = count < 0 ? std::numeric_limits<size_t>::max()
                                : static_cast<size_t>(count);
  std::string out;
  size_t at = 0;
  for (const Regular::Parts& match : FindAllRegular(*pattern, text, most)) {
    const std::string with = Replacement(match, v[2].AsString(), error);
    if (!error.empty()) return Value::Error(error);
    if (!meter.ChargeBytes(with.size())) return Value();
    const size_t begin = match[0].data() - text.data();
    absl::StrAppend(&out, text.substr(at, begin - at), with);
    at = begin + match[0].size();
  }
  absl::StrAppend(&out, text.substr(at));
  if (!meter.ChargeBytes(out.size())) return Value();
  return Value::String(std::move(out));
}

// Null, or an error value.
Value Prepare(Values v, Meter& meter, std::shared_ptr<const Regular>& pattern) {
  std::string error;
  pattern = Compiled(v[1], meter, error);
  if (pattern == nullptr) {
    return Value::Error(absl::StrCat("given regex is invalid: ", error));
  }
  if (pattern->group_count() > 1) {
    return Value::Error(
        absl::StrCat("regular expression has more than one capturing group: ",
                     GoQuote(v[1].AsString())));
  }
  meter.Charge(v[0].AsString().size());
  return Value();
}

Value Extract(Values v, Meter& meter) {
  std::shared_ptr<const Regular> pattern;
  const Value error = Prepare(v, meter, pattern);
  if (error.is_error()) return error;
  const auto matches = FindAllRegular(*pattern, v[0].AsString(), 1);
  if (matches.empty()) return Value::None();
  const absl::string_view part = matches[0].back();
  if (matches[0].size() > 1 && part.empty()) return Value::None();
  return Value::Some(Value::String(std::string(part)));
}

Value ExtractAll(Values v, Meter& meter) {
  std::shared_ptr<const Regular> pattern;
  const Value error = Prepare(v, meter, pattern);
  if (error.is_error()) return error;
  std::vector<Value> parts;
  const auto matches = FindAllRegular(*pattern, v[0].AsString(),
                                      std::numeric_limits<size_t>::max());
  for (const Regular::Parts& match : matches) {
    if (match.size() > 1 && match[1].empty()) continue;
    if (!meter.ChargeBytes(sizeof(Value) + match.back().size())) break;
    parts.push_back(Value::String(std::string(match.back())));
  }
  return Value::OfElements(std::move(parts));
}

constexpr auto kGlobal = Overload::Style::kGlobal;

constexpr Row kRows[] = {
    {"regex.extract", "regex_extract_string_string", kGlobal, "string, string",
     "optional(string)", Extract},
    {"regex.extractAll", "regex_extractAll_string_string", kGlobal,
     "string, string", "list(string)", ExtractAll},
    {"regex.replace", "regex_replace_string_string_string", kGlobal,
     "string, string, string", "string", Replace},
    {"regex.replace", "regex_replace_string_string_string_int", kGlobal,
     "string, string, string, int", "string", Replace},
};

}  // namespace

absl::Span<const Row> RegexRows() { return kRows; }

}  // namespace weir::cel
