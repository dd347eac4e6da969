#include "src/providers/change_request.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "src/markdown.h"
#include "src/providers/api_call.h"
#include "weir/base/status.h"
#include "weir/value/go_quote.h"

namespace weir::notification_controller {
namespace {

// Only the first page is looked at: the comment is made soon after the request
// is opened.
constexpr size_t kMaxComments = 100;

absl::StatusOr<int64_t> NumberOf(const Event& event) {
  const auto found = event.metadata.find("change_request");
  if (found == event.metadata.end()) {
    return absl::FailedPreconditionError(
        "missing \"change_request\" metadata key");
  }
  const std::string& text = found->second;
  int64_t number = 0;
  if (!std::all_of(text.begin(), text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(text, &number) || number == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("invalid \"change_request\" metadata value ",
                     GoQuote(text), ": invalid syntax"));
  }
  return number;
}

std::string MarkerOf(const Exchange& exchange, const CommentForge& forge) {
  return absl::StrCat("<!-- ", forge.key_prefix, ":", exchange.settings.uid,
                      "/", exchange.event.object.ToString(), " -->");
}

// The id of our comment, or 0. Whose comment it is matters: anyone may write
// the marker.
int64_t FindOwn(const Value& list, const CommentApi& api,
                const CommentForge& forge, const std::string& marker) {
  if (api.login.empty()) return 0;
  const Value::Array& comments = list.array();
  for (size_t i = 0; i < comments.size() && i < kMaxComments; ++i) {
    const Value& comment = comments[i];
    if (comment[forge.author_member].GetString(forge.login_member) ==
            api.login &&
        absl::StrContains(comment.GetString("body"), marker)) {
      return comment.GetInt("id");
    }
  }
  return 0;
}

absl::StatusOr<CommentApi> ConnectAndLogin(const Context& ctx,
                                           const Exchange& exchange,
                                           const CommentForge& forge) {
  WEIR_ASSIGN_OR_RETURN(CommentApi api, forge.connect(ctx, exchange));
  if (!api.login.empty()) return api;
  WEIR_ASSIGN_OR_RETURN(
      const Value user,
      Call(ctx, exchange.sender,
           ApiRequest("GET", absl::StrCat(api.base, "/user"), api.headers)),
      "failed to get authenticated user info");
  api.login = std::string(user.GetString(forge.login_member));
  return api;
}

}  // namespace

std::string IssueComments(const CommentApi& api, int64_t number) {
  return absl::StrCat(api.repository, "/issues/", number, "/comments");
}

std::string IssueComment(const CommentApi& api, int64_t /*number*/,
                         int64_t id) {
  return absl::StrCat(api.repository, "/issues/comments/", id);
}

absl::Status PostComment(const Context& ctx, const Exchange& exchange,
                         const CommentForge& forge) {
  if (exchange.settings.uid.empty()) {
    return absl::InvalidArgumentError("provider UID cannot be empty");
  }
  WEIR_ASSIGN_OR_RETURN(const int64_t number, NumberOf(exchange.event));
  WEIR_ASSIGN_OR_RETURN(const CommentApi api,
                        ConnectAndLogin(ctx, exchange, forge));
  WEIR_ASSIGN_OR_RETURN(const Value list,
                        Call(ctx, exchange.sender, forge.list(api, number)),
                        forge.list_failed);
  const std::string marker = MarkerOf(exchange, forge);
  Value body = Value::MakeObject();
  body.Set("body",
           absl::StrCat(marker, "\n\n", FormatMarkdown(exchange.event)));
  const int64_t own = FindOwn(list, api, forge, marker);
  if (own == 0) {
    WEIR_RETURN_IF_ERROR(
        CallIgnoringAnswer(
            ctx, exchange.sender,
            ApiRequest("POST", forge.comments(api, number), api.headers, body)),
        forge.create_failed);
    return absl::OkStatus();
  }
  WEIR_RETURN_IF_ERROR(
      CallIgnoringAnswer(
          ctx, exchange.sender,
          ApiRequest(forge.edit_method, forge.comment(api, number, own),
                     api.headers, body)),
      forge.edit_failed);
  return absl::OkStatus();
}

}  // namespace weir::notification_controller
