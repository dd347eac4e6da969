#include "template_cluster.h"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "output.h"
#include "weir/apiserver/server.h"
#include "weir/base/status.h"
#include "weir/helm/manifests.h"
#include "weir/kube/client.h"
#include "weir/kube/config.h"
#include "weir/value/go_quote.h"
#include "weir/value/json.h"
#include "weir/value/value.h"
#include "weir/value/yaml.h"

namespace weir::cli {
namespace {

constexpr int kRequestsAtOnce = 8;
constexpr absl::Duration kCrdTimeout = absl::Seconds(10);
constexpr char kFieldManager[] = "helm";

kube::Request Get(std::string path) {
  kube::Request request;
  request.path = std::move(path);
  return request;
}

// Several errors as Kubernetes shows them: "[a, b]".
absl::Status Aggregate(const std::vector<std::string>& errors) {
  if (errors.empty()) return absl::OkStatus();
  if (errors.size() == 1) return absl::FailedPreconditionError(errors[0]);
  return absl::FailedPreconditionError(
      absl::StrCat("[", absl::StrJoin(errors, ", "), "]"));
}

// An object, and where it goes.
struct Target {
  Value object;
  kube::Resource resource;
  kube::ObjectKey key;

  std::string ToString() const {
    return absl::StrCat(resource.gvk.kind, " ", GoQuote(key.name),
                        " in namespace ", GoQuote(key.name_space));
  }
};

// What an object lacks that is the release's own.
std::vector<std::string> ForeignMarks(const Value& object,
                                      const helm::Release& release) {
  std::vector<std::string> out;
  const auto check = [&](const char* kind, const Value& marks, const char* key,
                         const std::string& want) {
    const Value* found = marks.Find(key);
    if (found == nullptr) {
      out.push_back(absl::StrCat(kind, " validation error: missing key ",
                                 GoQuote(key), ": must be set to ",
                                 GoQuote(want)));
    } else if (!found->is_string() || found->AsString() != want) {
      out.push_back(
          absl::StrCat(kind, " validation error: key ", GoQuote(key),
                       " must equal ", GoQuote(want), ": current value is ",
                       GoQuote(found->is_string() ? found->AsString() : "")));
    }
  };
  const Value& metadata = object["metadata"];
  check("label", metadata["labels"], "app.kubernetes.io/managed-by", "Helm");
  check("annotation", metadata["annotations"], "meta.helm.sh/release-name",
        release.name);
  check("annotation", metadata["annotations"], "meta.helm.sh/release-namespace",
        release.name_space);
  return out;
}

// Whether an object says what it is.
absl::Status CheckType(const Value& object) {
  std::vector<std::string> missing;
  for (const char* field : {"apiVersion", "kind"}) {
    if (object.GetString(field).empty()) {
      missing.push_back(absl::StrCat(field, " not set"));
    }
  }
  return Annotate(Aggregate(missing),
                  "error validating \"\": error validating data");
}

class KubeCluster : public TemplateCluster {
 public:
  KubeCluster(const Context& ctx, std::shared_ptr<kube::Transport> transport,
              bool skip_crds)
      : ctx_(ctx), client_(std::move(transport)), skip_crds_(skip_crds) {}

  absl::Status CheckReachable() override {
    WEIR_ASSIGN_OR_RETURN(const kube::Response response,
                          client_.Do(ctx_, Get("/version")),
                          "kubernetes cluster unreachable");
    version_ = response.body;
    return absl::OkStatus();
  }

  absl::Status Prepare(const helm::Chart& chart) override {
    if (!skip_crds_ && !helm::ListCrds(chart).empty()) {
      PrintWarning(
          "This chart or one of its subcharts contains CRDs. Rendering may "
          "fail or contain inaccuracies.");
    }
    return Discover();
  }

  absl::StatusOr<helm::Capabilities> GetCapabilities() override {
    helm::Capabilities out = helm::DefaultCapabilities();
    out.kube_version = {};
    out.kube_version.version = std::string(version_.GetString("gitVersion"));
    out.kube_version.major = std::string(version_.GetString("major"));
    out.kube_version.minor = std::string(version_.GetString("minor"));
    std::set<std::string> versions;
    for (const auto& [version, resources] : served_) {
      versions.insert(version);
      for (const Value& resource : resources.array()) {
        versions.insert(absl::StrCat(version, "/", resource.GetString("kind")));
      }
    }
    out.api_versions.assign(versions.begin(), versions.end());
    return out;
  }

  absl::StatusOr<Value> Lookup(absl::string_view api_version,
                               absl::string_view kind,
                               absl::string_view name_space,
                               absl::string_view name) override {
    kube::GroupVersionKind gvk = kube::MakeGroupVersionKind(api_version, kind);
    if (api_version.empty() || absl::StrContains(gvk.version, '/')) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unable to get apiresource from unstructured: /, Kind=", kind,
          ": groupVersion shouldn't be empty"));
    }
    const auto served = served_.find(std::string(api_version));
    if (served == served_.end()) {
      return absl::NotFoundError(absl::StrCat(
          "unable to get apiresource from unstructured: ", gvk.group, "/",
          gvk.version, ", Kind=", kind,
          ": the server could not find the requested resource"));
    }
    const Value* found = nullptr;
    for (const Value& one : served->second.array()) {
      if (one.GetString("kind") == kind &&
          !absl::StrContains(one.GetString("name"), "/")) {
        found = &one;
        break;
      }
    }
    if (found == nullptr) return Value::MakeObject();
    kube::Resource resource;
    resource.gvk = gvk;
    resource.plural = std::string(found->GetString("name"));
    resource.is_namespaced = found->GetBool("namespaced");
    const std::string ns(resource.is_namespaced ? name_space : "");
    absl::StatusOr<Value> answer;
    if (name.empty()) {
      answer = client_.List(ctx_, gvk, ns);
    } else {
      absl::StatusOr<kube::Response> response =
          client_.Do(ctx_, Get(resource.Path(ns, name)));
      answer = response.ok() ? absl::StatusOr<Value>(std::move(response->body))
                             : response.status();
    }
    if (absl::IsNotFound(answer.status())) return Value::MakeObject();
    return answer;
  }

  absl::Status Check(const std::string& manifest, const helm::Release& release,
                     const TemplateArgs& args) override {
    WEIR_ASSIGN_OR_RETURN(
        const std::vector<Target> targets,
        TargetsOf(manifest, release, !args.disable_openapi_validation),
        "unable to build kubernetes objects from release manifest");
    if (args.is_upgrade) return absl::OkStatus();
    for (const Target& target : targets) {
      WEIR_RETURN_IF_ERROR(CheckOwner(target, release, args.take_ownership),
                           "unable to continue with install");
    }
    return absl::OkStatus();
  }

 protected:
  const Context& ctx() const { return ctx_; }
  const kube::Client& client() const { return client_; }

  // What is served, by group version.
  absl::Status Discover() {
    served_.clear();
    std::vector<std::string> versions;
    WEIR_ASSIGN_OR_RETURN(const kube::Response core,
                          client_.Do(ctx_, Get("/api")),
                          "could not get apiVersions from Kubernetes");
    for (const Value& version : core.body["versions"].array()) {
      if (version.is_string()) versions.push_back(version.AsString());
    }
    WEIR_ASSIGN_OR_RETURN(const kube::Response groups,
                          client_.Do(ctx_, Get("/apis")),
                          "could not get apiVersions from Kubernetes");
    for (const Value& group : groups.body["groups"].array()) {
      for (const Value& version : group["versions"].array()) {
        versions.emplace_back(version.GetString("groupVersion"));
      }
    }
    std::vector<kube::Request> requests;
    for (const std::string& version : versions) {
      requests.push_back(Get(absl::StrCat(
          absl::StrContains(version, '/') ? "/apis/" : "/api/", version)));
    }
    const auto answers =
        client_.DoAll(ctx_, std::move(requests), kRequestsAtOnce);
    for (size_t i = 0; i < answers.size(); ++i) {
      if (!answers[i].ok()) {
        PrintWarning(absl::StrCat(
            "the kubernetes server has an orphaned API service: ", versions[i],
            ": ", answers[i].status().message()));
      }
      served_[versions[i]] =
          answers[i].ok() ? answers[i]->body["resources"] : Value();
    }
    return absl::OkStatus();
  }

  // `validate`: the first object without a kind ends it.
  absl::StatusOr<std::vector<Target>> TargetsOf(const std::string& manifest,
                                                const helm::Release& release,
                                                bool validate) {
    std::vector<Target> out;
    std::vector<std::string> errors;
    const auto add = [&](Value object) {
      absl::StatusOr<Target> target = TargetOf(std::move(object), release);
      if (target.ok()) {
        out.push_back(*std::move(target));
      } else {
        errors.emplace_back(target.status().message());
      }
    };
    for (const std::string& document : helm::SplitManifests(manifest)) {
      WEIR_ASSIGN_OR_RETURN(Value object, ParseYaml(document));
      if (object.is_null()) continue;
      const absl::Status typed = CheckType(object);
      if (validate && !typed.ok()) {
        errors.emplace_back(typed.message());
        break;
      }
      if (!absl::EndsWith(object.GetString("kind"), "List") ||
          !object["items"].is_array()) {
        add(std::move(object));
        continue;
      }
      for (const Value& item : object["items"].array()) add(item);
    }
    WEIR_RETURN_IF_ERROR(Aggregate(errors));
    return out;
  }

 private:
  absl::StatusOr<Target> TargetOf(Value object, const helm::Release& release) {
    Target target;
    for (const char* field : {"kind", "apiVersion"}) {
      if (!object.GetString(field).empty()) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("unable to decode \"\": Object '",
                       field[0] == 'k' ? "Kind" : "apiVersion",
                       "' is missing in '", FormatJson(object), "'"));
    }
    const Value& metadata = object["metadata"];
    target.key.name = std::string(metadata.GetString("name"));
    target.key.name_space = std::string(metadata.GetString("namespace"));
    const absl::StatusOr<kube::Resource> resource =
        client_.FindResource(ctx_, kube::GroupVersionKindOf(object));
    if (absl::IsNotFound(resource.status())) {
      return absl::NotFoundError(absl::StrCat(
          "resource mapping not found for name: ", GoQuote(target.key.name),
          " namespace: ", GoQuote(target.key.name_space), " from \"\": ",
          resource.status().message(), "\nensure CRDs are installed first"));
    }
    WEIR_RETURN_IF_ERROR(resource.status(), "unable to recognize \"\"");
    target.resource = *resource;
    if (!resource->is_namespaced) {
      target.key.name_space.clear();
    } else if (target.key.name_space.empty()) {
      target.key.name_space = release.name_space;
      object.Mutable("metadata").Set("namespace", release.name_space);
    }
    target.object = std::move(object);
    return target;
  }

  absl::Status CheckOwner(const Target& target, const helm::Release& release,
                          bool take_ownership) {
    const Value& metadata = target.object["metadata"];
    if (!metadata.GetString("generateName").empty()) {
      if (target.key.name.empty()) return absl::OkStatus();
      return absl::InvalidArgumentError(
          "metadata.name and metadata.generateName cannot both be set");
    }
    const absl::StatusOr<kube::Response> there = client_.Do(
        ctx_,
        Get(target.resource.Path(target.key.name_space, target.key.name)));
    if (absl::IsNotFound(there.status())) return absl::OkStatus();
    WEIR_RETURN_IF_ERROR(there.status(),
                         "could not get information about the resource ",
                         target.ToString());
    if (take_ownership) return absl::OkStatus();
    const std::vector<std::string> foreign = ForeignMarks(there->body, release);
    if (foreign.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        target.ToString(),
        " exists and cannot be imported into the current release: invalid "
        "ownership metadata; ",
        absl::StrJoin(foreign, "; ")));
  }

  const Context ctx_;
  const kube::Client client_;
  const bool skip_crds_;
  Value version_;
  std::map<std::string, Value> served_;
};

bool IsEstablished(const Value& crd) {
  for (const Value& condition : crd["status"]["conditions"].array()) {
    if (condition.GetString("type") == "Established") {
      return condition.GetString("status") == "True";
    }
  }
  return false;
}

class EmbeddedTemplateCluster : public KubeCluster {
 public:
  EmbeddedTemplateCluster(const Context& ctx,
                          std::unique_ptr<apiserver::Server> server)
      : KubeCluster(ctx, server->transport(), true),
        server_(std::move(server)) {}

  absl::Status Prepare(const helm::Chart& chart) override {
    for (const helm::Crd& crd : helm::ListCrds(chart)) {
      WEIR_ASSIGN_OR_RETURN(const auto documents,
                            ParseYamlDocuments(crd.file->data),
                            "failed to install CRD ", crd.path);
      for (const YamlDocument& document : documents) {
        if (document.value.is_null()) continue;
        WEIR_RETURN_IF_ERROR(Install(document.value), "failed to install CRD ",
                             crd.path);
      }
    }
    client().InvalidateDiscovery();
    return Discover();
  }

  // Every object is applied on trial, after the CRDs and namespaces that the
  // release itself brings.
  absl::Status Check(const std::string& manifest, const helm::Release& release,
                     const TemplateArgs&) override {
    Value name_space =
        Value::MakeObject({{"apiVersion", "v1"}, {"kind", "Namespace"}});
    name_space.Mutable("metadata").Set("name", release.name_space);
    WEIR_RETURN_IF_ERROR(Apply(name_space, false));
    for (const std::string& document : helm::SplitManifests(manifest)) {
      WEIR_ASSIGN_OR_RETURN(const Value object, ParseYaml(document));
      const absl::string_view kind = object.GetString("kind");
      if (kind == "Namespace") {
        WEIR_RETURN_IF_ERROR(Apply(object, false));
      } else if (kind == "CustomResourceDefinition") {
        WEIR_RETURN_IF_ERROR(Install(object));
      }
    }
    client().InvalidateDiscovery();
    WEIR_ASSIGN_OR_RETURN(
        const std::vector<Target> targets, TargetsOf(manifest, release, true),
        "unable to build kubernetes objects from release manifest");
    std::vector<std::string> errors;
    for (const Target& target : targets) {
      const absl::Status status = Apply(target.object, true);
      if (!status.ok()) {
        errors.push_back(absl::StrCat(target.ToString(), ": ",
                                      std::string(status.message())));
      }
    }
    return Annotate(Aggregate(errors), "the release could not be installed");
  }

 private:
  absl::Status Apply(const Value& object, bool on_trial) {
    kube::WriteOptions options;
    options.field_manager = kFieldManager;
    options.force = true;
    options.dry_run = on_trial;
    options.field_validation = "Strict";
    if (object["metadata"].GetString("name").empty()) {
      return client().Create(ctx(), object, options).status();
    }
    return client().Apply(ctx(), object, options).status();
  }

  absl::Status Install(const Value& crd) {
    WEIR_RETURN_IF_ERROR(Apply(crd, false));
    const Context limited = ctx().WithTimeout(kCrdTimeout);
    while (true) {
      WEIR_ASSIGN_OR_RETURN(const Value there,
                            client().Get(limited, kube::RefOf(crd)));
      if (IsEstablished(there)) return absl::OkStatus();
      WEIR_RETURN_IF_ERROR(limited.SleepFor(absl::Milliseconds(1)));
    }
  }

  const std::unique_ptr<apiserver::Server> server_;
};

absl::StatusOr<kube::Config> ConfigOf(const TemplateArgs& args) {
  const ClusterFlags& flags = args.cluster;
  kube::LoadOptions options = kube::LoadOptionsFromEnvironment();
  options.kubeconfig = args.kubeconfig;
  options.context = flags.context;
  options.prefer_in_cluster = false;
  absl::StatusOr<kube::Config> loaded = kube::LoadConfig(options);
  if (!loaded.ok() &&
      !(absl::IsNotFound(loaded.status()) && !flags.server.empty())) {
    return loaded.status();
  }
  kube::Config config = loaded.ok() ? *std::move(loaded) : kube::Config();
  const auto lay_over = [](const std::string& flag, std::string& to) {
    if (!flag.empty()) to = flag;
  };
  lay_over(flags.server, config.server);
  lay_over(flags.tls_server_name, config.tls_server_name);
  lay_over(flags.as_user, config.impersonate_user);
  if (!flags.ca_file.empty()) {
    config.ca_file = flags.ca_file;
    config.ca_pem.clear();
  }
  if (!flags.token.empty()) config.token = Secret(flags.token);
  if (!flags.as_groups.empty()) config.impersonate_groups = flags.as_groups;
  if (flags.insecure_skip_tls_verify) {
    config.insecure_skip_tls_verify = true;
    config.ca_file.clear();
    config.ca_pem.clear();
  }
  return config;
}

}  // namespace

std::unique_ptr<TemplateCluster> MakeTemplateCluster(
    const Context& ctx, std::shared_ptr<kube::Transport> transport,
    bool skip_crds) {
  return std::make_unique<KubeCluster>(ctx, std::move(transport), skip_crds);
}

absl::StatusOr<std::unique_ptr<TemplateCluster>> MakeEmbeddedCluster(
    const Context& ctx) {
  apiserver::ServerOptions options;
  options.simulation = apiserver::Simulation::kOff;
  WEIR_ASSIGN_OR_RETURN(auto server,
                        apiserver::Server::Create(std::move(options)));
  return std::make_unique<EmbeddedTemplateCluster>(ctx, std::move(server));
}

absl::StatusOr<std::unique_ptr<TemplateCluster>> ConnectTemplateCluster(
    const Context& ctx, const TemplateArgs& args) {
  if (args.dry_run == "embedded") return MakeEmbeddedCluster(ctx);
  WEIR_ASSIGN_OR_RETURN(const kube::Config config, ConfigOf(args),
                        "kubernetes cluster unreachable");
  WEIR_ASSIGN_OR_RETURN(auto transport, kube::MakeHttpTransport(config, {}),
                        "kubernetes cluster unreachable");
  return MakeTemplateCluster(ctx, std::move(transport), args.skip_crds);
}

}  // namespace weir::cli
