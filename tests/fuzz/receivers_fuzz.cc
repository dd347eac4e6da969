// Input: a byte that picks the type, headers a line each ("Name: value"), an
// empty line, a body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "src/receivers/media_type.h"
#include "src/receivers/payload.h"
#include "src/receivers/receiver_type.h"
#include "weir/base/status.h"
#include "weir/http/headers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using weir::notification_controller::AllReceiverTypes;
  if (size == 0) return 0;
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  const auto types = AllReceiverTypes();
  const auto& type = types[data[0] % types.size()];
  input.remove_prefix(1);
  const size_t end = std::min(input.find("\n\n"), input.size());
  weir::http::Headers headers;
  for (const absl::string_view line :
       absl::StrSplit(input.substr(0, end), '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(line, absl::MaxSplits(": ", 1));
    headers.Add(field.first, field.second);
  }
  const std::string body(input.substr(std::min(end + 2, input.size())));
  const weir::Secret token("s3cret");
  const auto message = weir::notification_controller::ReadHook(
      type, {headers, body}, token, {"push"});
  if (!message.ok()) {
    WEIR_CHECK(message.status().message().find("s3cret") ==
                   absl::string_view::npos ||
               input.find("s3cret") != absl::string_view::npos);
  }
  (void)weir::notification_controller::IsJson(headers.Get("Content-Type"));
  (void)weir::notification_controller::ParseFirst(body);
  return 0;
}
