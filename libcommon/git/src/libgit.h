// What every user of libgit2 needs: its set-up, owners of its objects, and its
// errors as Status.
//
// Touches: process (libgit2's settings, once).
// Threads: pure functions.
#pragma once

#include <git2.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "weir/git/repository.h"

namespace weir::git {

// Starts libgit2 once for the process: no configuration files, small caches.
void InitLibgit();

template <typename T, void (*kFree)(T*)>
struct LibgitDeleter {
  void operator()(T* object) const { kFree(object); }
};
template <typename T, void (*kFree)(T*)>
using LibgitPtr = std::unique_ptr<T, LibgitDeleter<T, kFree>>;

using RepositoryPtr = LibgitPtr<git_repository, git_repository_free>;
using OdbPtr = LibgitPtr<git_odb, git_odb_free>;
using OdbObjectPtr = LibgitPtr<git_odb_object, git_odb_object_free>;
using ObjectPtr = LibgitPtr<git_object, git_object_free>;
using TreePtr = LibgitPtr<git_tree, git_tree_free>;
using CommitPtr = LibgitPtr<git_commit, git_commit_free>;
using TagPtr = LibgitPtr<git_tag, git_tag_free>;
using ReferencePtr = LibgitPtr<git_reference, git_reference_free>;
using ReferenceIteratorPtr =
    LibgitPtr<git_reference_iterator, git_reference_iterator_free>;

// The last error of libgit2 on this thread: GIT_ENOTFOUND kNotFound,
// GIT_EEXISTS kAlreadyExists, no space left kResourceExhausted, else kDataLoss.
absl::Status LibgitError(int code, absl::string_view what);

git_oid ToLibgit(const Oid& oid);
Oid FromLibgit(const git_oid& oid);

struct Repository::Impl {
  std::string path;
  RepositoryPtr repository;
  OdbPtr odb;
};

}  // namespace weir::git
