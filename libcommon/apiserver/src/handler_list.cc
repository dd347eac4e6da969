// Lists, pages and the plans of watches.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "handler.h"
#include "render.h"
#include "weir/base/random.h"
#include "weir/base/status.h"
#include "weir/value/json.h"

namespace weir::apiserver {
namespace {

// Where the next page begins.
struct Continuation {
  int64_t rv = 0;     // 0: whatever is present then.
  std::string after;  // "<namespace>/<name>"
};

std::string EncodeContinue(const Continuation& at) {
  std::string token;
  absl::WebSafeBase64Escape(
      FormatJson(Value::MakeObject({{"v", "meta.k8s.io/v1"},
                                    {"rv", at.rv},
                                    {"start", at.after + '\0'}})),
      &token);
  return token;
}

absl::StatusOr<Continuation> DecodeContinue(absl::string_view token) {
  std::string text;
  if (absl::WebSafeBase64Unescape(token, &text)) {
    absl::StatusOr<Value> value = ParseJson(text);
    if (value.ok() && value->GetString("v") == "meta.k8s.io/v1") {
      Continuation at;
      at.rv = value->GetInt("rv");
      at.after = std::string(value->GetString("start"));
      if (!at.after.empty() && at.after.back() == '\0') at.after.pop_back();
      return at;
    }
  }
  return BadRequest("invalid continue token: continue key is not valid");
}

std::string PageKey(const Value& object) {
  const Value& metadata = object["metadata"];
  return absl::StrCat(metadata.GetString("namespace"), "/",
                      metadata.GetString("name"));
}

kube::ObjectKey ParsePageKey(absl::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return {};
  return {std::string(text.substr(0, slash)),
          std::string(text.substr(slash + 1))};
}

// What a list or watch may say about versions.
struct VersionWish {
  int64_t rv = 0;
  bool has_rv = false;
  std::string match;  // "", "Exact" or "NotOlderThan".
};

absl::Status InvalidListOption(const char* field, std::string text,
                               const char* reason = "FieldValueForbidden") {
  return InvalidOption("ListOptions", "meta.k8s.io", "",
                       {reason, field, std::move(text)});
}

absl::StatusOr<VersionWish> ParseVersionWish(const ApiRequest& request,
                                             int64_t current) {
  VersionWish wish;
  const absl::string_view text = request.Query("resourceVersion");
  wish.has_rv = !text.empty();
  if (wish.has_rv && (!absl::SimpleAtoi(text, &wish.rv) || wish.rv < 0)) {
    return BadRequest(absl::StrCat(
        "invalid resource version: resourceVersion: Invalid value: \"", text,
        "\": strconv.ParseUint: parsing \"", text, "\": invalid syntax"));
  }
  wish.match = std::string(request.Query("resourceVersionMatch"));
  if (!wish.match.empty() && wish.match != "Exact" &&
      wish.match != "NotOlderThan") {
    return InvalidListOption(
        "resourceVersionMatch",
        absl::StrCat("Unsupported value: \"", wish.match,
                     "\": supported values: \"Exact\", \"NotOlderThan\", "
                     "\"\""),
        "FieldValueNotSupported");
  }
  if (wish.rv <= current) return wish;
  return MakeFailure(
      504, "Timeout",
      absl::StrCat("Timeout: Too large resource version: ", wish.rv,
                   ", current: ", current),
      Value::MakeObject(
          {{"retryAfterSeconds", 1},
           {"causes", Value(Value::Array{Value::MakeObject(
                          {{"reason", "ResourceVersionTooLarge"},
                           {"message", "Too large resource version"}})})}}));
}

absl::Status CheckMatch(const VersionWish& wish, bool continues) {
  if (wish.match.empty()) return absl::OkStatus();
  if (continues) {
    return InvalidListOption(
        "resourceVersionMatch",
        "Forbidden: resourceVersionMatch is forbidden when continue is "
        "provided");
  }
  if (!wish.has_rv) {
    return InvalidListOption(
        "resourceVersionMatch",
        "Forbidden: resourceVersionMatch is forbidden unless resourceVersion "
        "is provided");
  }
  if (wish.match == "Exact" && wish.rv == 0) {
    return InvalidListOption(
        "resourceVersionMatch",
        "Forbidden: resourceVersionMatch \"exact\" is forbidden for "
        "resourceVersion \"0\"");
  }
  return absl::OkStatus();
}

// The objects of a list before selection, and their version.
absl::StatusOr<Store::Snapshot> ReadVersion(const Store& store,
                                            const std::string& storage,
                                            const std::string& name_space,
                                            int64_t exact_rv) {
  if (exact_rv == 0) return store.List(storage, name_space);
  Store::Snapshot out;
  auto objects = store.ListAt(storage, name_space, exact_rv);
  if (absl::IsOutOfRange(objects.status())) {
    return Expired(
        "The provided continue parameter is too old to display a consistent "
        "list result. You can start a new list without the continue "
        "parameter.");
  }
  WEIR_RETURN_IF_ERROR(objects);
  out.rv = exact_rv;
  out.objects = *std::move(objects);
  return out;
}

}  // namespace

ApiResponse ApiHandler::List(const ApiRequest& request,
                             const ResourcePath& path,
                             const Served& served) const {
  absl::StatusOr<Shape> shape = ParseAccept(request.accept);
  if (!shape.ok()) return MakeResponse(shape.status());
  if (!request.Query("includeObject").empty()) {
    shape->include_object = std::string(request.Query("includeObject"));
  }
  absl::StatusOr<Selection> selection =
      Selection::Parse(*served.kind, request.Query("labelSelector"),
                       request.Query("fieldSelector"));
  if (!selection.ok()) return MakeResponse(selection.status());
  absl::StatusOr<VersionWish> wish = ParseVersionWish(request, store_.rv());
  if (!wish.ok()) return MakeResponse(wish.status());
  const absl::string_view token = request.Query("continue");
  if (absl::Status status = CheckMatch(*wish, !token.empty()); !status.ok()) {
    return MakeResponse(status);
  }
  int64_t limit = 0;
  if (!request.Query("limit").empty() &&
      (!absl::SimpleAtoi(request.Query("limit"), &limit) || limit < 0)) {
    return MakeResponse(
        BadRequest(absl::StrCat("strconv.ParseInt: parsing \"",
                                request.Query("limit"), "\": invalid syntax")));
  }
  Continuation from;
  if (!token.empty()) {
    absl::StatusOr<Continuation> decoded = DecodeContinue(token);
    if (!decoded.ok()) return MakeResponse(decoded.status());
    from = *std::move(decoded);
  } else if (wish->match == "Exact" ||
             (wish->match.empty() && wish->rv > 0 && limit > 0)) {
    from.rv = wish->rv;
  }
  absl::StatusOr<Store::Snapshot> now =
      ReadVersion(store_, served.storage, path.name_space, from.rv);
  if (!now.ok()) return MakeResponse(now.status());

  std::vector<Value> chosen;
  ListMetadata meta;
  meta.rv = now->rv;
  size_t left = now->objects.size();
  const kube::ObjectKey after = ParsePageKey(from.after);
  for (Value& object : now->objects) {
    --left;
    if (!from.after.empty() && kube::KeyOf(object) <= after) continue;
    if (!selection->Matches(object)) continue;
    chosen.push_back(std::move(object));
    if (limit == 0 || static_cast<int64_t>(chosen.size()) < limit) continue;
    if (left > 0) {
      meta.continue_token = EncodeContinue({now->rv, PageKey(chosen.back())});
      if (selection->is_everything()) {
        meta.remaining = static_cast<int64_t>(left);
      }
    }
    break;
  }
  ApiResponse response =
      MakeResponse(200, RenderList(served, *shape, chosen, meta, clock_.Now()));
  if (shape->is_yaml) response.content_type = "application/yaml";
  if (!served.kind->deprecation_warning.empty()) {
    response.warnings.push_back(served.kind->deprecation_warning);
  }
  return response;
}

absl::StatusOr<WatchPlan> ApiHandler::PlanWatch(
    const ApiRequest& request) const {
  const std::optional<ResourcePath> path = ParseResourcePath(request.path);
  WatchPlan plan;
  plan.table = registry_.table();
  if (!path.has_value()) return UnknownResource();
  plan.served = plan.table->Find(path->group, path->version, path->plural);
  if (plan.served == nullptr) return UnknownResource();
  const KindInfo& kind = *plan.served->kind;
  if (std::find(kind.verbs.begin(), kind.verbs.end(), "watch") ==
      kind.verbs.end()) {
    return MethodNotAllowed();
  }
  plan.name_space = path->name_space;
  WEIR_ASSIGN_OR_RETURN(plan.shape, ParseAccept(request.accept));
  if (!request.Query("includeObject").empty()) {
    plan.shape.include_object = std::string(request.Query("includeObject"));
  }
  WEIR_ASSIGN_OR_RETURN(
      plan.selection,
      Selection::Parse(kind, request.Query("labelSelector"),
                       request.Query("fieldSelector"), path->name));
  WEIR_ASSIGN_OR_RETURN(const VersionWish wish,
                        ParseVersionWish(request, store_.rv()));
  plan.wants_bookmarks = request.QueryBool("allowWatchBookmarks");
  const bool sends_initial = request.QueryBool("sendInitialEvents");
  if (sends_initial && wish.match != "NotOlderThan") {
    return InvalidListOption(
        "resourceVersionMatch",
        "Forbidden: sendInitialEvents requires setting resourceVersionMatch "
        "to NotOlderThan");
  }
  if (!sends_initial && !wish.match.empty()) {
    return InvalidListOption(
        "resourceVersionMatch",
        "Forbidden: resourceVersionMatch is forbidden for watch unless "
        "sendInitialEvents is provided");
  }
  if (sends_initial) {
    plan.from_rv = 0;
    plan.ends_initial_with_bookmark = plan.wants_bookmarks;
  } else {
    plan.from_rv = wish.rv;
  }
  int64_t seconds = 0;
  if (absl::SimpleAtoi(request.Query("timeoutSeconds"), &seconds) &&
      seconds > 0) {
    plan.timeout = absl::Seconds(seconds);
  } else {
    plan.timeout =
        absl::Seconds(1800 + static_cast<unsigned char>(RandomBytes(1)[0]) * 7);
  }
  return plan;
}

}  // namespace weir::apiserver
