#include "weir/oci/client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/authorizer.h"
#include "src/request_loop.h"
#include "weir/base/status.h"
#include "weir/crypto/digest.h"
#include "weir/value/json.h"
#include "weir/value/value.h"

namespace weir::oci {
namespace {

constexpr char kManifestTypes[] =
    "application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, */*";
constexpr int64_t kMaxListBytes = 16 << 20;
constexpr int kMaxPages = 10'000;

// The path of `Link: <...>; rel="next"`, relative ones resolved; "" when there
// is none. Another host gets no request of ours.
std::string NextPage(const http::ResponseHead& head) {
  for (const std::string& link : head.headers.GetAll("Link")) {
    absl::string_view text = link;
    if (!absl::StrContains(absl::StrReplaceAll(text, {{" ", ""}, {"\"", ""}}),
                           "rel=next")) {
      continue;
    }
    const size_t start = text.find('<');
    const size_t end = text.find('>');
    if (start == absl::string_view::npos || end == absl::string_view::npos ||
        end < start) {
      continue;
    }
    text = text.substr(start + 1, end - start - 1);
    if (absl::StartsWith(text, "/")) return std::string(text);
    const std::string origin = OriginOf(text);
    if (origin.empty()) {
      // Relative to the folder of the request.
      const size_t path = head.url.find('/', head.url.find("://") + 3);
      if (path == std::string::npos) return "";
      const std::string own = head.url.substr(path, head.url.find('?') - path);
      if (absl::StartsWith(text, "?")) return absl::StrCat(own, text);
      return absl::StrCat(own.substr(0, own.rfind('/') + 1), text);
    }
    if (origin != OriginOf(head.url)) return "";
    return std::string(text.substr(text.find('/', text.find("://") + 3)));
  }
  return "";
}

// What has come of a blob, over as many answers as it took.
class Receiver {
 public:
  using Sink = std::function<absl::Status(absl::string_view)>;

  Receiver(const Descriptor& blob, const crypto::Digest& want, const Sink& sink)
      : blob_(blob), want_(want), sink_(sink), hasher_(want.algorithm) {}

  int64_t done() const { return done_; }
  bool is_complete() const { return done_ == blob_.size; }

  // Reads to the end of an answer to a request for all from `done()`.
  absl::Status Receive(const Context& ctx, http::BodyReader& reader) {
    const http::ResponseHead& head = reader.head();
    if (head.code != 200 && head.code != 206) {
      return ErrorOfAnswer("GET", head.url, head.code, "");
    }
    if (head.code == 206 &&
        !absl::StartsWith(head.headers.Get("Content-Range"),
                          absl::StrCat("bytes ", done_, "-"))) {
      return Wrong(": the server sent another range");
    }
    // A server that knows no ranges sends all of it again.
    int64_t skip = head.code == 200 ? done_ : 0;
    std::vector<char> buffer(256 << 10);
    while (true) {
      WEIR_ASSIGN_OR_RETURN(const size_t size,
                            reader.Read(ctx, buffer.data(), buffer.size()));
      if (size == 0) break;
      absl::string_view bytes(buffer.data(), size);
      const int64_t skipped =
          std::min<int64_t>(skip, static_cast<int64_t>(size));
      skip -= skipped;
      WEIR_RETURN_IF_ERROR(Take(bytes.substr(static_cast<size_t>(skipped))));
    }
    if (is_complete()) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("blob ", blob_.digest,
                                               ": the body ended after ", done_,
                                               " of ", blob_.size, " bytes"));
  }

  absl::Status Finish() {
    const crypto::Digest got = hasher_.Finish();
    if (got == want_) return absl::OkStatus();
    return Wrong(absl::StrCat(" has digest ", got.ToString()));
  }

 private:
  absl::Status Take(absl::string_view bytes) {
    if (bytes.empty()) return absl::OkStatus();
    done_ += static_cast<int64_t>(bytes.size());
    if (done_ > blob_.size) {
      return Wrong(absl::StrCat(": more than ", blob_.size, " bytes came"));
    }
    hasher_.Update(bytes);
    return sink_(bytes);
  }
  absl::Status Wrong(absl::string_view what) const {
    return absl::FailedPreconditionError(
        absl::StrCat("blob ", blob_.digest, what));
  }

  const Descriptor& blob_;
  const crypto::Digest& want_;
  const Sink& sink_;
  crypto::Hasher hasher_;
  int64_t done_ = 0;
};

}  // namespace

struct Client::Impl {
  Impl(http::Client& http, ClientOptions given)
      : options(std::move(given)), loop(http, options) {}

  const ClientOptions options;
  RequestLoop loop;
};

Client::Client(http::Client& http, ClientOptions options)
    : impl_(std::make_unique<Impl>(http, std::move(options))) {}
Client::~Client() = default;

absl::StatusOr<std::vector<std::string>> Client::ListTags(
    const Context& ctx, const Reference& where) {
  std::vector<std::string> tags;
  Call call;
  call.path = absl::StrCat("/v2/", where.repository, "/tags/list");
  if (impl_->options.tags_page > 0) {
    absl::StrAppend(&call.path, "?n=", impl_->options.tags_page);
  }
  for (int page = 0; page < kMaxPages; ++page) {
    WEIR_ASSIGN_OR_RETURN(const Answer answer,
                          impl_->loop.Send(ctx, where, call, kMaxListBytes));
    WEIR_ASSIGN_OR_RETURN(const Value value, ParseJson(answer.body), "tags of ",
                          where.Name());
    for (const Value& tag : value["tags"].array()) {
      if (tag.is_string()) tags.push_back(tag.AsString());
    }
    if (tags.size() > static_cast<size_t>(impl_->options.max_tags)) {
      return absl::ResourceExhaustedError(absl::StrCat(
          where.Name(), ": more than ", impl_->options.max_tags, " tags"));
    }
    std::string next = NextPage(answer.head);
    if (next.empty() || next == call.path) return tags;
    call.path = std::move(next);
  }
  return absl::ResourceExhaustedError(
      absl::StrCat(where.Name(), ": too many pages of tags"));
}

absl::StatusOr<Descriptor> Client::Resolve(const Context& ctx,
                                           const Reference& what) {
  Call call;
  call.method = "HEAD";
  call.accept = kManifestTypes;
  const std::string& version = what.version();
  call.path = absl::StrCat("/v2/", what.repository, "/manifests/",
                           version.empty() ? "latest" : version);
  const absl::StatusOr<Answer> answer =
      impl_->loop.Send(ctx, what, call, impl_->options.max_manifest_bytes);
  if (!answer.ok()) {
    // Some registries know no HEAD; what is not there is not there.
    if (!absl::IsFailedPrecondition(answer.status()) &&
        !absl::IsUnavailable(answer.status())) {
      return answer.status();
    }
  } else {
    Descriptor out;
    out.digest = std::string(answer->head.headers.Get("Docker-Content-Digest"));
    out.media_type = std::string(answer->head.headers.Get("Content-Type"));
    if (crypto::ParseDigest(out.digest).ok() &&
        absl::SimpleAtoi(answer->head.headers.Get("Content-Length"),
                         &out.size)) {
      if (what.digest.empty() || what.digest == out.digest) return out;
    }
  }
  WEIR_ASSIGN_OR_RETURN(Manifest manifest, GetManifest(ctx, what));
  return std::move(manifest.self);
}

absl::StatusOr<Manifest> Client::GetManifest(const Context& ctx,
                                             const Reference& what) {
  Call call;
  call.accept = kManifestTypes;
  const std::string& version = what.version();
  call.path = absl::StrCat("/v2/", what.repository, "/manifests/",
                           version.empty() ? "latest" : version);
  WEIR_ASSIGN_OR_RETURN(
      Answer answer,
      impl_->loop.Send(ctx, what, call, impl_->options.max_manifest_bytes));
  if (!what.digest.empty()) {
    WEIR_ASSIGN_OR_RETURN(const crypto::Digest want,
                          crypto::ParseDigest(what.digest));
    const crypto::Digest got =
        crypto::ComputeDigest(want.algorithm, answer.body);
    if (got != want) {
      return absl::FailedPreconditionError(absl::StrCat(
          "manifest ", what.ToString(), " has digest ", got.ToString()));
    }
  }
  const absl::string_view type = answer.head.headers.Get("Content-Type");
  WEIR_ASSIGN_OR_RETURN(
      Manifest manifest,
      ParseManifest(std::move(answer.body), type.substr(0, type.find(';'))),
      what.ToString());
  if (!what.digest.empty()) manifest.self.digest = what.digest;
  return manifest;
}

absl::Status Client::FetchBlob(
    const Context& ctx, const Reference& where, const Descriptor& blob,
    const std::function<absl::Status(absl::string_view)>& sink) {
  WEIR_ASSIGN_OR_RETURN(const crypto::Digest want,
                        crypto::ParseDigest(blob.digest));
  if (blob.size > impl_->options.max_blob_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("blob ", blob.digest, " is larger than ",
                     impl_->options.max_blob_bytes, " bytes"));
  }
  Receiver receiver(blob, want, sink);
  Call call;
  call.path = absl::StrCat("/v2/", where.repository, "/blobs/", blob.digest);
  Retries retries(impl_->options);
  // Without a byte there is nothing to ask for.
  while (!receiver.is_complete()) {
    call.offset = receiver.done();
    WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<http::BodyReader> reader,
                          impl_->loop.Open(ctx, where, call, retries));
    const absl::Status status = receiver.Receive(ctx, *reader);
    if (status.ok()) break;
    if (!absl::IsUnavailable(status)) return status;
    WEIR_RETURN_IF_ERROR(retries.Next(ctx, status));
  }
  return receiver.Finish();
}

absl::StatusOr<std::string> Client::GetBlob(const Context& ctx,
                                            const Reference& where,
                                            const Descriptor& blob,
                                            int64_t max_bytes) {
  if (blob.size > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "blob ", blob.digest, " is larger than ", max_bytes, " bytes"));
  }
  std::string out;
  WEIR_RETURN_IF_ERROR(
      FetchBlob(ctx, where, blob, [&out](absl::string_view bytes) {
        out.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      }));
  return out;
}

absl::StatusOr<std::vector<Descriptor>> Client::ListReferrers(
    const Context& ctx, const Reference& where, absl::string_view digest,
    absl::string_view artifact_type) {
  WEIR_RETURN_IF_ERROR(crypto::ParseDigest(digest));
  std::vector<Descriptor> out;
  const auto keep = [&](const Manifest& index) {
    for (const Descriptor& one : index.manifests) {
      if (artifact_type.empty() || one.artifact_type == artifact_type) {
        out.push_back(one);
      }
    }
  };
  Call call;
  call.accept = kImageIndex;
  call.path = absl::StrCat("/v2/", where.repository, "/referrers/", digest);
  for (int page = 0; page < kMaxPages && !call.path.empty(); ++page) {
    absl::StatusOr<Answer> answer =
        impl_->loop.Send(ctx, where, call, kMaxListBytes);
    if (absl::IsNotFound(answer.status()) && page == 0) {
      Reference fallback = where;
      fallback.digest.clear();
      fallback.tag = absl::StrReplaceAll(digest, {{":", "-"}});
      absl::StatusOr<Manifest> index = GetManifest(ctx, fallback);
      if (absl::IsNotFound(index.status())) return out;
      WEIR_RETURN_IF_ERROR(index.status());
      keep(*index);
      return out;
    }
    WEIR_RETURN_IF_ERROR(answer.status());
    WEIR_ASSIGN_OR_RETURN(const Manifest index,
                          ParseManifest(std::move(answer->body), kImageIndex),
                          "referrers of ", where.Name(), "@", digest);
    keep(index);
    call.path = NextPage(answer->head);
  }
  return out;
}

}  // namespace weir::oci
