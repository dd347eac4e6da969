#include "folder_source.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/duration.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = size_t{512} << 20;
constexpr int kMaxDepth = 64;
constexpr size_t kMaxFiles = 200'000;
constexpr size_t kMaxKept = size_t{16} << 20;  // Packed.
constexpr absl::Duration kWriteTimeout = absl::Seconds(30);

// Version control, our own data, and what editors leave behind.
bool IsSkipped(absl::string_view name) {
  return name == ".git" || name == ".weir" || absl::EndsWith(name, "~") ||
         absl::EndsWith(name, ".swp") || absl::StartsWith(name, ".#") ||
         name == "4913";
}

struct Entry {
  std::string name;  // Relative.
  bool is_directory = false;
  bool is_executable = false;
};

// What is in the folder, a folder before what is in it, names in byte order.
// Symlinks are left out, as in every artifact.
absl::Status ListFolder(const std::string& root, const std::string& below,
                        int depth, std::vector<Entry>& entries) {
  if (depth > kMaxDepth) {
    return absl::ResourceExhaustedError(absl::StrCat(
        root, "/", below, ": folders nested deeper than ", kMaxDepth));
  }
  const std::string path =
      below.empty() ? root : absl::StrCat(root, "/", below);
  std::error_code error;
  std::vector<Entry> here;
  for (fs::directory_iterator at(path, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    const fs::file_status status = at->symlink_status(error);
    if (error) break;
    const bool is_directory = fs::is_directory(status);
    if (IsSkipped(name) || (!is_directory && !fs::is_regular_file(status))) {
      continue;
    }
    here.push_back(
        {below.empty() ? name : absl::StrCat(below, "/", name), is_directory,
         (status.permissions() & fs::perms::owner_exec) != fs::perms::none});
  }
  if (error) return ErrnoToStatus(error.value(), path);
  std::sort(here.begin(), here.end(),
            [](const Entry& a, const Entry& b) { return a.name < b.name; });
  for (Entry& entry : here) {
    if (entries.size() >= kMaxFiles) {
      return absl::ResourceExhaustedError(
          absl::StrCat(root, ": more than ", kMaxFiles, " files"));
    }
    entries.push_back(entry);
    if (entry.is_directory) {
      WEIR_RETURN_IF_ERROR(ListFolder(root, entry.name, depth + 1, entries));
    }
  }
  return absl::OkStatus();
}

absl::Status PackFolder(const std::string& root, const archive::Sink& sink) {
  std::vector<Entry> entries;
  WEIR_RETURN_IF_ERROR(ListFolder(root, "", 0, entries));
  archive::GzipWriter gzip(sink);
  archive::TarWriter tar(
      [&](absl::string_view bytes) { return gzip.Write(bytes); });
  for (const Entry& entry : entries) {
    if (entry.is_directory) {
      WEIR_RETURN_IF_ERROR(tar.AddDirectory(entry.name));
      continue;
    }
    const auto contents =
        ReadFile(absl::StrCat(root, "/", entry.name), kMaxFileBytes);
    // A file may go while we look.
    if (absl::IsNotFound(contents.status())) continue;
    WEIR_RETURN_IF_ERROR(contents);
    WEIR_RETURN_IF_ERROR(
        tar.AddFile(entry.name, entry.is_executable, *contents));
  }
  WEIR_RETURN_IF_ERROR(tar.Finish());
  return gzip.Finish();
}

Value ReadyCondition(const artifact::Artifact& artifact, int64_t generation) {
  Value condition;
  condition.Set("type", "Ready");
  condition.Set("status", "True");
  condition.Set("reason", "Succeeded");
  condition.Set("message", absl::StrCat("stored artifact for revision '",
                                        artifact.revision, "'"));
  condition.Set("observedGeneration", generation);
  condition.Set("lastTransitionTime",
                FormatKubeTime(artifact.last_update_time));
  return condition;
}

}  // namespace

FolderSource::FolderSource(const kube::Client& client,
                           const artifact::Storage& storage,
                           artifact::Registry& registry,
                           FolderSourceOptions options)
    : client_(client),
      storage_(storage),
      registry_(registry),
      options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<FolderSource>> FolderSource::Start(
    const Context& ctx, const kube::Client& client,
    const artifact::Storage& storage, artifact::Registry& registry,
    FolderSourceOptions options) {
  std::unique_ptr<FolderSource> source(
      new FolderSource(client, storage, registry, std::move(options)));
  WEIR_RETURN_IF_ERROR(source->Publish(ctx), "publishing ",
                       source->options_.folder);
  FolderSource* const self = source.get();
  WEIR_ASSIGN_OR_RETURN(
      source->watcher_,
      FolderWatcher::Start(
          {.root = source->options_.folder, .is_skipped = IsSkipped},
          [self, ctx] {
            const absl::Status status =
                self->Publish(ctx.WithTimeout(kWriteTimeout));
            if (!status.ok()) self->options_.on_published(status);
          }));
  return source;
}

absl::Status FolderSource::Publish(const Context& ctx) {
  const artifact::SourceKey key{"ExternalArtifact", options_.key.name_space,
                                options_.key.name};
  // The digest of the contents names the revision, so it has to be known
  // before they are written. They are kept until then, unless that is too much:
  // a large folder is packed once more.
  crypto::Hasher hasher(crypto::DigestAlgorithm::kSha256);
  std::optional<std::string> packed = "";
  WEIR_RETURN_IF_ERROR(
      PackFolder(options_.folder, [&](absl::string_view bytes) {
        hasher.Update(bytes);
        if (packed.has_value() && packed->size() + bytes.size() > kMaxKept) {
          packed.reset();
        }
        if (packed.has_value()) packed->append(bytes.data(), bytes.size());
        return absl::OkStatus();
      }));
  const crypto::Digest contents = hasher.Finish();
  const std::string digest = contents.ToString();
  if (digest == digest_) return absl::OkStatus();
  artifact::Artifact artifact =
      storage_.MakeArtifact(key, absl::StrCat("latest@", digest),
                            absl::StrCat(contents.hex, ".tar.gz"));
  WEIR_RETURN_IF_ERROR(storage_.Write(
      ctx,
      [&](const archive::Sink& sink) {
        return packed.has_value() ? sink(*packed)
                                  : PackFolder(options_.folder, sink);
      },
      &artifact));
  registry_.Publish(key, artifact);
  WEIR_RETURN_IF_ERROR(WriteObject(ctx, artifact));
  digest_ = digest;
  storage_.CollectGarbage(ctx, artifact).status().IgnoreError();
  options_.on_published(artifact.revision);
  return absl::OkStatus();
}

absl::Status FolderSource::WriteObject(
    const Context& ctx, const artifact::Artifact& artifact) const {
  Value object;
  object.Set("apiVersion", "source.toolkit.fluxcd.io/v1");
  object.Set("kind", "ExternalArtifact");
  object.Mutable("metadata").Set("name", options_.key.name);
  object.Mutable("metadata").Set("namespace", options_.key.name_space);
  const kube::WriteOptions write{.field_manager = "weir", .force = true};
  WEIR_ASSIGN_OR_RETURN(const Value live, client_.Apply(ctx, object, write));

  Value stored;
  stored.Set("url", artifact.url);
  stored.Set("path", artifact.path);
  stored.Set("revision", artifact.revision);
  stored.Set("digest", artifact.digest);
  stored.Set("lastUpdateTime", FormatKubeTime(artifact.last_update_time));
  stored.Set("size", artifact.size);
  Value& status = object.Mutable("status");
  status.Set("artifact", std::move(stored));
  status.Mutable("conditions")
      .Append(ReadyCondition(artifact, live["metadata"].GetInt("generation")));
  return client_.Apply(ctx, object, write, "status").status();
}

}  // namespace weir::cli
