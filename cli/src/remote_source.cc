#include "remote_source.h"

#include <cstdlib>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "git_program.h"
#include "git_tree_files.h"
#include "weir/base/file.h"
#include "weir/base/secret.h"
#include "weir/base/status.h"
#include "weir/git/remote.h"
#include "weir/git/repository.h"
#include "weir/http/headers.h"

namespace weir::cli {
namespace {

using kustomize::FileSystem;
using kustomize::RemoteSource;

constexpr int kMaxSubmoduleDepth = 8;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Either(const char* lower, const char* upper) {
  std::string value = Environment(lower);
  return value.empty() ? Environment(upper) : value;
}

// Whether NO_PROXY names the host or a domain above it.
bool IsWithoutProxy(absl::string_view host) {
  for (absl::string_view entry :
       absl::StrSplit(Either("no_proxy", "NO_PROXY"), ',')) {
    entry = absl::StripAsciiWhitespace(entry);
    if (entry == "*") return true;
    absl::ConsumePrefix(&entry, ".");
    if (entry.empty()) continue;
    if (host == entry || absl::EndsWith(host, absl::StrCat(".", entry))) {
      return true;
    }
  }
  return false;
}

// The environment's proxy for a URL; empty for none.
std::string ProxyFor(absl::string_view url) {
  const bool is_tls = absl::StartsWithIgnoreCase(url, "https:");
  const size_t start = url.find("//");
  if (start == absl::string_view::npos) return "";
  absl::string_view host = url.substr(start + 2);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(
      host.find('@') == absl::string_view::npos ? 0 : host.find('@') + 1);
  host = host.substr(0, host.find(':'));
  if (host == "localhost" || absl::StartsWith(host, "127.") ||
      IsWithoutProxy(host)) {
    return "";
  }
  return is_tls ? Either("https_proxy", "HTTPS_PROXY")
                : Either("http_proxy", "HTTP_PROXY");
}

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

// `url` and `path` of each section of a .gitmodules file, by path.
std::map<std::string, std::string> ReadModules(absl::string_view text) {
  std::map<std::string, std::string> modules;
  std::string path;
  std::string url;
  const auto finish = [&] {
    if (!path.empty()) modules[path] = url;
    path.clear();
    url.clear();
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (absl::StartsWith(line, "[")) finish();
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    const absl::string_view key = absl::StripAsciiWhitespace(pair.first);
    absl::string_view value = absl::StripAsciiWhitespace(pair.second);
    if (absl::ConsumePrefix(&value, "\"")) absl::ConsumeSuffix(&value, "\"");
    if (key == "path") path = std::string(value);
    if (key == "url") url = std::string(value);
  }
  finish();
  return modules;
}

// Clones with our own client: objects only, no work tree.
class TreeCloner {
 public:
  TreeCloner(http::Client& client, const std::string& ssh_folder,
             GitTreeFiles& files)
      : client_(client), ssh_folder_(ssh_folder), files_(files) {}

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
    options.allow_local = true;
    options.http_client = &client_;
    if (absl::StartsWith(url, "http")) options.proxy = ProxyFor(url);
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
    const std::string folder = absl::StrCat(ssh_folder_, "/");
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
  const std::string& ssh_folder_;
  GitTreeFiles& files_;
};

}  // namespace

std::string UrlOfScp(absl::string_view repository) {
  if (absl::StrContains(repository, "://")) return std::string(repository);
  const size_t colon = repository.find(':');
  if (colon == absl::string_view::npos) return std::string(repository);
  absl::string_view path = repository.substr(colon + 1);
  absl::ConsumePrefix(&path, "/");
  return absl::StrCat("ssh://", repository.substr(0, colon), "/", path);
}

std::string ResolveSubmoduleUrl(absl::string_view parent,
                                absl::string_view url) {
  if (!absl::StartsWith(url, "./") && !absl::StartsWith(url, "../")) {
    return UrlOfScp(url);
  }
  while (absl::ConsumeSuffix(&parent, "/")) {
  }
  while (true) {
    if (absl::ConsumePrefix(&url, "./")) continue;
    if (!absl::ConsumePrefix(&url, "../")) break;
    const size_t slash = parent.rfind('/');
    if (slash == absl::string_view::npos) break;
    parent = parent.substr(0, slash);
  }
  return absl::StrCat(parent, "/", url);
}

absl::StatusOr<RemoteSource::Page> NetworkSource::Get(const Context& ctx,
                                                      const std::string& url) {
  http::Request request;
  request.url = url;
  request.proxy = ProxyFor(url);
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
      TreeCloner(client_, ssh_folder_, *files)
          .Clone(ctx, url, repository.ref.empty() ? "HEAD" : repository.ref,
                 repository.submodules, "", 0);
  WEIR_RETURN_IF_ERROR(ctx.status());
  if (cloned.ok()) return files;
  // The user's git may know a way: a credential helper, an agent, a proxy.
  absl::StatusOr<std::shared_ptr<const FileSystem>> with_git =
      CloneWithGit(ctx, repository);
  if (absl::IsNotFound(with_git.status())) return cloned;
  return with_git;
}

}  // namespace weir::cli
