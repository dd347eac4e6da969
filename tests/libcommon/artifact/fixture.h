// A storage in a temporary folder, with a clock to set, for the tests of this
// folder.
//
// Touches: files in a temporary folder.
// Threads: the clock is safe to share.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_writer.h"
#include "weir/artifact/registry.h"
#include "weir/artifact/storage.h"
#include "weir/base/clock.h"
#include "weir/base/file.h"

namespace weir::artifact {

class SetClock : public Clock {
 public:
  absl::Time Now() const override {
    return absl::FromUnixMillis(millis_.load());
  }
  void Advance(absl::Duration by) { millis_ += absl::ToInt64Milliseconds(by); }

 private:
  std::atomic<int64_t> millis_{1'800'000'000'000};
};

// The bytes of a tar.gz of these files.
inline std::string MakeTarGz(const std::map<std::string, std::string>& files) {
  std::string out;
  archive::GzipWriter gzip([&](absl::string_view bytes) {
    out.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  });
  archive::TarWriter tar(
      [&](absl::string_view bytes) { return gzip.Write(bytes); });
  EXPECT_TRUE(tar.AddDirectory(".").ok());
  for (const auto& [name, contents] : files) {
    EXPECT_TRUE(tar.AddFile(name, false, contents).ok());
  }
  EXPECT_TRUE(tar.Finish().ok());
  EXPECT_TRUE(gzip.Finish().ok());
  return out;
}

class StorageFixture {
 public:
  StorageFixture() : dir_(*TempDir::Create("weir-test")) {
    StorageOptions options;
    options.root = dir_.path();
    options.advertised_host = "source.example";
    options.clock = &clock;
    storage = *Storage::Open(options);
    registry = std::make_shared<Registry>(*storage);
  }

  const std::string& root() const { return dir_.path(); }

  // Stores a file, without telling the registry.
  Artifact Store(const SourceKey& source, absl::string_view revision,
                 absl::string_view contents, const Storage* into = nullptr) {
    const Storage& target = into == nullptr ? *storage : *into;
    Artifact artifact = target.MakeArtifact(source, revision,
                                            std::string(revision) + ".tar.gz");
    const absl::Status status = target.Write(
        Context(), [&](const archive::Sink& sink) { return sink(contents); },
        &artifact);
    EXPECT_TRUE(status.ok()) << status;
    return artifact;
  }
  Artifact Publish(const SourceKey& source, absl::string_view revision,
                   absl::string_view contents = "bytes") {
    const Artifact artifact = Store(source, revision, contents);
    registry->Publish(source, artifact);
    return artifact;
  }

  SetClock clock;

 private:
  TempDir dir_;

 public:
  std::unique_ptr<Storage> storage;
  std::shared_ptr<Registry> registry;
};

inline const SourceKey kApp{"GitRepository", "flux-system", "app"};
inline const SourceKey kLib{"GitRepository", "flux-system", "lib"};
inline const SourceKey kOther{"ExternalArtifact", "team", "app"};

}  // namespace weir::artifact
