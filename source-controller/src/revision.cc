#include "src/revision.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace weir::source {
namespace {

constexpr int kMaxSubjectCharacters = 50;

}  // namespace

absl::string_view ShortReference(absl::string_view reference) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(reference, absl::MaxSplits('/', 2));
  return parts.size() == 3 ? parts[2] : reference;
}

std::string MakeRevision(absl::string_view name, const git::Oid& commit) {
  return absl::StrCat(name, name.empty() ? "" : "@", "sha1:", commit.ToHex());
}

std::string ModernRevision(absl::string_view revision) {
  const size_t slash = revision.rfind('/');
  if (slash == absl::string_view::npos || absl::StrContains(revision, ':')) {
    return std::string(revision);
  }
  const auto commit = git::ParseOid(revision.substr(slash + 1));
  if (!commit.ok()) return std::string(revision);
  const absl::string_view name = revision.substr(0, slash);
  return MakeRevision(name == "HEAD" ? "" : name, *commit);
}

std::string ShortMessage(absl::string_view message) {
  const absl::string_view subject = message.substr(0, message.find('\n'));
  int characters = 0;
  for (size_t i = 0; i < subject.size(); ++i) {
    const bool starts_one =
        (static_cast<unsigned char>(subject[i]) & 0xC0) != 0x80;
    if (starts_one && characters++ == kMaxSubjectCharacters) {
      return absl::StrCat(subject.substr(0, i), "...");
    }
  }
  return std::string(subject);
}

}  // namespace weir::source
