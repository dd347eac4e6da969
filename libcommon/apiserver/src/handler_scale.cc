// The scale subresource: three numbers of an object under one kind.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "api_errors.h"
#include "handler.h"
#include "weir/base/status.h"
#include "weir/kube/selector.h"
#include "weir/value/patch.h"

namespace weir::apiserver {
namespace {

Value AtPointer(const Value& object, const std::string& pointer) {
  auto tokens = ParseJsonPointer(pointer);
  if (pointer.empty() || !tokens.ok()) return Value();
  const Value* found = FindByPointer(object, *tokens);
  return found == nullptr ? Value() : *found;
}

std::string SelectorText(const Value& selector) {
  if (selector.is_string()) return selector.AsString();
  // A ReplicationController has plain labels.
  if (selector.is_object() && !selector.Has("matchLabels") &&
      !selector.Has("matchExpressions")) {
    std::vector<std::string> terms;
    for (const Value::Member& member : selector.object()) {
      if (member.value.is_string()) {
        terms.push_back(absl::StrCat(member.key, "=", member.value.AsString()));
      }
    }
    return absl::StrJoin(terms, ",");
  }
  auto parsed = kube::LabelSelector::FromValue(selector);
  return parsed.ok() ? parsed->ToString() : "";
}

Value ScaleOf(const KindInfo& kind, const Value& object) {
  const Value& metadata = object["metadata"];
  Value about = Value::MakeObject();
  for (const char* key :
       {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (metadata.Has(key)) about.Set(key, metadata[key]);
  }
  Value spec = Value::MakeObject();
  const Value replicas = AtPointer(object, kind.spec_replicas_path);
  if (replicas.is_int() && replicas.AsInt() != 0) {
    spec.Set("replicas", replicas);
  }
  const Value actual = AtPointer(object, kind.status_replicas_path);
  Value status =
      Value::MakeObject({{"replicas", actual.is_number() ? actual : Value(0)}});
  const std::string selector =
      SelectorText(AtPointer(object, kind.selector_path));
  if (!selector.empty()) status.Set("selector", selector);
  return Value::MakeObject({{"kind", "Scale"},
                            {"apiVersion", "autoscaling/v1"},
                            {"metadata", std::move(about)},
                            {"spec", std::move(spec)},
                            {"status", std::move(status)}});
}

// A custom object may have no number yet; upstream refuses to read it then.
absl::Status CheckHasReplicas(const KindInfo& kind, const Value& object) {
  if (kind.is_custom && AtPointer(object, kind.spec_replicas_path).is_null()) {
    const std::string why =
        absl::StrCat("the spec replicas field \"",
                     absl::StrReplaceAll(kind.spec_replicas_path, {{"/", "."}}),
                     "\" does not exist");
    Value cause = Value::MakeObject({{"message", why}});
    return MakeFailure(
        500, "InternalError", absl::StrCat("Internal error occurred: ", why),
        Value::MakeObject({{"causes", Value(Value::Array{std::move(cause)})}}));
  }
  return absl::OkStatus();
}

// The wished scale, from the body of an update or patch.
absl::StatusOr<Value> WishedScale(const ApiRequest& request,
                                  const std::string& verb,
                                  const Value& current) {
  if (verb == "update") return *request.body;
  const std::string type = MediaTypeOf(request.content_type);
  if (type == "application/json-patch+json") {
    absl::StatusOr<Value> patched = ApplyJsonPatch(current, *request.body);
    if (!patched.ok()) {
      return MakeFailure(422, "Invalid",
                         std::string(patched.status().message()));
    }
    return patched;
  }
  return ApplyMergePatch(current, *request.body);
}

absl::Status SetReplicas(const KindInfo& kind, const std::string& name,
                         const Value& before, const Value& scale,
                         Value& object) {
  const absl::string_view rv = scale["metadata"].GetString("resourceVersion");
  if (!rv.empty() && rv != before["metadata"].GetString("resourceVersion")) {
    return StaleVersion(kind, name);
  }
  const Value& replicas = scale["spec"]["replicas"];
  const int64_t count = replicas.is_int() ? replicas.AsInt() : 0;
  if (count < 0) {
    return InvalidOption(
        "Scale", "autoscaling", name,
        {"FieldValueInvalid", "spec.replicas",
         absl::StrCat("Invalid value: ", count,
                      ": must be greater than or equal to 0")});
  }
  WEIR_ASSIGN_OR_RETURN(auto tokens, ParseJsonPointer(kind.spec_replicas_path));
  return SetByPointer(object, tokens, Value(count));
}

}  // namespace

void ApiHandler::Scale(const ApiRequest& request, const std::string& verb,
                       WriteCallPtr call, Done done) {
  const KindInfo& kind = call->kind();
  const kube::ObjectKey key{call->path.name_space, call->path.name};
  const Value stored = store_.Get(call->served->storage, key);
  if (stored.is_null()) {
    return done(MakeResponse(ObjectNotFound(kind, call->path.name)));
  }
  if (verb == "get") {
    const Value object = ToServed(*call->served, stored);
    const absl::Status status = CheckHasReplicas(kind, object);
    return done(status.ok() ? MakeResponse(200, ScaleOf(kind, object))
                            : MakeResponse(status));
  }
  if (verb != "update" && verb != "patch") {
    return done(MakeResponse(MethodNotAllowed()));
  }
  if (!request.body.has_value()) {
    return done(MakeResponse(BadRequest("the body of the request is empty")));
  }
  absl::StatusOr<WriteParameters> parameters =
      ParseWriteParameters(request, MediaTypeOf(request.content_type) ==
                                        "application/apply-patch+yaml");
  if (!parameters.ok()) return done(MakeResponse(parameters.status()));
  call->parameters = *std::move(parameters);
  WriteRequest write;
  write.resource = call->served->storage;
  write.key = key;
  write.decide = [this, call, request, verb](const Value& now) {
    return writes_.Edit(*call, now, [&](Value& object) -> absl::Status {
      const Value before = ScaleOf(call->kind(), object);
      WEIR_ASSIGN_OR_RETURN(Value scale, WishedScale(request, verb, before));
      return SetReplicas(call->kind(), call->path.name, before, scale, object);
    });
  };
  store_.Write(std::move(write), [call, done = std::move(done)](
                                     absl::StatusOr<Value> result) {
    if (!result.ok()) return done(MakeResponse(result.status()));
    done(MakeResponse(200,
                      ScaleOf(call->kind(), ToServed(*call->served, *result))));
  });
}

}  // namespace weir::apiserver
