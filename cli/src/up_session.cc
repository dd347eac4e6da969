#include "up_session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "cluster.h"
#include "folder_source.h"
#include "folder_watcher.h"
#include "local_repository.h"
#include "nouns.h"
#include "weir/apiserver/server.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/codec/crd.h"
#include "weir/helm_controller/controller.h"
#include "weir/http/proxy.h"
#include "weir/kube/conditions.h"
#include "weir/kube/config.h"
#include "weir/kustomize_controller/controller.h"
#include "weir/notification_controller/controller.h"
#include "weir/source/source_controller.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr char kSourceGroup[] = "source.toolkit.fluxcd.io";
constexpr char kRequestedAt[] = "reconcile.fluxcd.io/requestedAt";
// Of a failed apply, while somebody edits the manifests.
constexpr char kRetryInterval[] = "15s";
// Stands before the path of a repository on this machine: a GitRepository's
// URL must look like one.
constexpr char kLocalHost[] = "http://localhost";
constexpr absl::Duration kCallTimeout = absl::Seconds(30);

std::string Now() {
  return absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
}

bool IsUrl(absl::string_view text) { return absl::StrContains(text, "://"); }

// A name that Kubernetes takes, from the last part of a path or URL.
std::string NameOf(absl::string_view location) {
  while (absl::ConsumeSuffix(&location, "/")) {
  }
  absl::ConsumeSuffix(&location, ".git");
  const size_t slash = location.rfind('/');
  std::string name;
  for (const char c :
       location.substr(slash == absl::string_view::npos ? 0 : slash + 1)) {
    const char lower = absl::ascii_tolower(c);
    if (absl::ascii_isalnum(lower)) {
      name.push_back(lower);
    } else if (!name.empty() && name.back() != '-') {
      name.push_back('-');
    }
  }
  name.resize(std::min<size_t>(name.size(), 50));
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "app" : name;
}

// "./deploy" as a Kustomization's spec.path has it.
std::string PathOf(absl::string_view path) {
  absl::ConsumePrefix(&path, "./");
  return absl::StrCat("./", path);
}

// Holds the data folder for one process at a time.
class DataLock {
 public:
  ~DataLock() {
    if (fd_ >= 0) close(fd_);
  }
  absl::Status Take(const std::string& folder) {
    const std::string path = absl::StrCat(folder, "/lock");
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd_ < 0) return ErrnoToStatus(errno, path);
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      return absl::FailedPreconditionError(absl::StrCat(
          folder,
          " is in use by another `weir up`; stop that one, or give "
          "this one its own folder with --data"));
    }
    return absl::OkStatus();
  }

 private:
  int fd_ = -1;
};

absl::StatusOr<apiserver::Simulation> ParseSimulation(absl::string_view text) {
  if (text == "off") return apiserver::Simulation::kOff;
  if (text == "ready") return apiserver::Simulation::kReady;
  if (text == "pods") return apiserver::Simulation::kPods;
  return absl::InvalidArgumentError(
      absl::StrCat("--simulate: expected off, ready or pods, got ", text));
}

// CRDs that are there already stay as they are: they may be Flux's.
absl::Status InstallCrds(const Context& ctx, const kube::Client& client) {
  for (const Value& crd : codec::AllCrds()) {
    const kube::ObjectRef ref = kube::RefOf(crd);
    if (client.Get(ctx, ref).ok()) continue;
    WEIR_RETURN_IF_ERROR(
        client.Apply(ctx, crd, {.field_manager = "weir", .force = true}));
    WEIR_RETURN_IF_ERROR(AwaitObject(ctx, client, ref, [](const Value& object) {
      return kube::IsConditionTrue(object, "Established");
    }));
  }
  client.InvalidateDiscovery();
  return absl::OkStatus();
}

absl::Status EnsureNamespace(const Context& ctx, const kube::Client& client,
                             const std::string& name) {
  Value object;
  object.Set("apiVersion", "v1");
  object.Set("kind", "Namespace");
  object.Mutable("metadata").Set("name", name);
  const absl::Status status =
      client.Create(ctx, object, {.field_manager = "weir"}).status();
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

// An object that asks for a pass.
Value MakeObject(absl::string_view api_version, absl::string_view kind,
                 const kube::ObjectKey& key, absl::string_view requested_at) {
  Value object;
  object.Set("apiVersion", api_version);
  object.Set("kind", kind);
  object.Mutable("metadata").Set("name", key.name);
  object.Mutable("metadata").Set("namespace", key.name_space);
  object.Mutable("metadata")
      .Mutable("annotations")
      .Set(kRequestedAt, requested_at);
  return object;
}

}  // namespace

struct UpSession::Impl {
  UpOptions options;
  std::string name_space;
  std::function<void(absl::string_view)> say;
  Logger logger;

  DataLock lock;
  std::unique_ptr<apiserver::Server> server;
  std::string server_url, kubeconfig;
  std::shared_ptr<kube::Transport> transport;
  std::unique_ptr<kube::Client> setup_client;
  std::unique_ptr<reconcile::Manager> manager;
  std::unique_ptr<source::SourceController> source;
  std::unique_ptr<kustomize_controller::KustomizeController> kustomize;
  std::unique_ptr<helm_controller::HelmController> helm;
  std::unique_ptr<notification_controller::NotificationController> notification;

  kube::ObjectKey key;
  std::string followed, requested_at;
  std::string git_url;                        // Of the GitRepository.
  std::optional<LocalRepository> repository;  // Of --git PATH.
  std::unique_ptr<FolderWatcher> git_watcher;
  std::unique_ptr<FolderSource> folder_source;

  absl::Status OpenData();
  absl::Status OpenCluster(const Globals& globals);
  absl::Status FindRepository();
  absl::Status MakeControllers();
  absl::Status FollowFolder(const Context& ctx);
  absl::Status FollowGit(const Context& ctx);
  absl::Status WriteKustomization(const Context& ctx,
                                  absl::string_view source_kind);
  void RequestFetch();
};

absl::Status UpSession::Impl::OpenData() {
  WEIR_RETURN_IF_ERROR(MakeDirectories(options.data, 0700));
  // What is in here is not for version control.
  const std::string ignore = absl::StrCat(options.data, "/.gitignore");
  if (access(ignore.c_str(), F_OK) != 0) {
    WEIR_RETURN_IF_ERROR(WriteFileAtomically(ignore, "*\n"));
  }
  WEIR_RETURN_IF_ERROR(lock.Take(options.data));
  LogOptions log;
  WEIR_ASSIGN_OR_RETURN(log.level, ParseLogLevel(options.log_level));
  const std::string path = absl::StrCat(options.data, "/weir.log");
  std::shared_ptr<FILE> file(std::fopen(path.c_str(), "ae"), [](FILE* f) {
    if (f != nullptr) std::fclose(f);
  });
  if (file == nullptr) return ErrnoToStatus(errno, path);
  log.sink = [file](absl::string_view line) {
    std::fwrite(line.data(), 1, line.size(), file.get());
    std::fflush(file.get());
  };
  logger = Logger(std::move(log));
  return absl::OkStatus();
}

absl::Status UpSession::Impl::OpenCluster(const Globals& globals) {
  if (!globals.kubeconfig.empty() || !globals.context.empty()) {
    WEIR_ASSIGN_OR_RETURN(transport, OpenTransport(globals));
  } else {
    apiserver::ServerOptions server_options;
    server_options.data_dir = absl::StrCat(options.data, "/cluster");
    server_options.logger = logger;
    WEIR_ASSIGN_OR_RETURN(server_options.simulation,
                          ParseSimulation(options.simulate));
    WEIR_ASSIGN_OR_RETURN(server, apiserver::Server::Create(server_options),
                          "starting the embedded API server");
    kubeconfig = absl::StrCat(options.data, "/kubeconfig");
    WEIR_ASSIGN_OR_RETURN(server_url,
                          server->Listen({.address = options.listen,
                                          .kubeconfig_out = kubeconfig}));
    transport = server->transport();
  }
  setup_client = std::make_unique<kube::Client>(transport);
  return absl::OkStatus();
}

absl::Status UpSession::Impl::MakeControllers() {
  reconcile::ManagerOptions manager_options;
  manager_options.transport = transport;
  manager_options.logger = logger;
  manager_options.hostname = "weir";
  manager_options.rest_after = reconcile::kRestAfter;
  const auto local_events =
      std::make_shared<notification_controller::LocalEvents>();
  manager_options.event_sink = local_events;
  WEIR_ASSIGN_OR_RETURN(manager, reconcile::Manager::Create(manager_options));

  source::Options source_options;
  source_options.storage_path = absl::StrCat(options.data, "/artifacts");
  WEIR_RETURN_IF_ERROR(MakeDirectories(source_options.storage_path, 0700));
  // The other controller reads artifacts by a direct call; the file server is
  // for whoever else follows status.artifact.url.
  source_options.storage_address = "127.0.0.1:0";
  source_options.proxies = http::ProxiesFromEnvironment();
  if (repository.has_value()) {
    source_options.local_repositories[git_url] = repository->git_dir;
  }
  WEIR_ASSIGN_OR_RETURN(
      source, source::SourceController::Create(*manager, source_options));

  kustomize_controller::Options kustomize_options;
  kustomize_options.artifacts = source->artifacts();
  kustomize_options.tree_dir = absl::StrCat(options.data, "/trees");
  kustomize_options.proxies = http::ProxiesFromEnvironment();
  kustomize_options.common.feature_gates.Set("ExternalArtifact", true);
  WEIR_ASSIGN_OR_RETURN(kustomize,
                        kustomize_controller::KustomizeController::Create(
                            *manager, kustomize_options));

  helm_controller::Options helm_options;
  helm_options.artifacts = source->artifacts();
  helm_options.common.feature_gates.Set("ExternalArtifact", true);
  WEIR_ASSIGN_OR_RETURN(
      helm, helm_controller::HelmController::Create(*manager, helm_options));

  notification_controller::Options notification_options;
  notification_options.common.events_addr.clear();
  notification_options.local_events = local_events;
  notification_options.receiver_address = options.webhooks;
  notification_options.proxies = http::ProxiesFromEnvironment();
  WEIR_ASSIGN_OR_RETURN(notification,
                        notification_controller::NotificationController::Create(
                            *manager, notification_options));
  return absl::OkStatus();
}

absl::Status UpSession::Impl::WriteKustomization(
    const Context& ctx, absl::string_view source_kind) {
  Value object = MakeObject("kustomize.toolkit.fluxcd.io/v1", "Kustomization",
                            key, requested_at);
  Value& spec = object.Mutable("spec");
  spec.Set("interval", "10m");
  spec.Set("retryInterval", kRetryInterval);
  spec.Set("path", PathOf(options.path));
  spec.Set("prune", true);
  spec.Set("wait", true);
  if (!options.target_namespace.empty()) {
    spec.Set("targetNamespace", options.target_namespace);
  }
  spec.Mutable("sourceRef").Set("kind", source_kind);
  spec.Mutable("sourceRef").Set("name", key.name);
  return setup_client
      ->Apply(ctx, object, {.field_manager = "weir", .force = true})
      .status();
}

absl::Status UpSession::Impl::FollowFolder(const Context& ctx) {
  std::error_code error;
  const fs::path folder = fs::canonical(options.directory, error);
  if (error) return ErrnoToStatus(error.value(), options.directory);
  if (!fs::is_directory(folder, error)) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.directory, " is not a folder"));
  }
  const std::string manifests =
      absl::StrCat(folder.string(), "/", options.path);
  if (!fs::is_directory(manifests, error)) {
    return absl::NotFoundError(absl::StrCat("--path: no folder ", manifests));
  }
  WEIR_ASSIGN_OR_RETURN(
      folder_source,
      FolderSource::Start(
          ctx, *setup_client, source->storage(), source->registry(),
          {.folder = folder.string(),
           .key = key,
           .on_published = [this](const absl::StatusOr<std::string>& revision) {
             if (!revision.ok()) {
               say(absl::StrCat("✗ ", revision.status().message()));
             }
           }}));
  return WriteKustomization(ctx, "ExternalArtifact");
}

// Asks for a fetch now, as a push hook would.
void UpSession::Impl::RequestFetch() {
  Value patch;
  patch.Mutable("metadata").Mutable("annotations").Set(kRequestedAt, Now());
  const absl::Status status =
      setup_client
          ->Patch(Context().WithTimeout(kCallTimeout),
                  {{kSourceGroup, "v1", "GitRepository"}, key},
                  kube::PatchType::kMerge, patch, {.field_manager = "weir"})
          .status();
  if (!status.ok()) say(absl::StrCat("✗ ", status.message()));
}

absl::Status UpSession::Impl::FindRepository() {
  git_url = options.git;
  if (options.git.empty() || IsUrl(options.git)) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(repository, FindLocalRepository(options.git));
  if (options.branch.empty()) options.branch = repository->branch;
  git_url = absl::StrCat(kLocalHost, repository->git_dir);
  return absl::OkStatus();
}

absl::Status UpSession::Impl::FollowGit(const Context& ctx) {
  Value object = MakeObject("source.toolkit.fluxcd.io/v1", "GitRepository", key,
                            requested_at);
  Value& spec = object.Mutable("spec");
  spec.Set("url", git_url);
  spec.Set("interval", "1m");
  spec.Mutable("ref").Set("branch",
                          options.branch.empty() ? "main" : options.branch);
  WEIR_RETURN_IF_ERROR(setup_client->Apply(
      ctx, object, {.field_manager = "weir", .force = true}));
  WEIR_RETURN_IF_ERROR(WriteKustomization(ctx, "GitRepository"));
  if (!repository.has_value()) return absl::OkStatus();
  WEIR_ASSIGN_OR_RETURN(git_watcher,
                        FolderWatcher::Start({.root = repository->git_dir,
                                              .is_skipped =
                                                  [](absl::string_view name) {
                                                    return name == "objects" ||
                                                           name == "hooks" ||
                                                           name == "logs";
                                                  }},
                                             [this] { RequestFetch(); }));
  return absl::OkStatus();
}

UpSession::UpSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

UpSession::~UpSession() {
  // What calls the rest goes first.
  impl_->git_watcher.reset();
  impl_->folder_source.reset();
}

absl::StatusOr<std::unique_ptr<UpSession>> UpSession::Start(
    const Context& ctx, const Globals& globals, UpOptions options,
    std::function<void(absl::string_view)> say) {
  auto impl = std::make_unique<Impl>();
  if (!options.directory.empty() && !options.git.empty()) {
    return absl::InvalidArgumentError(
        "give a folder or --git, not both: a folder is followed with its "
        "uncommitted edits, --git by its commits");
  }
  const std::string location =
      options.git.empty() ? options.directory : options.git;
  if (!location.empty()) {
    std::error_code error;
    const fs::path path = fs::weakly_canonical(location, error);
    impl->key = {globals.name_space,
                 NameOf(IsUrl(location) || error ? location : path.string())};
    impl->followed = location;
  }
  impl->options = std::move(options);
  impl->name_space = globals.name_space;
  impl->say = std::move(say);
  const Context bounded = ctx.WithTimeout(kCallTimeout);
  WEIR_RETURN_IF_ERROR(impl->OpenData());
  WEIR_RETURN_IF_ERROR(impl->FindRepository());
  WEIR_RETURN_IF_ERROR(impl->OpenCluster(globals));
  WEIR_RETURN_IF_ERROR(InstallCrds(bounded, *impl->setup_client),
                       "installing CRDs");
  WEIR_RETURN_IF_ERROR(
      EnsureNamespace(bounded, *impl->setup_client, globals.name_space),
      "making namespace ", globals.name_space);
  if (const std::string& target = impl->options.target_namespace;
      !target.empty()) {
    WEIR_RETURN_IF_ERROR(EnsureNamespace(bounded, *impl->setup_client, target),
                         "making namespace ", target);
  }
  WEIR_RETURN_IF_ERROR(impl->MakeControllers());
  return std::unique_ptr<UpSession>(new UpSession(std::move(impl)));
}

reconcile::Manager& UpSession::manager() const { return *impl_->manager; }
const kube::Client& UpSession::client() const { return *impl_->setup_client; }
const std::string& UpSession::server_url() const { return impl_->server_url; }
const std::string& UpSession::kubeconfig() const { return impl_->kubeconfig; }
std::string UpSession::webhooks_url() const {
  const std::string address = impl_->notification->receiver_address();
  return address.empty() ? "" : absl::StrCat("http://", address);
}
const std::string& UpSession::followed() const { return impl_->followed; }
const kube::ObjectKey& UpSession::key() const { return impl_->key; }
const std::string& UpSession::requested_at() const {
  return impl_->requested_at;
}

absl::Status UpSession::Follow(const Context& ctx) {
  impl_->requested_at = Now();
  if (!impl_->options.git.empty()) return impl_->FollowGit(ctx);
  if (!impl_->options.directory.empty()) return impl_->FollowFolder(ctx);
  return absl::OkStatus();
}

}  // namespace weir::cli
