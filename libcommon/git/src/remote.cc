#include "weir/git/remote.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/libgit.h"
#include "src/upload_pack.h"
#include "src/url.h"
#include "src/wire.h"
#include "weir/base/file.h"
#include "weir/base/status.h"

namespace weir::git {
namespace {

// References of ours that keep what was fetched last.
constexpr char kKeepPrefix[] = "refs/weir/";
constexpr int kInfiniteDepth = 0x7fffffff;

std::string ShallowFile(const std::string& store) {
  return absl::StrCat(store, "/shallow");
}

std::vector<Oid> ReadShallow(const std::string& store) {
  std::vector<Oid> out;
  const absl::StatusOr<std::string> text = ReadFile(ShallowFile(store));
  if (!text.ok()) return out;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const absl::StatusOr<Oid> oid = ParseOid(line);
    if (oid.ok()) out.push_back(*oid);
  }
  return out;
}

absl::Status WriteShallow(const std::string& store, std::vector<Oid> oids) {
  std::sort(oids.begin(), oids.end());
  oids.erase(std::unique(oids.begin(), oids.end()), oids.end());
  std::string text;
  for (const Oid& oid : oids) absl::StrAppend(&text, oid.ToHex(), "\n");
  return WriteFileAtomically(ShallowFile(store), text, 0600);
}

// What was fetched into the store before.
std::vector<Oid> ReadKept(git_repository* repository) {
  std::vector<Oid> out;
  git_reference_iterator* raw = nullptr;
  if (git_reference_iterator_glob_new(
          &raw, repository, absl::StrCat(kKeepPrefix, "*").c_str()) != 0) {
    return out;
  }
  const ReferenceIteratorPtr iterator(raw);
  const char* name = nullptr;
  while (git_reference_next_name(&name, raw) == 0) {
    const absl::StatusOr<Oid> oid =
        ParseOid(absl::StripPrefix(name, kKeepPrefix));
    if (oid.ok()) out.push_back(*oid);
  }
  return out;
}

absl::Status Keep(git_repository* repository, const std::vector<Oid>& before,
                  const std::vector<Oid>& wants) {
  for (const Oid& oid : wants) {
    const git_oid id = ToLibgit(oid);
    git_reference* raw = nullptr;
    const int error = git_reference_create(
        &raw, repository, absl::StrCat(kKeepPrefix, oid.ToHex()).c_str(), &id,
        /*force=*/1, nullptr);
    if (error != 0) return LibgitError(error, "recording what was fetched");
    git_reference_free(raw);
  }
  for (const Oid& oid : before) {
    if (std::find(wants.begin(), wants.end(), oid) != wants.end()) continue;
    git_reference_remove(repository,
                         absl::StrCat(kKeepPrefix, oid.ToHex()).c_str());
  }
  return absl::OkStatus();
}

// The pack that is being stored.
class PackWriter {
 public:
  // `max_bytes`: 0 for any number.
  static absl::StatusOr<PackWriter> Start(git_odb* odb, size_t max_bytes) {
    PackWriter out;
    out.max_bytes_ = max_bytes;
    const int error = git_odb_write_pack(&out.pack_, odb, nullptr, nullptr);
    if (error != 0) return LibgitError(error, "storing the pack");
    return out;
  }
  PackWriter(PackWriter&& other) noexcept
      : pack_(std::exchange(other.pack_, nullptr)),
        stats_(other.stats_),
        max_bytes_(other.max_bytes_),
        bytes_(other.bytes_) {}
  ~PackWriter() {
    if (pack_ != nullptr) pack_->free(pack_);
  }

  absl::Status Append(absl::string_view bytes) {
    bytes_ += bytes.size();
    if (max_bytes_ != 0 && bytes_ > max_bytes_) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "what the repository sends is larger than ", max_bytes_, " bytes"));
    }
    const int error = pack_->append(pack_, bytes.data(), bytes.size(), &stats_);
    return error == 0 ? absl::OkStatus()
                      : LibgitError(error, "storing the pack");
  }
  absl::Status Commit() {
    const int error = pack_->commit(pack_, &stats_);
    return error == 0 ? absl::OkStatus()
                      : LibgitError(error, "storing the pack");
  }

 private:
  PackWriter() = default;
  git_odb_writepack* pack_ = nullptr;
  git_indexer_progress stats_{};
  size_t max_bytes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

struct Remote::Impl {
  explicit Impl(RemoteOptions o) : options(std::move(o)) {}

  absl::Status ConnectWire(const Context& ctx, Url url);
  absl::Status ConnectLocal(const std::string& path);
  absl::Status FetchLocal(Repository* into);
  absl::Status FetchWire(const Context& ctx, const std::vector<Oid>& wants,
                         int depth, Repository* into);

  const RemoteOptions options;
  std::unique_ptr<Wire> wire;  // Null: local.
  RepositoryPtr local;
  Advertisement advertisement;
  absl::flat_hash_map<absl::string_view, const RemoteRef*> by_name;
};

absl::Status Remote::Impl::ConnectWire(const Context& ctx, Url url) {
  if (url.scheme == "ssh") {
    wire = MakeSshWire(options, std::move(url));
  } else {
    if (options.http_client == nullptr) {
      return absl::InvalidArgumentError("no HTTP client was given");
    }
    wire = MakeHttpWire(options, std::move(url));
  }
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<ByteReader> bytes,
                        wire->Advertisement(ctx));
  PktReader reader(std::move(bytes));
  WEIR_ASSIGN_OR_RETURN(advertisement, ReadAdvertisement(ctx, reader));
  return absl::OkStatus();
}

absl::Status Remote::Impl::ConnectLocal(const std::string& path) {
  InitLibgit();
  git_repository* raw = nullptr;
  int error = git_repository_open_ext(&raw, path.c_str(),
                                      GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
  if (error != 0) {
    return absl::NotFoundError(absl::StrCat("repository not found: ", path));
  }
  local.reset(raw);
  const auto add = [&](absl::string_view name, const git_oid& id) {
    RemoteRef ref{std::string(name), FromLibgit(id), std::nullopt};
    git_object* object = nullptr;
    if (git_object_lookup(&object, raw, &id, GIT_OBJECT_TAG) == 0) {
      const ObjectPtr tag(object);
      git_object* peeled = nullptr;
      if (git_object_peel(&peeled, object, GIT_OBJECT_COMMIT) == 0) {
        ref.peeled = FromLibgit(*git_object_id(peeled));
        git_object_free(peeled);
      }
    }
    advertisement.refs.push_back(std::move(ref));
  };
  git_oid id;
  if (git_reference_name_to_id(&id, raw, "HEAD") == 0) add("HEAD", id);
  git_reference* head = nullptr;
  if (git_reference_lookup(&head, raw, "HEAD") == 0) {
    const char* target = git_reference_symbolic_target(head);
    if (target != nullptr) advertisement.head_target = target;
    git_reference_free(head);
  }
  git_strarray names{};
  error = git_reference_list(&names, raw);
  if (error != 0) return LibgitError(error, "listing references");
  const absl::Cleanup dispose = [&names] { git_strarray_dispose(&names); };
  std::vector<absl::string_view> sorted(names.strings,
                                        names.strings + names.count);
  std::sort(sorted.begin(), sorted.end());
  for (const absl::string_view name : sorted) {
    if (git_reference_name_to_id(&id, raw, std::string(name).c_str()) == 0) {
      add(name, id);
    }
  }
  return absl::OkStatus();
}

// Nothing is copied: the store reads the objects where they are.
absl::Status Remote::Impl::FetchLocal(Repository* into) {
  const std::string objects =
      absl::StrCat(git_repository_commondir(local.get()), "objects");
  const int error =
      git_odb_add_disk_alternate(into->impl_->odb.get(), objects.c_str());
  if (error != 0) return LibgitError(error, "opening the local repository");
  return absl::OkStatus();
}

absl::Status Remote::Impl::FetchWire(const Context& ctx,
                                     const std::vector<Oid>& wants, int depth,
                                     Repository* into) {
  git_repository* const repository = into->impl_->repository.get();
  FetchPlan plan;
  plan.wants = wants;
  plan.haves = ReadKept(repository);
  plan.shallow = ReadShallow(into->path());
  plan.depth = depth;
  // The whole history of what we have a part of must be asked for.
  if (depth == 0 && !plan.shallow.empty()) plan.depth = kInfiniteDepth;
  WEIR_ASSIGN_OR_RETURN(
      std::unique_ptr<ByteReader> bytes,
      wire->Send(ctx, BuildRequest(plan, advertisement, options.user_agent)));
  PktReader reader(std::move(bytes));
  WEIR_ASSIGN_OR_RETURN(
      PackWriter pack,
      PackWriter::Start(into->impl_->odb.get(), options.max_pack_bytes));
  WEIR_ASSIGN_OR_RETURN(const FetchAnswer answer,
                        ReadAnswer(ctx, plan, advertisement, reader,
                                   [&](absl::string_view part) -> absl::Status {
                                     WEIR_RETURN_IF_ERROR(ctx.status());
                                     return pack.Append(part);
                                   }));
  WEIR_RETURN_IF_ERROR(pack.Commit());
  std::vector<Oid> shallow = plan.shallow;
  shallow.insert(shallow.end(), answer.shallow.begin(), answer.shallow.end());
  std::erase_if(shallow, [&](const Oid& oid) {
    return std::find(answer.unshallow.begin(), answer.unshallow.end(), oid) !=
           answer.unshallow.end();
  });
  if (shallow != plan.shallow) {
    WEIR_RETURN_IF_ERROR(WriteShallow(into->path(), std::move(shallow)));
  }
  git_odb_refresh(into->impl_->odb.get());
  for (const Oid& oid : wants) {
    const git_oid id = ToLibgit(oid);
    if (!git_odb_exists(into->impl_->odb.get(), &id)) {
      return absl::DataLossError(
          absl::StrCat("the git server did not send object ", oid.ToHex()));
    }
  }
  return Keep(repository, plan.haves, wants);
}

absl::Status CheckUrl(absl::string_view url) { return ParseUrl(url).status(); }

Remote::Remote(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Remote::~Remote() = default;

absl::StatusOr<std::unique_ptr<Remote>> Remote::Connect(const Context& ctx,
                                                        RemoteOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  const std::string& text = impl->options.url;
  if (impl->options.allow_local && absl::StartsWith(text, "/")) {
    WEIR_RETURN_IF_ERROR(impl->ConnectLocal(text));
  } else {
    WEIR_ASSIGN_OR_RETURN(Url url, ParseUrl(text));
    if (impl->options.allow_local && url.scheme == "file") {
      WEIR_RETURN_IF_ERROR(impl->ConnectLocal(url.path));
    } else if (url.scheme == "http" || url.scheme == "https" ||
               url.scheme == "ssh") {
      WEIR_RETURN_IF_ERROR(impl->ConnectWire(ctx, std::move(url)));
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("unsupported URL scheme \"", url.scheme, "\""));
    }
  }
  for (const RemoteRef& ref : impl->advertisement.refs) {
    impl->by_name.try_emplace(ref.name, &ref);
  }
  return std::unique_ptr<Remote>(new Remote(std::move(impl)));
}

const std::vector<RemoteRef>& Remote::refs() const {
  return impl_->advertisement.refs;
}

const RemoteRef* Remote::Find(absl::string_view name) const {
  const auto it = impl_->by_name.find(name);
  return it == impl_->by_name.end() ? nullptr : it->second;
}

const std::string& Remote::head_target() const {
  return impl_->advertisement.head_target;
}

absl::Status Remote::Fetch(const Context& ctx, const std::vector<Oid>& wants,
                           int depth, Repository* into) {
  if (impl_->local != nullptr) return impl_->FetchLocal(into);
  return impl_->FetchWire(ctx, wants, depth, into);
}

bool Remote::CanFetchAnyCommit() const {
  const auto& has = impl_->advertisement.capabilities;
  return impl_->local != nullptr ||
         has.contains("allow-reachable-sha1-in-want") ||
         has.contains("allow-any-sha1-in-want");
}

}  // namespace weir::git
