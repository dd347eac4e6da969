// ChartFetcher::UpdateDependencies: what Chart.yaml lists comes into charts/.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "src/fetch/fetcher.h"
#include "src/go_text.h"
#include "src/load/named_archive.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/helm/oci_charts.h"
#include "weir/helm/package.h"
#include "weir/helm/url.h"
#include "weir/text/semver.h"

namespace weir::helm {
namespace {

constexpr char kFileScheme[] = "file://";
constexpr char kManagerPrefix[] = "helm-manager-";

bool IsFile(absl::string_view repository) {
  return absl::StartsWith(repository, kFileScheme);
}
bool IsOci(absl::string_view repository) {
  return absl::StartsWith(repository, kOciScheme);
}

absl::StatusOr<std::string> LocalPath(absl::string_view repository,
                                      const std::string& folder) {
  absl::ConsumePrefix(&repository, kFileScheme);
  const std::string path =
      absl::StartsWith(repository, "/")
          ? CleanPath(repository)
          : CleanPath(absl::StrCat(folder, "/", repository));
  struct stat info;
  if (stat(path.c_str(), &info) == 0) return path;
  return absl::NotFoundError(absl::StrCat("directory ", path, " not found"));
}

bool IsSameVersion(const std::string& a, const std::string& b) {
  const absl::StatusOr<text::Version> x = text::ParseVersion(a);
  if (!x.ok()) return a == b;
  const absl::StatusOr<text::Version> y = text::ParseVersion(b);
  return y.ok() && text::CompareVersions(*x, *y) == 0 &&
         x->metadata == y->metadata;
}

std::string Describe(const Dependency& one) {
  return absl::StrCat(GoQuote(one.name), " (repository ",
                      GoQuote(one.repository), ", version ",
                      GoQuote(one.version), ")");
}

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_directory(error)) {
      out.push_back(entry.path().filename().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

// One update of one folder.
class DependencyUpdate {
 public:
  DependencyUpdate(ChartFetcher::Impl& impl, std::string folder)
      : impl_(impl), folder_(std::move(folder)) {}

  absl::Status Run(const Context& ctx) {
    struct stat info;
    if (stat(folder_.c_str(), &info) != 0) {
      return absl::NotFoundError(absl::StrCat("could not find ", folder_));
    }
    if (!S_ISDIR(info.st_mode)) {
      return absl::InvalidArgumentError("only unpacked charts can be updated");
    }
    WEIR_ASSIGN_OR_RETURN(const Chart chart, LoadChart(folder_));
    if (!chart.metadata.lists_dependencies &&
        chart.metadata.dependencies.empty()) {
      return absl::OkStatus();
    }
    wanted_ = chart.metadata.dependencies;
    WEIR_ASSIGN_OR_RETURN(known_, impl_.Repositories());
    WEIR_RETURN_IF_ERROR(NameRepositories());
    WEIR_RETURN_IF_ERROR(UpdateIndexes(ctx));
    WEIR_RETURN_IF_ERROR(ResolveAll(ctx));
    WEIR_RETURN_IF_ERROR(DownloadAll(ctx));
    return WriteLock(chart);
  }

 private:
  // Where each dependency comes from, by its name: a repository's name, or the
  // URL of what has no index. Aliases become URLs.
  absl::Status NameRepositories() {
    std::vector<std::string> missing;
    for (Dependency& one : wanted_) {
      if (one.repository.empty()) continue;
      if (IsFile(one.repository)) {
        WEIR_RETURN_IF_ERROR(LocalPath(one.repository, folder_).status());
        names_[one.name] = one.repository;
        continue;
      }
      if (IsOci(one.repository)) {
        names_[one.name] = one.repository;
        continue;
      }
      const Repository* found = nullptr;
      for (const Repository& repository : *known_) {
        if (one.repository == absl::StrCat("@", repository.name) ||
            one.repository == absl::StrCat("alias:", repository.name)) {
          found = &repository;
          one.repository = repository.url;
        } else if (IsSameUrl(repository.url, one.repository)) {
          found = &repository;
        }
        if (found != nullptr) break;
      }
      if (found != nullptr) {
        names_[one.name] = found->name;
        continue;
      }
      const absl::StatusOr<Url> url = ParseUrl(one.repository);
      if (!url.ok() ||
          !(url->is_absolute() || absl::StartsWith(one.repository, "/"))) {
        missing.push_back(one.repository);
      }
    }
    return missing.empty() ? absl::OkStatus() : NoDefinition(missing);
  }

  static absl::Status NoDefinition(const std::vector<std::string>& missing) {
    std::string text = absl::StrCat("no repository definition for ",
                                    absl::StrJoin(missing, ", "),
                                    ". Please add them via 'helm repo add'");
    for (const std::string& one : missing) {
      if (!absl::StrContains(one, "//") && !absl::StartsWith(one, "@") &&
          !absl::StartsWith(one, "alias:")) {
        absl::StrAppend(
            &text,
            "\nNote that repositories must be URLs or aliases. For example, to "
            "refer to the \"example\"\nrepository, use "
            "\"https://charts.example.com/\" or \"@example\" instead of\n"
            "\"example\". Don't forget to add the repo, too ('helm repo "
            "add').");
        break;
      }
    }
    return absl::NotFoundError(text);
  }

  absl::Status UpdateIndexes(const Context& ctx) {
    std::vector<Repository> unmanaged;
    for (const Dependency& one : wanted_) {
      if (one.repository.empty() || names_.count(one.name) > 0) continue;
      const std::string name =
          absl::StrCat(kManagerPrefix, crypto::Sha256Hex(one.repository));
      names_[one.name] = name;
      unmanaged.push_back({name, one.repository, {}});
    }
    if (!unmanaged.empty()) {
      impl_.Print("Getting updates for unmanaged Helm repositories...\n");
      WEIR_RETURN_IF_ERROR(UpdateEach(ctx, unmanaged));
    }
    if (known_->empty()) return absl::OkStatus();
    impl_.Print(
        "Hang tight while we grab the latest from your chart "
        "repositories...\n");
    WEIR_RETURN_IF_ERROR(UpdateEach(ctx, *known_));
    impl_.Print("Update Complete. \u2388Happy Helming!\u2388\n");
    return absl::OkStatus();
  }

  absl::Status UpdateEach(const Context& ctx,
                          const std::vector<Repository>& repositories) {
    std::set<std::string> done;
    for (const Repository& one : repositories) {
      if (!done.insert(std::string(absl::StripSuffix(one.url, "/"))).second) {
        continue;
      }
      WEIR_RETURN_IF_ERROR(ctx.status());
      const absl::StatusOr<Url> url = ParseUrl(one.url);
      if (!url.ok() || (url->scheme != "http" && url->scheme != "https")) {
        return absl::InvalidArgumentError(
            absl::StrCat("could not find protocol handler for: ",
                         url.ok() ? url->scheme : one.url));
      }
      const bool is_unmanaged = absl::StartsWith(one.name, kManagerPrefix);
      const absl::Status status = UpdateIndex(ctx, one);
      if (status.ok()) {
        impl_.Print(absl::StrCat("...Successfully got an update from the ",
                                 GoQuote(is_unmanaged ? one.url : one.name),
                                 " chart repository\n"));
      } else if (is_unmanaged) {
        impl_.Print(absl::StrCat("...Unable to get an update from the ",
                                 GoQuote(one.url), " chart repository:\n\t",
                                 status.message(), "\n"));
      } else {
        impl_.Print(absl::StrCat("...Unable to get an update from the ",
                                 GoQuote(one.name), " chart repository (",
                                 one.url, "):\n\t", status.message(), "\n"));
      }
    }
    return absl::OkStatus();
  }

  class NamesOnly : public IndexVisitor {
   public:
    void Visit(const std::string& chart, ChartVersion) override {
      names.insert(chart);
    }
    void Restart() override { names.clear(); }
    std::set<std::string> names;
  };

  absl::Status UpdateIndex(const Context& ctx, const Repository& repository) {
    const std::string& cache = impl_.options.repository_cache;
    WEIR_RETURN_IF_ERROR(MakeDirectories(cache));
    WEIR_ASSIGN_OR_RETURN(const TempDir folder,
                          TempDir::Create(".weir-index-", cache));
    WEIR_ASSIGN_OR_RETURN(
        const std::string path,
        impl_.DownloadIndex(ctx, repository.url, repository.access,
                            folder.path()));
    NamesOnly charts;
    WEIR_RETURN_IF_ERROR(ReadIndex(IndexFile(path), charts,
                                   impl_.OptionsOfIndex(repository.url)));
    std::string text;
    for (const std::string& name : charts.names) {
      absl::StrAppend(&text, name, "\n");
    }
    WEIR_RETURN_IF_ERROR(WriteFileAtomically(
        absl::StrCat(cache, "/", repository.name, "-charts.txt"), text));
    const std::string to = impl_.CachedIndexPath(repository.name);
    if (std::rename(path.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return ErrnoToStatus(errno, absl::StrCat("rename ", to));
  }

  absl::StatusOr<const std::vector<ChartVersion>*> VersionsOf(
      const std::string& repository, const std::string& chart) {
    const auto key = std::make_pair(repository, chart);
    if (versions_.count(key) == 0) {
      // All charts of a repository in one pass over its index.
      std::set<std::string> charts;
      for (const Dependency& one : wanted_) {
        if (names_[one.name] == repository) charts.insert(one.name);
      }
      const std::string path = impl_.CachedIndexPath(repository);
      if (access(path.c_str(), R_OK) != 0) {
        return absl::NotFoundError(
            absl::StrCat("open ", path, ": no such file or directory"));
      }
      WEIR_ASSIGN_OR_RETURN(auto found,
                            ReadChartVersions(IndexFile(path), charts,
                                              impl_.OptionsOfIndex(path)),
                            "error loading ", path);
      for (const std::string& one : charts) {
        const auto of_chart = found.find(one);
        auto& slot = versions_[std::make_pair(repository, one)];
        if (of_chart != found.end()) slot = std::move(of_chart->second);
      }
    }
    const std::optional<std::vector<ChartVersion>>& slot = versions_[key];
    return slot.has_value() ? &*slot : nullptr;
  }

  absl::Status ResolveAll(const Context& ctx) {
    std::vector<std::string> missing;
    for (const Dependency& one : wanted_) {
      Dependency& locked = locked_.emplace_back();
      locked.name = one.name;
      locked.repository = one.repository;
      locked.version = one.version;
      const absl::StatusOr<text::VersionRange> range =
          text::VersionRange::Parse(one.version);
      if (!range.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("dependency ", GoQuote(one.name),
                         " has an invalid version/constraint format: ",
                         range.status().message()));
      }
      if (one.repository.empty()) {
        WEIR_RETURN_IF_ERROR(
            LocalPath(absl::StrCat("charts/", one.name), folder_).status());
        continue;
      }
      WEIR_ASSIGN_OR_RETURN(const bool found,
                            ResolveOne(ctx, one, *range, locked));
      if (!found) missing.push_back(Describe(one));
    }
    if (missing.empty()) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat(
        "can't get a valid version for ", missing.size(),
        " subchart(s): ", absl::StrJoin(missing, ", "),
        ". Make sure a matching chart version exists in the repo, or change "
        "the version constraint in Chart.yaml"));
  }

  // Whether there is a version for it.
  absl::StatusOr<bool> ResolveOne(const Context& ctx, const Dependency& one,
                                  const text::VersionRange& range,
                                  Dependency& locked) {
    if (IsFile(one.repository)) {
      WEIR_ASSIGN_OR_RETURN(const std::string path,
                            LocalPath(one.repository, folder_));
      WEIR_ASSIGN_OR_RETURN(const Chart chart, LoadChart(path));
      const auto version = text::ParseVersion(chart.metadata.version);
      locked.version = chart.metadata.version;
      return version.ok() && range.Contains(*version);
    }
    if (IsOci(one.repository)) {
      if (text::ParseVersion(one.version).ok()) return true;
      WEIR_ASSIGN_OR_RETURN(oci::Client* const client, impl_.Registry());
      WEIR_ASSIGN_OR_RETURN(
          const oci::Reference where,
          oci::ParseReference(absl::StrCat(one.repository, "/", one.name)),
          "could not retrieve list of tags for repository ", one.repository);
      WEIR_ASSIGN_OR_RETURN(
          const std::vector<std::string> tags, client->ListTags(ctx, where),
          "could not retrieve list of tags for repository ", one.repository);
      const absl::StatusOr<std::string> tag = PickTag(tags, one.version);
      if (tag.ok()) locked.version = *tag;
      return true;
    }
    const std::string& name = names_[one.name];
    const absl::StatusOr<const std::vector<ChartVersion>*> versions =
        VersionsOf(name, one.name);
    if (!versions.ok()) {
      return absl::Status(versions.status().code(),
                          absl::StrCat("no cached repository for ", name,
                                       " found. (try 'helm repo update'): ",
                                       versions.status().message()));
    }
    if (*versions == nullptr) {
      return absl::NotFoundError(
          absl::StrCat(one.name, " chart not found in repo ", one.repository));
    }
    for (const ChartVersion& version : **versions) {
      const auto parsed = text::ParseVersion(version.metadata.version);
      if (!parsed.ok() || version.urls.empty() || !range.Contains(*parsed)) {
        continue;
      }
      locked.version = version.metadata.version;
      return true;
    }
    return false;
  }

  absl::Status DownloadAll(const Context& ctx) {
    const std::string charts = absl::StrCat(folder_, "/charts");
    struct stat info;
    if (stat(charts.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(GoQuote(charts), " is not a directory"));
    }
    WEIR_RETURN_IF_ERROR(MakeDirectories(charts));
    const std::string temporary =
        absl::StrCat(folder_, "/tmpcharts-", getpid());
    WEIR_RETURN_IF_ERROR(MakeDirectories(temporary));
    const auto remover =
        absl::MakeCleanup([&temporary] { RemoveAll(temporary).IgnoreError(); });
    impl_.Print(absl::StrCat("Saving ", locked_.size(), " charts\n"));
    for (Dependency& one : locked_) {
      const absl::Status status = Download(ctx, one, charts, temporary);
      if (status.ok()) continue;
      impl_.Print(
          absl::StrCat("Save error occurred:  ", status.message(), "\n"));
      return status;
    }
    return MoveAll(temporary, charts);
  }

  absl::Status Download(const Context& ctx, Dependency& one,
                        const std::string& charts,
                        const std::string& temporary) {
    if (one.repository.empty()) return CheckLocal(one, charts);
    if (IsFile(one.repository)) return PackageLocal(one, temporary);
    std::string url;
    ChartFetcher::Impl::Location location;
    if (IsOci(one.repository)) {
      url = absl::StrCat(one.repository, "/", one.name, ":", one.version);
    } else {
      WEIR_RETURN_IF_ERROR(FindUrl(one, location), "could not find ",
                           location.url);
      url = location.url;
    }
    if (!downloaded_.insert(url).second) {
      impl_.Print(absl::StrCat("Already downloaded ", one.name, " from repo ",
                               one.repository, "\n"));
      return absl::OkStatus();
    }
    impl_.Print(absl::StrCat("Downloading ", one.name, " from repo ",
                             one.repository, "\n"));
    absl::StatusOr<ChartFetcher::Impl::Archive> archive =
        IsOci(url)
            ? impl_.FetchOci(ctx, absl::StrCat(one.repository, "/", one.name),
                             one.version, false)
            : impl_.Fetch(ctx, location, false);
    WEIR_RETURN_IF_ERROR(
        archive.status(), "could not download ",
        IsOci(url) ? absl::StrCat(one.repository, "/", one.name) : url);
    return WriteFileAtomically(
        absl::StrCat(temporary, "/", BaseName(archive->file_name)),
        archive->bytes);
  }

  absl::Status FindUrl(const Dependency& one,
                       ChartFetcher::Impl::Location& location) {
    const std::string& name = names_[one.name];
    WEIR_ASSIGN_OR_RETURN(const std::vector<ChartVersion>* versions,
                          VersionsOf(name, one.name));
    if (versions == nullptr) return absl::NotFoundError("entry not found");
    for (const ChartVersion& version : *versions) {
      if (version.urls.empty() ||
          (!one.version.empty() &&
           !IsSameVersion(one.version, version.metadata.version))) {
        continue;
      }
      WEIR_ASSIGN_OR_RETURN(
          location.url, ResolveReferenceUrl(one.repository, version.urls[0]));
      location.digest = version.digest;
      location.credentials_url = one.repository;
      for (const Repository& repository : *known_) {
        if (repository.name == name) location.access = repository.access;
      }
      return absl::OkStatus();
    }
    return absl::NotFoundError("no matching version");
  }

  absl::Status CheckLocal(const Dependency& one, const std::string& charts) {
    impl_.Print(absl::StrCat(
        "Dependency ", one.name,
        " did not declare a repository. Assuming it exists in the charts "
        "directory\n"));
    const std::string path = absl::StrCat(charts, "/", one.name);
    const absl::StatusOr<Chart> chart = LoadChart(path);
    if (!chart.ok()) {
      return absl::Status(chart.status().code(),
                          absl::StrCat("unable to load chart '", path,
                                       "': ", chart.status().message()));
    }
    WEIR_ASSIGN_OR_RETURN(
        const text::VersionRange range, text::VersionRange::Parse(one.version),
        "dependency ", one.name, " has an invalid version/constraint format");
    WEIR_ASSIGN_OR_RETURN(const text::Version version,
                          text::ParseVersion(chart->metadata.version),
                          "invalid version ", one.version, " for dependency ",
                          one.name);
    if (range.Contains(version)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "dependency ", one.name, " at version ", chart->metadata.version,
        " does not satisfy the constraint ", one.version));
  }

  absl::Status PackageLocal(Dependency& one, const std::string& temporary) {
    WEIR_ASSIGN_OR_RETURN(const std::string path,
                          LocalPath(one.repository, folder_));
    LoadOptions options;
    options.keep_values_text = true;
    WEIR_ASSIGN_OR_RETURN(const Chart chart, LoadChart(path, options));
    one.version = chart.metadata.version;
    std::string bytes;
    WEIR_RETURN_IF_ERROR(
        PackageChart(chart, absl::Now(), [&bytes](absl::string_view more) {
          bytes.append(more.data(), more.size());
          return absl::OkStatus();
        }));
    return WriteFileAtomically(absl::StrCat(temporary, "/", PackageName(chart)),
                               bytes);
  }

  absl::Status MoveAll(const std::string& from, const std::string& to) {
    const std::vector<std::string> old = FilesIn(to);
    std::set<std::string> added;
    for (const std::string& name : FilesIn(from)) {
      added.insert(name);
      const std::string path = absl::StrCat(from, "/", name);
      if (const absl::Status status = LoadChart(path).status(); !status.ok()) {
        impl_.Print(absl::StrCat("Could not verify ", path, " for moving: ",
                                 status.message(), " (Skipping)"));
        continue;
      }
      if (std::rename(path.c_str(), absl::StrCat(to, "/", name).c_str()) != 0) {
        return ErrnoToStatus(errno, absl::StrCat("rename ", path));
      }
    }
    impl_.Print("Deleting outdated charts\n");
    for (const std::string& name : old) {
      if (added.count(name) > 0) continue;
      const std::string path = absl::StrCat(to, "/", name);
      const absl::StatusOr<Chart> chart = LoadChart(path);
      if (!chart.ok()) {
        impl_.Print(absl::StrCat("Could not verify ", path, " for deletion: ",
                                 chart.status().message(), " (Skipping)\n"));
        continue;
      }
      bool is_local = false;
      for (const Dependency& one : locked_) {
        is_local |= one.repository.empty() && one.name == chart->name();
      }
      if (!is_local) unlink(path.c_str());
    }
    return absl::OkStatus();
  }

  absl::Status WriteLock(const Chart& chart) {
    Lock lock;
    lock.dependencies = locked_;
    lock.digest = LockDigest(wanted_, locked_);
    if (chart.lock.has_value() && chart.lock->digest == lock.digest) {
      return absl::OkStatus();
    }
    lock.generated =
        absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
    const std::string name =
        chart.metadata.api_version == "v1" ? "requirements.lock" : "Chart.lock";
    const std::string path = absl::StrCat(folder_, "/", name);
    std::error_code error;
    if (std::filesystem::is_symlink(path, error)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the ", name, " file is a symlink to ",
          GoQuote(std::filesystem::read_symlink(path, error).string())));
    }
    return WriteFileAtomically(path, FormatLock(lock));
  }

  ChartFetcher::Impl& impl_;
  const std::string folder_;
  const std::vector<Repository>* known_ = nullptr;
  std::vector<Dependency> wanted_;
  std::vector<Dependency> locked_;
  std::map<std::string, std::string> names_;
  // By repository and chart; nothing: the index has no such chart.
  std::map<std::pair<std::string, std::string>,
           std::optional<std::vector<ChartVersion>>>
      versions_;
  std::set<std::string> downloaded_;
};

absl::Status ChartFetcher::UpdateDependencies(const Context& ctx,
                                              const std::string& folder) {
  return DependencyUpdate(*impl_, folder).Run(ctx);
}

}  // namespace weir::helm
