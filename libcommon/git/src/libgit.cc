#include "src/libgit.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace weir::git {

void InitLibgit() {
  static const bool kStarted = [] {
    git_libgit2_init();
    // Nothing of the machine's configuration may change what we do.
    for (const int level :
         {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
          GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    // Volumes often belong to another user than the process.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    // Each object is read once: caches only cost memory.
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, ssize_t{4 << 20});
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, size_t{1 << 20});
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, size_t{32 << 20});
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
    return true;
  }();
  (void)kStarted;
}

absl::Status LibgitError(int code, absl::string_view what) {
  const int os_error = errno;
  const git_error* error = git_error_last();
  const absl::string_view text = error != nullptr && error->message != nullptr
                                     ? error->message
                                     : "unknown error";
  const std::string message = absl::StrCat(what, ": ", text);
  switch (code) {
    case GIT_ENOTFOUND:
      return absl::NotFoundError(message);
    case GIT_EEXISTS:
      return absl::AlreadyExistsError(message);
    case GIT_EUSER:
      return absl::CancelledError(message);
    default:
      break;
  }
  if (absl::StrContains(text, strerror(ENOSPC)) ||
      (error != nullptr && error->klass == GIT_ERROR_OS &&
       os_error == ENOSPC)) {
    return absl::ResourceExhaustedError(message);
  }
  return absl::DataLossError(message);
}

git_oid ToLibgit(const Oid& oid) {
  git_oid out;
  git_oid_fromraw(&out, oid.bytes.data());
  return out;
}

Oid FromLibgit(const git_oid& oid) {
  Oid out;
  std::memcpy(out.bytes.data(), oid.id, out.bytes.size());
  return out;
}

}  // namespace weir::git
