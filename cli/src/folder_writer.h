// Writes documents to files below a folder, as `helm template --output-dir`.
//
// Touches: files below the folders that it is given.
// Threads: one thread.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace weir::cli {

class FolderWriter {
 public:
  // `say` is told of each document.
  explicit FolderWriter(std::function<void(absl::string_view)> say);

  // The first document of a name replaces what is in the file, others are
  // appended. Links are followed. Errors: in the words of Go's os.
  absl::Status WriteOnce(const std::string& folder, const std::string& name,
                         absl::string_view content);
  // Appends wherever there is a file.
  absl::Status WriteOrAppend(const std::string& folder, const std::string& name,
                             absl::string_view content);

 private:
  absl::Status Write(const std::string& path, const std::string& name,
                     absl::string_view content, bool append);

  std::function<void(absl::string_view)> say_;
  std::set<std::string> written_;
};

}  // namespace weir::cli
