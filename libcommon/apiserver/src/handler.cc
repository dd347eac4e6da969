#include "handler.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api_errors.h"
#include "render.h"
#include "weir/base/random.h"
#include "weir/base/status.h"

namespace weir::apiserver {
namespace {

constexpr int kGenerateTries = 8;

constexpr char kPatchTypes[] =
    "application/json-patch+json, application/merge-patch+json, "
    "application/apply-patch+yaml";

absl::StatusOr<PatchKind> PatchKindOf(const KindInfo& kind,
                                      absl::string_view content_type) {
  const std::string type = MediaTypeOf(content_type);
  if (type == "application/json-patch+json") return PatchKind::kJson;
  if (type == "application/merge-patch+json") return PatchKind::kMerge;
  if (type == "application/apply-patch+yaml") return PatchKind::kApply;
  if (type == "application/strategic-merge-patch+json" && !kind.is_custom) {
    return PatchKind::kStrategic;
  }
  if (kind.is_custom) return UnsupportedMediaType(kPatchTypes);
  return MakeFailure(415, "UnsupportedMediaType", "415: Unsupported Media Type",
                     Value::MakeObject());
}

// DeleteOptions from the body, or else from the query.
Value DeleteOptionsOf(const ApiRequest& request) {
  Value options = request.body.has_value() ? *request.body : Value();
  if (!options.is_object()) options = Value::MakeObject();
  for (const char* key : {"propagationPolicy", "dryRun"}) {
    if (!request.Query(key).empty() && !options.Has(key)) {
      options.Set(key, request.Query(key));
    }
  }
  int64_t grace = 0;
  if (absl::SimpleAtoi(request.Query("gracePeriodSeconds"), &grace)) {
    options.Set("gracePeriodSeconds", grace);
  }
  if (!request.Query("orphanDependents").empty()) {
    options.Set("orphanDependents", request.QueryBool("orphanDependents"));
  }
  return options;
}

bool AsksDryRun(const Value& delete_options) {
  const Value& dry_run = delete_options["dryRun"];
  return dry_run.is_string() || !dry_run.empty();
}

// Kinds that a deletion answers with the object itself.
bool AnswersObject(const KindInfo& kind) {
  const std::string& name = kind.resource.gvk.kind;
  if (kind.is_custom || !kind.resource.gvk.group.empty()) return false;
  return name == "Pod" || name == "Service" || name == "PersistentVolume" ||
         name == "PersistentVolumeClaim" || name == "ServiceAccount" ||
         name == "PodTemplate" || name == "ResourceQuota" ||
         name == "Namespace";
}

Value DeletedStatus(const KindInfo& kind, const Value& object) {
  Value details = Value::MakeObject({{"name", object["metadata"]["name"]},
                                     {"kind", kind.resource.plural},
                                     {"uid", object["metadata"]["uid"]}});
  if (!kind.resource.gvk.group.empty()) {
    details.Set("group", kind.resource.gvk.group);
  }
  return Value::MakeObject({{"kind", "Status"},
                            {"apiVersion", "v1"},
                            {"metadata", Value::MakeObject()},
                            {"status", "Success"},
                            {"details", std::move(details)}});
}

WriteCallPtr MakeCall(const ApiRequest& request, const ResourcePath& path,
                      KindTablePtr table, const Served& served,
                      absl::Time now) {
  auto call = std::make_shared<WriteCall>();
  call->table = std::move(table);
  call->served = &served;
  call->path = path;
  call->now = now;
  if (request.body.has_value()) call->body = *request.body;
  call->new_uid = RandomUuid();
  if (!served.kind->resource.is_namespaced) call->path.name_space.clear();
  return call;
}

kube::ObjectKey KeyOfCall(const WriteCall& call) {
  return {call.path.name_space, call.path.name};
}

}  // namespace

ApiHandler::ApiHandler(Store& store, Registry& registry, WatchHub& hub,
                       Tokens& tokens, const Clock& clock)
    : store_(store),
      registry_(registry),
      hub_(hub),
      clock_(clock),
      strategy_(store),
      writes_(store, strategy_),
      documents_(registry),
      subresources_(store, writes_, tokens, clock) {}

void ApiHandler::Handle(ApiRequest request, Done done) {
  std::optional<ResourcePath> path = ParseResourcePath(request.path);
  if (!path.has_value()) return done(documents_.Serve(request));
  HandleResource(std::move(request), *std::move(path), std::move(done));
}

bool ApiHandler::IsWatch(const ApiRequest& request) {
  const std::optional<ResourcePath> path = ParseResourcePath(request.path);
  return path.has_value() && VerbOf(request, *path) == "watch";
}

void ApiHandler::HandleResource(ApiRequest request, ResourcePath path,
                                Done done) {
  KindTablePtr table = registry_.table();
  const Served* served = table->Find(path.group, path.version, path.plural);
  if (served == nullptr) {
    if (!table->HasGroupVersion(path.group, path.version)) {
      return done(MakeText(404, "404 page not found\n"));
    }
    return done(MakeResponse(UnknownResource()));
  }
  const KindInfo& kind = *served->kind;
  const std::string verb = VerbOf(request, path);
  if (kind.resource.is_namespaced && path.name_space.empty() &&
      (verb != "list" && verb != "watch" && verb != "deletecollection")) {
    return done(MakeResponse(UnknownResource()));
  }
  if (!kind.resource.is_namespaced && !path.name_space.empty()) {
    return done(MakeResponse(UnknownResource()));
  }
  if (path.name.empty() && (verb == "update" || verb == "patch")) {
    return done(MakeResponse(MethodNotAllowed()));
  }
  if (!path.subresource.empty()) {
    if (path.subresource == "scale" && kind.has_scale) {
      WriteCallPtr call = MakeCall(request, path, table, *served, clock_.Now());
      return Scale(request, verb, std::move(call), std::move(done));
    }
    if (path.subresource != "status" || !kind.has_status) {
      WriteCallPtr call = MakeCall(request, path, table, *served, clock_.Now());
      return subresources_.Handle(request, verb, std::move(call),
                                  std::move(done));
    }
    if (verb != "get" && verb != "update" && verb != "patch") {
      return done(MakeResponse(MethodNotAllowed()));
    }
  } else if (std::find(kind.verbs.begin(), kind.verbs.end(), verb) ==
             kind.verbs.end()) {
    return done(MakeResponse(MethodNotAllowed()));
  }
  HandleCollectionOrItem(request, path, std::move(table), *served, verb,
                         std::move(done));
}

void ApiHandler::HandleCollectionOrItem(const ApiRequest& request,
                                        const ResourcePath& path,
                                        KindTablePtr table,
                                        const Served& served,
                                        const std::string& verb, Done done) {
  if (verb == "get") return done(Get(request, path, served));
  if (verb == "list") return done(List(request, path, served));
  if (verb == "deletecollection") {
    return DeleteCollection(request, path, std::move(table), served,
                            std::move(done));
  }
  absl::StatusOr<Shape> shape = ParseAccept(request.accept);
  if (!shape.ok()) return done(MakeResponse(shape.status()));
  WriteCallPtr call =
      MakeCall(request, path, std::move(table), served, clock_.Now());
  if (verb == "delete") {
    call->body = DeleteOptionsOf(request);
    call->parameters.is_dry_run = AsksDryRun(call->body);
    return Submit(*shape, std::move(call), &WritePath::Delete, std::move(done));
  }
  const bool is_apply =
      MediaTypeOf(request.content_type) == "application/apply-patch+yaml" &&
      verb == "patch";
  absl::StatusOr<WriteParameters> parameters =
      ParseWriteParameters(request, is_apply);
  if (!parameters.ok()) return done(MakeResponse(parameters.status()));
  call->parameters = *std::move(parameters);
  if (verb == "create")
    return Create(request, std::move(call), std::move(done));
  if (verb == "patch") return Patch(request, std::move(call), std::move(done));
  Submit(*shape, std::move(call), &WritePath::Update, std::move(done));
}

// --------------------------------------------------------------------- read

ApiResponse ApiHandler::Get(const ApiRequest& request, const ResourcePath& path,
                            const Served& served) const {
  absl::StatusOr<Shape> shape = ParseAccept(request.accept);
  if (!shape.ok()) return MakeResponse(shape.status());
  if (!request.Query("includeObject").empty()) {
    shape->include_object = std::string(request.Query("includeObject"));
  }
  const Value stored = store_.Get(served.storage, {path.name_space, path.name});
  if (stored.is_null()) {
    return MakeResponse(ObjectNotFound(*served.kind, path.name));
  }
  ApiResponse response =
      MakeResponse(200, RenderObject(served, *shape, stored, clock_.Now()));
  if (shape->is_yaml) response.content_type = "application/yaml";
  if (!served.kind->deprecation_warning.empty()) {
    response.warnings.push_back(served.kind->deprecation_warning);
  }
  return response;
}

// ------------------------------------------------------------------- writes

void ApiHandler::Submit(Shape shape, WriteCallPtr call,
                        absl::StatusOr<Decision> (WritePath::*decide)(
                            WriteCall&, const Value&) const,
                        Done done) {
  WriteRequest write;
  write.resource = call->served->storage;
  write.key = KeyOfCall(*call);
  write.decide = [this, call, decide](const Value& stored) {
    return (writes_.*decide)(*call, stored);
  };
  const KindInfo& kind = call->kind();
  if (kind.resource.is_namespaced) {
    write.admit_to_namespace = [call](const Value& name_space) {
      return AdmitToNamespace(call->kind(), call->path.name,
                              call->path.name_space, name_space);
    };
  }
  const bool is_delete = decide == &WritePath::Delete;
  store_.Write(std::move(write), [this, call, shape, is_delete,
                                  done = std::move(done)](
                                     absl::StatusOr<Value> stored) {
    ApiResponse response;
    if (!stored.ok()) {
      response = MakeResponse(stored.status());
    } else if (is_delete && call->is_removed && !AnswersObject(call->kind())) {
      response = MakeResponse(200, DeletedStatus(call->kind(), *stored));
    } else {
      response = MakeResponse(
          call->is_created ? 201 : 200,
          RenderObject(*call->served, shape, *stored, clock_.Now()));
    }
    response.warnings = call->warnings;
    const std::string& deprecated = call->kind().deprecation_warning;
    if (!deprecated.empty()) response.warnings.push_back(deprecated);
    done(std::move(response));
  });
}

void ApiHandler::Create(const ApiRequest& request, WriteCallPtr call,
                        Done done) {
  if (call->served->is_terminating) {
    return done(MakeResponse(
        MakeFailure(405, "MethodNotAllowed",
                    "create not allowed while custom resource definition is "
                    "terminating")));
  }
  if (!call->path.name.empty()) {
    return done(MakeResponse(MethodNotAllowed()));
  }
  if (!request.body.has_value()) {
    return done(MakeResponse(BadRequest("the body of the request is empty")));
  }
  if (subresources_.IsReview(call->kind())) {
    return done(subresources_.Review(request, *call));
  }
  absl::StatusOr<Shape> shape = ParseAccept(request.accept);
  if (!shape.ok()) return done(MakeResponse(shape.status()));
  const Value& metadata = call->body["metadata"];
  call->path.name = std::string(metadata.GetString("name"));
  if (!call->path.name.empty()) {
    return Submit(*shape, std::move(call), &WritePath::Create, std::move(done));
  }
  const std::string prefix(metadata.GetString("generateName"));
  if (prefix.empty()) {
    return done(MakeResponse(
        MakeInvalid(call->kind(), "",
                    {{"FieldValueRequired", "metadata.name",
                      "Required value: name or generateName is required"}})));
  }
  TryCreate(*shape, std::move(call), prefix, kGenerateTries, std::move(done));
}

// Tries names until one is free.
void ApiHandler::TryCreate(Shape shape, WriteCallPtr call, std::string prefix,
                           int tries, Done done) {
  call->path.name = GenerateName(prefix);
  Submit(shape, call, &WritePath::Create,
         [this, shape, call, prefix, tries,
          done = std::move(done)](ApiResponse response) {
           if (response.code == 409 && tries > 1) {
             return TryCreate(shape, call, prefix, tries - 1, done);
           }
           done(std::move(response));
         });
}

void ApiHandler::Patch(const ApiRequest& request, WriteCallPtr call,
                       Done done) {
  absl::StatusOr<PatchKind> patch_kind =
      PatchKindOf(call->kind(), request.content_type);
  if (!patch_kind.ok()) return done(MakeResponse(patch_kind.status()));
  if (!request.body.has_value()) {
    return done(MakeResponse(BadRequest("the body of the request is empty")));
  }
  absl::StatusOr<Shape> shape = ParseAccept(request.accept);
  if (!shape.ok()) return done(MakeResponse(shape.status()));
  call->patch_kind = *patch_kind;
  if (call->served->is_terminating && *patch_kind == PatchKind::kApply &&
      store_.Get(call->served->storage, KeyOfCall(*call)).is_null()) {
    return done(MakeResponse(
        MakeFailure(405, "MethodNotAllowed",
                    "create not allowed while custom resource definition is "
                    "terminating")));
  }
  Submit(*shape, std::move(call), &WritePath::Patch, std::move(done));
}

void ApiHandler::EditObject(const Served& served, KindTablePtr table,
                            const kube::ObjectKey& key,
                            absl::string_view subresource,
                            absl::string_view manager,
                            std::function<absl::Status(Value&)> edit,
                            Store::Done done) {
  auto call = std::make_shared<WriteCall>();
  call->table = std::move(table);
  call->served = &served;
  const kube::GroupVersionKind& gvk = served.kind->resource.gvk;
  call->path = {gvk.group,      gvk.version,
                key.name_space, served.kind->resource.plural,
                key.name,       std::string(subresource)};
  call->now = clock_.Now();
  call->parameters.field_manager = std::string(manager);
  call->parameters.validation = WriteParameters::Validation::kIgnore;
  WriteRequest write;
  write.resource = served.storage;
  write.key = key;
  write.decide = [this, call, edit = std::move(edit)](const Value& stored) {
    return writes_.Edit(*call, stored, edit);
  };
  store_.Write(std::move(write),
               [call, done = std::move(done)](absl::StatusOr<Value> result) {
                 if (done != nullptr) done(std::move(result));
               });
}

// -------------------------------------------------------- deletecollection

namespace {

// Collects the answers of many deletions.
struct Collection {
  Mutex mu;
  size_t left ABSL_GUARDED_BY(mu) = 0;
  std::vector<Value> items ABSL_GUARDED_BY(mu);
  ApiResponse failure ABSL_GUARDED_BY(mu);
  bool has_failed ABSL_GUARDED_BY(mu) = false;
};

}  // namespace

void ApiHandler::DeleteCollection(const ApiRequest& request,
                                  const ResourcePath& path, KindTablePtr table,
                                  const Served& served, Done done) {
  absl::StatusOr<Selection> selection =
      Selection::Parse(*served.kind, request.Query("labelSelector"),
                       request.Query("fieldSelector"));
  if (!selection.ok()) return done(MakeResponse(selection.status()));
  Store::Snapshot now = store_.List(served.storage, path.name_space);
  std::vector<Value> chosen;
  for (Value& object : now.objects) {
    if (selection->Matches(object)) chosen.push_back(std::move(object));
  }
  const int64_t rv = now.rv;
  auto finish = [this, table, &served, rv, done](std::vector<Value> items) {
    done(MakeResponse(
        200, RenderList(served, Shape(), items, {rv, "", 0}, clock_.Now())));
  };
  if (chosen.empty()) return finish({});
  auto collection = std::make_shared<Collection>();
  {
    MutexLock lock(collection->mu);
    collection->left = chosen.size();
  }
  for (const Value& object : chosen) {
    ResourcePath item = path;
    item.name = std::string(object["metadata"].GetString("name"));
    item.name_space = std::string(object["metadata"].GetString("namespace"));
    WriteCallPtr call = MakeCall(request, item, table, served, clock_.Now());
    call->body = DeleteOptionsOf(request);
    call->parameters.is_dry_run = AsksDryRun(call->body);
    Submit(Shape(), call, &WritePath::Delete,
           [collection, object, finish, done](ApiResponse response) {
             std::vector<Value> items;
             {
               MutexLock lock(collection->mu);
               // Gone already is as good as deleted.
               if (response.code >= 400 && response.code != 404) {
                 collection->has_failed = true;
                 collection->failure = std::move(response);
               } else {
                 collection->items.push_back(object);
               }
               if (--collection->left > 0) return;
               if (collection->has_failed) {
                 response = std::move(collection->failure);
               } else {
                 items = std::move(collection->items);
                 response.code = 200;
               }
             }
             if (response.code >= 400) return done(std::move(response));
             finish(std::move(items));
           });
  }
}

}  // namespace weir::apiserver
