#include "weir/remote/network_source.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/git_program.h"
#include "src/git_tree_files.h"
#include "src/urls.h"
#include "weir/base/file.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/git/remote.h"
#include "weir/git/repository.h"
#include "weir/http/headers.h"

namespace weir::remote {
namespace {

using kustomize::FileSystem;
using kustomize::RemoteSource;

constexpr int kMaxSubmoduleDepth = 8;

// As git finds what a short name means.
absl::StatusOr<git::Oid> FindReference(const git::Remote& remote,
                                       const std::string& ref) {
  for (absl::string_view folder : {"", "refs/", "refs/tags/", "refs/heads/"}) {
    const git::RemoteRef* found = remote.Find(absl::StrCat(folder, ref));
    if (found != nullptr) return found->oid;
  }
  const absl::StatusOr<git::Oid> oid = git::ParseOid(ref);
  if (oid.ok()) return oid;
  return absl::NotFoundError(absl::StrCat("couldn't find remote ref ", ref));
}

// Clones with our own client: objects only, no work tree.
class TreeCloner {
 public:
  TreeCloner(http::Client& client, const NetworkOptions& options,
             GitTreeFiles& files)
      : client_(client), options_(options), files_(files) {}

  absl::Status Clone(const Context& ctx, const std::string& url,
                     const std::string& ref, bool submodules,
                     const std::string& prefix, int depth) {
    if (depth > kMaxSubmoduleDepth) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "submodules are nested more than ", kMaxSubmoduleDepth, " deep"));
    }
    WEIR_ASSIGN_OR_RETURN(TempDir folder, TempDir::Create("weir-git-"));
    WEIR_ASSIGN_OR_RETURN(
        std::unique_ptr<git::Repository> store,
        git::Repository::OpenOrCreate(absl::StrCat(folder.path(), "/store")));
    WEIR_ASSIGN_OR_RETURN(const git::Oid commit,
                          Fetch(ctx, url, ref, store.get()));
    // The folder goes after the store.
    auto keeper = std::make_shared<TempDir>(std::move(folder));
    std::shared_ptr<git::Repository> repository(
        store.release(), [keeper](git::Repository* r) { delete r; });
    WEIR_RETURN_IF_ERROR(files_.Mount(ctx, repository, commit, prefix));
    if (!submodules || files_.submodules().empty()) return absl::OkStatus();
    return CloneSubmodules(ctx, url, prefix, depth);
  }

 private:
  absl::StatusOr<git::Oid> Fetch(const Context& ctx, const std::string& url,
                                 const std::string& ref,
                                 git::Repository* into) {
    git::RemoteOptions options;
    options.url = url;
    options.allow_local = options_.allow_local;
    options.http_client = &client_;
    options.max_pack_bytes = options_.max_repository_bytes;
    if (absl::StartsWith(url, "http")) {
      options.proxy = http::ChooseProxy(options_.proxies, url);
    }
    if (absl::StartsWith(url, "ssh://")) {
      WEIR_RETURN_IF_ERROR(AddSshKeys(&options));
    }
    WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<git::Remote> remote,
                          git::Remote::Connect(ctx, std::move(options)));
    WEIR_ASSIGN_OR_RETURN(git::Oid want, FindReference(*remote, ref));
    WEIR_RETURN_IF_ERROR(remote->Fetch(ctx, {want}, 1, into));
    return into->PeelToCommit(want);
  }

  absl::Status AddSshKeys(git::RemoteOptions* options) const {
    const std::string folder = absl::StrCat(options_.ssh_folder, "/");
    absl::StatusOr<std::string> hosts = ReadFile(folder + "known_hosts");
    if (hosts.ok()) options->ssh_known_hosts = *std::move(hosts);
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
      absl::StatusOr<std::string> key = ReadFile(folder + name);
      if (!key.ok()) continue;
      options->ssh_private_key = Secret(*std::move(key));
      return absl::OkStatus();
    }
    return absl::UnauthenticatedError(
        absl::StrCat("there is no key for ssh in ", folder));
  }

  absl::Status CloneSubmodules(const Context& ctx, const std::string& url,
                               const std::string& prefix, int depth) {
    const std::vector<GitSubmodule> submodules = files_.submodules();
    const std::string folder = prefix.empty() ? "" : absl::StrCat(prefix, "/");
    WEIR_ASSIGN_OR_RETURN(const std::string text,
                          files_.ReadFile(absl::StrCat(folder, ".gitmodules")),
                          "submodules");
    const std::map<std::string, std::string> modules = ReadModules(text);
    for (const GitSubmodule& submodule : submodules) {
      auto module = modules.find(submodule.path.substr(folder.size()));
      if (module == modules.end()) continue;
      WEIR_RETURN_IF_ERROR(
          Clone(ctx, ResolveSubmoduleUrl(url, module->second),
                submodule.commit.ToHex(), true, submodule.path, depth + 1),
          "submodule '", submodule.path, "'");
    }
    return absl::OkStatus();
  }

  http::Client& client_;
  const NetworkOptions& options_;
  GitTreeFiles& files_;
};

}  // namespace

absl::StatusOr<RemoteSource::Page> NetworkSource::Get(const Context& ctx,
                                                      const std::string& url) {
  http::Request request;
  request.url = url;
  request.proxy = http::ChooseProxy(options_.proxies, url);
  request.follow_redirect = [](const http::Redirect&) { return true; };
  WEIR_ASSIGN_OR_RETURN(http::Response response,
                        client_.SendAndWait(ctx, std::move(request)));
  Page page;
  page.code = response.code;
  page.reason = std::string(http::ReasonPhrase(response.code));
  page.body = std::move(response.body);
  return page;
}

absl::StatusOr<std::shared_ptr<const FileSystem>> NetworkSource::Clone(
    const Context& ctx, const Repository& repository) {
  const std::string url = UrlOfScp(repository.url);
  auto files = std::make_shared<GitTreeFiles>(RedactUrl(url));
  const absl::Status cloned =
      TreeCloner(client_, options_, *files)
          .Clone(ctx, url, repository.ref.empty() ? "HEAD" : repository.ref,
                 repository.submodules, "", 0);
  WEIR_RETURN_IF_ERROR(ctx.status());
  if (cloned.ok()) return files;
  if (!options_.try_git_program || absl::IsResourceExhausted(cloned)) {
    return cloned;
  }
  // The user's git may know a way: a credential helper, an agent, a proxy.
  absl::StatusOr<std::shared_ptr<const FileSystem>> with_git =
      CloneWithGit(ctx, repository, options_.max_repository_bytes);
  if (absl::IsNotFound(with_git.status())) return cloned;
  return with_git;
}

}  // namespace weir::remote
