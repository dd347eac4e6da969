// The format library: names, URIs and the like, with what is wrong with them.
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kubernetes_functions.h"
#include "names.h"
#include "schema_pattern.h"
#include "weir/value/go_url.h"

namespace weir::apiserver {
namespace {

using cel::Meter;
using Values = absl::Span<const cel::Value>;
using Result = cel::Value;

// The start of a name may end in a dash.
std::string WithoutDash(const std::string& name) {
  if (name.size() < 2 || name.back() != '-') return name;
  return name.substr(0, name.size() - 2) + "a";
}

template <NameProblems (*check)(absl::string_view)>
NameProblems Name(const std::string& text) {
  return check(text);
}

template <NameProblems (*check)(absl::string_view)>
NameProblems Prefix(const std::string& text) {
  return check(WithoutDash(text));
}

NameProblems Uri(const std::string& text) {
  const absl::Status status = CheckGoRequestUri(text);
  if (status.ok()) return {};
  return {std::string(status.message())};
}

NameProblems Unless(bool is_fine, const char* problem) {
  return is_fine ? NameProblems() : NameProblems{problem};
}

struct Format {
  const char* name;
  NameProblems (*check)(const std::string& text);
};

constexpr Format kFormats[] = {
    {"dns1123Label", Name<CheckDnsLabel>},
    {"dns1123Subdomain", Name<CheckDnsSubdomain>},
    {"dns1035Label", Name<CheckDns1035Label>},
    {"qualifiedName", Name<CheckQualifiedName>},
    {"dns1123LabelPrefix", Prefix<CheckDnsLabel>},
    {"dns1123SubdomainPrefix", Prefix<CheckDnsSubdomain>},
    {"dns1035LabelPrefix", Prefix<CheckDns1035Label>},
    {"labelValue", Name<CheckLabelValue>},
    {"uri", Uri},
    {"uuid",
     [](const std::string& text) {
       return Unless(HasFormat("uuid", text), "does not match the UUID format");
     }},
    {"byte",
     [](const std::string& text) {
       return Unless(HasFormat("byte", text), "invalid base64");
     }},
    {"date",
     [](const std::string& text) {
       return Unless(HasFormat("date", text), "invalid date");
     }},
    {"datetime",
     [](const std::string& text) {
       return Unless(HasFormat("datetime", text), "invalid datetime");
     }},
};

struct CelFormat {
  static constexpr char kCelType[] = "kubernetes.NamedFormat";
  const Format* format = nullptr;
  bool operator==(const CelFormat& other) const {
    return format == other.format;
  }
};

template <size_t index>
Result Constant(Values, Meter&) {
  return CelObject<CelFormat>::Make({&kFormats[index]});
}

Result Named(Values v, Meter&) {
  for (const Format& format : kFormats) {
    if (format.name == v[0].AsString()) {
      return Result::Some(CelObject<CelFormat>::Make({&format}));
    }
  }
  return Result::None();
}

Result Validate(Values v, Meter& meter) {
  meter.Charge(v[1].AsString().size());
  std::vector<Result> texts;
  for (std::string& problem :
       CelObject<CelFormat>::Of(v[0]).format->check(v[1].AsString())) {
    texts.push_back(Result::String(std::move(problem)));
  }
  if (texts.empty()) return Result::None();
  return Result::Some(Result::OfElements(std::move(texts)));
}

template <size_t... indexes>
void AddConstants(const std::string& type, std::index_sequence<indexes...>,
                  CelOverloads& out) {
  const auto add = [&](const char* name, cel::Function compute) {
    const std::string function = absl::StrCat("format.", name);
    out.push_back(
        {function, function, cel::Overload::Style::kGlobal, "", type, compute});
  };
  (add(kFormats[indexes].name, Constant<indexes>), ...);
}

}  // namespace

void AddCelFormats(CelOverloads& out) {
  const std::string type = "object(kubernetes.NamedFormat)";
  out.push_back({"format.named", "format-named", cel::Overload::Style::kGlobal,
                 "string", absl::StrCat("optional(", type, ")"), Named});
  out.push_back({"validate", "format-validate", cel::Overload::Style::kMember,
                 absl::StrCat(type, ", string"), "optional(list(string))",
                 Validate});
  AddConstants(type, std::make_index_sequence<std::size(kFormats)>(), out);
}

}  // namespace weir::apiserver
