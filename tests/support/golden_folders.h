// Folders of cases that other programs made: their names, their files, and the
// names that GoogleTest gives them.
//
// Touches: files of the cases.
// Threads: pure functions.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "weir/base/file.h"

namespace weir::test {

// The folders in `folder`, sorted.
inline std::vector<std::string> CaseNames(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The file's contents; "" when there is none.
inline std::string ReadOrEmpty(const std::string& path) {
  return ReadFile(path).value_or("");
}

// For INSTANTIATE_TEST_SUITE_P.
inline std::string NameOfCase(const testing::TestParamInfo<std::string>& info) {
  return absl::StrReplaceAll(info.param, {{"-", "_"}});
}

}  // namespace weir::test
