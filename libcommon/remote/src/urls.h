// Texts of Git: URLs of repositories and of their submodules.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::remote {

// "user@host:path" as a URL; other texts as they are.
std::string UrlOfScp(absl::string_view repository);
// The URL of a submodule, which may be relative to its repository's.
std::string ResolveSubmoduleUrl(absl::string_view parent,
                                absl::string_view url);
// `url` of each section of a .gitmodules file, by `path`.
std::map<std::string, std::string> ReadModules(absl::string_view text);

}  // namespace weir::remote
