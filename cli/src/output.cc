#include "output.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace weir::cli {
namespace {

void Say(absl::string_view symbol, absl::string_view text) {
  const std::string line = absl::StrCat(symbol, " ", text, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

// What a person can do about an error; "" when the error says it itself.
absl::string_view Advice(const absl::Status& status) {
  if (absl::IsNotFound(status) &&
      absl::StrContains(status.message(), "names a cluster")) {
    return "give --kubeconfig FILE, or start a cluster of your own with "
           "`weir up`";
  }
  if (absl::IsNotFound(status) &&
      absl::StrContains(status.message(), "no matches for kind")) {
    return "the cluster does not serve this kind: install its CRDs, or look "
           "at another cluster with --kubeconfig or --context";
  }
  if (absl::StrContains(status.message(), "namespace not specified")) {
    return "the manifests name no namespace: give them one, or say "
           "`--target-namespace default`";
  }
  if (absl::IsUnauthenticated(status)) {
    return "the cluster does not accept the kubeconfig's credentials: check "
           "the user of the current context";
  }
  if (absl::IsUnavailable(status)) {
    return "is the API server running, and is it the one you mean? Check "
           "--kubeconfig and --context";
  }
  return "";
}

}  // namespace

void PrintAction(absl::string_view text) { Say("►", text); }
void PrintWaiting(absl::string_view text) { Say("◎", text); }
void PrintSuccess(absl::string_view text) { Say("✔", text); }
void PrintFailure(absl::string_view text) { Say("✗", text); }
void PrintWarning(absl::string_view text) { Say("⚠️", text); }

int Fail(const absl::Status& status) {
  PrintFailure(absl::string_view(status.message()));
  if (const absl::string_view advice = Advice(status); !advice.empty()) {
    Say(" ", advice);
  }
  return 1;
}

size_t DisplayWidth(absl::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string FormatTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows,
                        bool with_header) {
  std::vector<size_t> widths(header.size(), 0);
  const auto measure = [&](const std::vector<std::string>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(cells[i]));
    }
  };
  if (with_header) measure(header);
  for (const auto& row : rows) measure(row);

  std::string out;
  const auto add = [&](const std::string& cell, size_t column) {
    absl::StrAppend(&out, cell,
                    std::string(widths[column] - DisplayWidth(cell), ' '));
  };
  if (with_header) {
    for (size_t i = 0; i < header.size(); ++i) {
      add(absl::AsciiStrToUpper(header[i]), i);
      out.push_back(i + 1 < header.size() ? '\t' : '\n');
    }
  }
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      add(absl::StrReplaceAll(row[i], {{"\n", " "}}), i);
      out.push_back('\t');
    }
    out.push_back('\n');
  }
  return out;
}

void Print(absl::string_view text) {
  PrintPiece(text);
  std::fflush(stdout);
}

void PrintPiece(absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace weir::cli
