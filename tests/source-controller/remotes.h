// Remote is a web server and a container registry in one, whose answers tests
// script and whose requests they read.
//
// Touches: loopback sockets.
// Threads: safe to share.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/archive/gzip.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/mutex.h"
#include "weir/crypto/digest.h"
#include "weir/http/server.h"
#include "weir/value/json.h"

namespace weir::source {

using Files = std::map<std::string, std::string>;

inline std::string DigestOf(absl::string_view bytes) {
  return absl::StrCat("sha256:", crypto::Sha256Hex(bytes));
}

// A gzipped tarball of files, in the order of their names.
inline std::string TarGz(const Files& files) {
  std::string out;
  archive::GzipWriter gzip([&out](absl::string_view bytes) {
    out.append(bytes.data(), bytes.size());
    return absl::OkStatus();
  });
  archive::TarWriter tar(
      [&gzip](absl::string_view bytes) { return gzip.Write(bytes); });
  for (const auto& [name, contents] : files) {
    EXPECT_TRUE(tar.AddFile(name, false, contents).ok());
  }
  EXPECT_TRUE(tar.Finish().ok());
  EXPECT_TRUE(gzip.Finish().ok());
  return out;
}

class Remote {
 public:
  using Answer = std::function<void(const http::ServerRequest&,
                                    std::unique_ptr<http::Responder>)>;

  explicit Remote(http::ServerOptions options = {})
      : server_(http::Serve(
            [this](const http::ServerRequest& request,
                   std::unique_ptr<http::Responder> responder) {
              Answer answer;
              {
                MutexLock lock(mu_);
                requests_.push_back(
                    absl::StrCat(request.method, " ", request.target));
                authorizations_.push_back(
                    std::string(request.headers.Get("Authorization")));
                const auto found = answers_.find(request.path);
                if (found != answers_.end()) answer = found->second;
                if (all_ != nullptr) answer = all_;
              }
              if (answer) return answer(request, std::move(responder));
              responder->Send({404, {}, ""});
            },
            std::move(options))) {}

  void On(const std::string& path, Answer answer) {
    MutexLock lock(mu_);
    answers_[path] = std::move(answer);
  }
  void On(const std::string& path, http::ServerResponse response) {
    On(path,
       [response](const auto&, auto responder) { responder->Send(response); });
  }
  void Put(const std::string& path, const std::string& bytes) {
    On(path, {200, {}, bytes});
  }
  // Answers everything, until it is null again.
  void OnAll(Answer answer) {
    MutexLock lock(mu_);
    all_ = std::move(answer);
  }

  struct Layer {
    std::string media_type;
    std::string bytes;
  };
  // Puts an artifact into a repository, "ns/app"; returns its digest.
  std::string Push(const std::string& repository, const std::string& tag,
                   const std::vector<Layer>& layers,
                   const std::map<std::string, std::string>& annotations = {}) {
    Value manifest = Value::MakeObject(
        {{"schemaVersion", 2},
         {"mediaType", "application/vnd.oci.image.manifest.v1+json"}});
    const std::string config = "{}";
    manifest.Set("config", Describe("application/vnd.unknown+json", config));
    PutBlob(repository, config);
    Value& list = manifest.Set("layers", Value::MakeArray());
    for (const Layer& layer : layers) {
      list.Append(Describe(layer.media_type, layer.bytes));
      PutBlob(repository, layer.bytes);
    }
    for (const auto& [key, value] : annotations) {
      manifest.Mutable("annotations").Set(key, value);
    }
    return PutManifest(repository, tag, FormatJson(manifest));
  }
  std::string PutManifest(
      const std::string& repository, const std::string& tag,
      const std::string& bytes,
      const std::string& type = "application/vnd.oci.image.manifest.v1+json") {
    const std::string digest = DigestOf(bytes);
    http::ServerResponse response{200, {}, bytes};
    response.headers.Set("Content-Type", type);
    response.headers.Set("Docker-Content-Digest", digest);
    for (const std::string& version : {tag, digest}) {
      On(absl::StrCat("/v2/", repository, "/manifests/", version), response);
    }
    MutexLock lock(mu_);
    tags_[repository].push_back(tag);
    Value tags = Value::MakeArray();
    for (const std::string& one : tags_[repository]) tags.Append(one);
    const std::string body = FormatJson(Value::MakeObject({{"tags", tags}}));
    answers_[absl::StrCat("/v2/", repository, "/tags/list")] =
        [body](const auto&, auto responder) {
          responder->Send({200, {}, body});
        };
    return digest;
  }
  void PutBlob(const std::string& repository, const std::string& bytes) {
    Put(absl::StrCat("/v2/", repository, "/blobs/", DigestOf(bytes)), bytes);
  }
  static Value Describe(const std::string& type, const std::string& bytes) {
    return Value::MakeObject({{"mediaType", type},
                              {"digest", DigestOf(bytes)},
                              {"size", static_cast<int64_t>(bytes.size())}});
  }

  // "GET /path" since the last call.
  std::vector<std::string> TakeRequests() {
    MutexLock lock(mu_);
    authorizations_.clear();
    return std::exchange(requests_, {});
  }
  std::vector<std::string> authorizations() {
    MutexLock lock(mu_);
    return authorizations_;
  }
  std::string address() const { return server_->address(); }
  std::string url() const { return server_->url(); }

 private:
  Mutex mu_;
  std::map<std::string, Answer> answers_ ABSL_GUARDED_BY(mu_);
  Answer all_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::vector<std::string>> tags_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> authorizations_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

}  // namespace weir::source
