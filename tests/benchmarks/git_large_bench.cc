// Fetches one commit of many files over SSH and writes its artifact; prints
// how long that took and the peak of this process' resident memory.
//
//   git_large_bench [files=100000] [bytes per file=10240]
//
// Budget: 100,000 files of 1 GB in under 150 MiB.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "src/source_tree.h"
#include "tests/support/git_servers.h"
#include "weir/base/file.h"
#include "weir/git/remote.h"
#include "weir/git/repository.h"

namespace {

using weir::Context;

// A commit of random files, streamed into git.
constexpr char kGenerate[] = R"(
import os, sys
files, size = int(sys.argv[1]), int(sys.argv[2])
out = sys.stdout.buffer
out.write(b"commit refs/heads/main\n"
          b"committer F <f@example.com> 1767225600 +0000\ndata 1\nx\n")
for i in range(files):
    out.write(b"M 100644 inline d%03d/f%06d\ndata %d\n"
              % (i // 1000, i, size))
    out.write(os.urandom(size))
    out.write(b"\n")
)";

// In KiB; "VmHWM" is the peak since the last reset, "VmRSS" the present.
long Memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind(field + ":", 0) == 0) {
      return std::strtol(line.c_str() + field.size() + 1, nullptr, 10);
    }
  }
  return 0;
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

void Report(const char* what, absl::Time since) {
  std::printf("%-8s %7.2f s, peak %5.1f MiB\n", what,
              absl::ToDoubleSeconds(absl::Now() - since),
              static_cast<double>(Memory("VmHWM")) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string files = argc > 1 ? argv[1] : "100000";
  const std::string bytes = argc > 2 ? argv[2] : "10240";
  const auto dir = weir::TempDir::Create("git-bench");
  Check(dir.status());
  weir::test::GitRepo repo(dir->path() + "/app.git");
  Check(weir::WriteFileAtomically(dir->path() + "/generate.py", kGenerate));
  weir::test::RunOrDie({"sh", "-c",
                        absl::StrCat("python3 ../generate.py ", files, " ",
                                     bytes, " | git fast-import --quiet")},
                       repo.path());
  const weir::test::SshServer ssh(dir->path() + "/ssh");
  auto store = weir::git::Repository::OpenOrCreate(dir->path() + "/store");
  Check(store.status());
  std::ofstream("/proc/self/clear_refs") << "5";
  std::printf("start    peak %5.1f MiB\n",
              static_cast<double>(Memory("VmHWM")) / 1024);

  absl::Time start = absl::Now();
  weir::git::RemoteOptions options;
  options.url = ssh.Url(repo.path());
  options.ssh_private_key = ssh.PrivateKey();
  options.ssh_known_hosts = ssh.KnownHosts();
  auto remote = weir::git::Remote::Connect(Context(), std::move(options));
  Check(remote.status());
  const weir::git::Oid commit = (*remote)->Find("refs/heads/main")->oid;
  Check((*remote)->Fetch(Context(), {commit}, 1, store->get()));
  Report("fetch", start);

  start = absl::Now();
  const auto tree =
      weir::source::SourceTree::Read(Context(), **store, commit, {});
  Check(tree.status());
  Report("list", start);

  start = absl::Now();
  std::FILE* file = std::fopen((dir->path() + "/artifact.tar.gz").c_str(), "w");
  Check(tree->WriteTarball(Context(), std::nullopt, [file](auto part) {
    return std::fwrite(part.data(), 1, part.size(), file) == part.size()
               ? absl::OkStatus()
               : absl::UnavailableError("writing");
  }));
  std::fclose(file);
  Report("archive", start);
  return 0;
}
