#include "src/schema.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"

namespace weir::codec {

std::string Normalize(schema::v1::Format format, absl::string_view text) {
  if (format == schema::v1::FORMAT_TIME) {
    const auto time = ParseKubeTime(text);
    if (time.ok()) return FormatKubeTime(*time);
  } else if (format == schema::v1::FORMAT_DURATION ||
             format == schema::v1::FORMAT_GO_DURATION) {
    const auto duration = ParseGoDuration(text);
    if (duration.ok()) return FormatGoDuration(*duration);
  }
  return std::string(text);
}

std::optional<std::string> FormatProblem(schema::v1::Format format,
                                         absl::string_view text) {
  absl::Status status;
  if (format == schema::v1::FORMAT_TIME) {
    status = ParseKubeTime(text).status();
  } else if (format != schema::v1::FORMAT_NONE) {
    status = ParseGoDuration(text).status();
  }
  if (status.ok()) return std::nullopt;
  return std::string(status.message());
}

std::string Path::ToString() const {
  std::string out;
  for (const Step& step : steps_) {
    if (step.index >= 0) {
      absl::StrAppend(&out, "[", step.index, "]");
    } else if (!step.name.empty() &&
               std::all_of(step.name.begin(), step.name.end(), [](char c) {
                 return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                        c == '_' || c == '-';
               })) {
      absl::StrAppend(&out, out.empty() ? "" : ".", step.name);
    } else {
      absl::StrAppend(&out, "[\"", absl::CHexEscape(step.name), "\"]");
    }
  }
  return out;
}

}  // namespace weir::codec
