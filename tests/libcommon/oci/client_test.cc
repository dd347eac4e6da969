#include "weir/oci/client.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/libcommon/http/http_fixture.h"
#include "weir/base/mutex.h"
#include "weir/crypto/digest.h"
#include "weir/http/server.h"

namespace weir::oci {
namespace {

std::string Digest(absl::string_view bytes) {
  return absl::StrCat("sha256:", crypto::Sha256Hex(bytes));
}

// A registry whose answers tests script.
class Registry {
 public:
  using Answer = std::function<void(const http::ServerRequest&,
                                    std::unique_ptr<http::Responder>)>;

  Registry()
      : server_(http::Serve([this](const http::ServerRequest& request,
                                   std::unique_ptr<http::Responder> responder) {
          Answer answer;
          {
            MutexLock lock(mu_);
            requests_.push_back(
                absl::StrCat(request.method, " ", request.target, " ",
                             request.headers.Get("Authorization")));
            const auto found = answers_.find(request.path);
            if (found != answers_.end()) answer = found->second;
          }
          if (answer) {
            answer(request, std::move(responder));
          } else {
            responder->Send({404, {}, ""});
          }
        })) {}

  void On(const std::string& path, Answer answer) {
    MutexLock lock(mu_);
    answers_[path] = std::move(answer);
  }
  void On(const std::string& path, http::ServerResponse response) {
    On(path,
       [response](const auto&, auto responder) { responder->Send(response); });
  }
  std::vector<std::string> requests() {
    MutexLock lock(mu_);
    return requests_;
  }
  std::string address() const { return server_->address(); }
  Reference At(const std::string& rest) const {
    return *ParseReference(absl::StrCat(address(), "/", rest));
  }

 private:
  Mutex mu_;
  std::map<std::string, Answer> answers_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    options_.plain_http = true;
    options_.first_wait = options_.max_wait = absl::Milliseconds(1);
  }
  Client& client() {
    if (client_ == nullptr) {
      client_ = std::make_unique<Client>(http_, options_);
    }
    return *client_;
  }
  void UseCredentials() {
    options_.credentials = [](const Reference&) -> absl::StatusOr<Credentials> {
      Credentials out;
      out.username = "user";
      out.password = Secret("secret");
      return out;
    };
  }

  Registry registry_;
  http::Client http_;
  ClientOptions options_;
  std::unique_ptr<Client> client_;
};

Descriptor Blob(absl::string_view bytes) {
  Descriptor out;
  out.digest = Digest(bytes);
  out.size = static_cast<int64_t>(bytes.size());
  return out;
}

TEST_F(ClientTest, ListsTagsOverPages) {
  registry_.On("/v2/a/tags/list", [](const http::ServerRequest& request,
                                     auto responder) {
    const bool is_first = request.QueryValue("last").empty();
    http::ServerResponse answer{200, {}, R"({"tags": ["3"]})"};
    if (is_first) {
      answer.body = R"({"tags": ["1", "2"]})";
      answer.headers.Set("Link", "</v2/a/tags/list?last=2&n=2>; rel=\"next\"");
    }
    responder->Send(answer);
  });
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  ASSERT_TRUE(tags.ok()) << tags.status();
  EXPECT_EQ(*tags, (std::vector<std::string>{"1", "2", "3"}));
}

TEST_F(ClientTest, FollowsNoPageToAnotherHost) {
  Registry other;
  registry_.On("/v2/a/tags/list",
               {200,
                {{"Link", absl::StrCat("<http://", other.address(),
                                       "/v2/a/tags/list>; rel=\"next\"")}},
                R"({"tags": ["1"]})"});
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  ASSERT_TRUE(tags.ok()) << tags.status();
  EXPECT_EQ(tags->size(), 1u);
  EXPECT_TRUE(other.requests().empty());
}

TEST_F(ClientTest, TellsWhatTheRegistrySays) {
  registry_.On("/v2/a/tags/list", {404,
                                   {},
                                   R"({"errors": [{"code": "NAME_UNKNOWN",)"
                                   R"("message": "no such name"}]})"});
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  EXPECT_EQ(tags.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(tags.status().message(),
            absl::StrCat("GET \"http://", registry_.address(),
                         "/v2/a/tags/list\": response status code 404: "
                         "name unknown: no such name"));
}

// Asks for a token of the realm at its own address.
void ServeTokens(Registry& registry, const std::string& scheme_and_host) {
  registry.On("/v2/a/tags/list", [scheme_and_host](
                                     const http::ServerRequest& request,
                                     auto responder) {
    if (request.headers.Get("Authorization") == "Bearer abc") {
      responder->Send({200, {}, R"({"tags": ["1"]})"});
      return;
    }
    responder->Send(
        {401,
         {{"WWW-Authenticate", absl::StrCat("Bearer realm=\"", scheme_and_host,
                                            "/token\",service=\"reg, istry\","
                                            "scope=\"repository:a:pull\"")}},
         ""});
  });
}

TEST_F(ClientTest, TradesCredentialsForATokenAndKeepsIt) {
  UseCredentials();
  ServeTokens(registry_, absl::StrCat("http://", registry_.address()));
  registry_.On("/token", {200, {}, R"({"token": "abc", "expires_in": 300})"});
  ASSERT_TRUE(client().ListTags(http::Soon(), registry_.At("a")).ok());
  ASSERT_TRUE(client().ListTags(http::Soon(), registry_.At("a")).ok());
  const auto requests = registry_.requests();
  ASSERT_EQ(requests.size(), 4u);
  EXPECT_EQ(requests[0], "GET /v2/a/tags/list ");
  EXPECT_EQ(
      requests[1],
      absl::StrCat("GET /token?service=reg%2C%20istry&scope=repository%3Aa"
                   "%3Apull Basic ",
                   absl::Base64Escape("user:secret")));
  EXPECT_EQ(requests[3], "GET /v2/a/tags/list Bearer abc");
}

TEST_F(ClientTest, SendsNothingToARealmOnAPrivateAddress) {
  UseCredentials();
  Registry other;
  ServeTokens(registry_, absl::StrCat("http://127.0.0.2:1"));
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  EXPECT_EQ(tags.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(tags.status().message(),
                                "bearer realm host \"127.0.0.2\" is a"))
      << tags.status();
}

TEST_F(ClientTest, TradesAnIdentityTokenByPost) {
  options_.credentials = [](const Reference&) -> absl::StatusOr<Credentials> {
    Credentials out;
    out.identity_token = Secret("refresh");
    return out;
  };
  ServeTokens(registry_, absl::StrCat("http://", registry_.address()));
  std::string body;
  registry_.On("/token",
               [&](const http::ServerRequest& request, auto responder) {
                 body = request.method == "POST" ? request.body : "";
                 responder->Send({200, {}, R"({"access_token": "abc"})"});
               });
  ASSERT_TRUE(client().ListTags(http::Soon(), registry_.At("a")).ok());
  EXPECT_TRUE(absl::StrContains(body, "grant_type=refresh_token"));
  EXPECT_TRUE(absl::StrContains(body, "refresh_token=refresh"));
}

TEST_F(ClientTest, AnswersBasic) {
  UseCredentials();
  registry_.On("/v2/a/tags/list",
               [](const http::ServerRequest& request, auto responder) {
                 const bool is_known =
                     request.headers.Get("Authorization") ==
                     absl::StrCat("Basic ", absl::Base64Escape("user:secret"));
                 responder->Send({is_known ? 200 : 401,
                                  {{"WWW-Authenticate", "Basic realm=\"r\""}},
                                  R"({"tags": []})"});
               });
  EXPECT_TRUE(client().ListTags(http::Soon(), registry_.At("a")).ok());
}

TEST_F(ClientTest, SaysUnauthenticatedOnce) {
  registry_.On("/v2/a/tags/list",
               {401, {{"WWW-Authenticate", "Basic realm=\"r\""}}, ""});
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  EXPECT_EQ(tags.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(registry_.requests().size(), 1u);
}

TEST_F(ClientTest, RepeatsWhatFailsForAWhile) {
  int calls = 0;
  registry_.On("/v2/a/tags/list", [&](const auto&, auto responder) {
    const int call = ++calls;
    if (call == 1) {
      responder->Send({429, {{"Retry-After", "0"}}, ""});
    } else if (call == 2) {
      responder->Send({503, {}, ""});
    } else {
      responder->Send({200, {}, R"({"tags": ["1"]})"});
    }
  });
  EXPECT_TRUE(client().ListTags(http::Soon(), registry_.At("a")).ok());
  EXPECT_EQ(calls, 3);
}

TEST_F(ClientTest, GivesUpWhenToldToWaitTooLong) {
  registry_.On("/v2/a/tags/list", {429, {{"Retry-After", "3600"}}, ""});
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  EXPECT_EQ(tags.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(registry_.requests().size(), 1u);
}

TEST_F(ClientTest, GivesUpAfterSomeAttempts) {
  options_.max_attempts = 3;
  registry_.On("/v2/a/tags/list", {500, {}, ""});
  const auto tags = client().ListTags(http::Soon(), registry_.At("a"));
  EXPECT_EQ(tags.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(registry_.requests().size(), 3u);
}

std::string ManifestText(absl::string_view blob) {
  return absl::StrCat(R"({"schemaVersion": 2, "layers": [{"mediaType": "x",)",
                      R"("digest": ")", Digest(blob), R"(", "size": )",
                      blob.size(), R"(}]})");
}

TEST_F(ClientTest, ReadsAManifest) {
  const std::string text = ManifestText("blob");
  registry_.On("/v2/a/manifests/1.0",
               {200, {{"Content-Type", kImageManifest}}, text});
  const auto manifest =
      client().GetManifest(http::Soon(), registry_.At("a:1.0"));
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->self.digest, Digest(text));
  ASSERT_EQ(manifest->layers.size(), 1u);
  EXPECT_EQ(manifest->layers[0].size, 4);
  EXPECT_FALSE(manifest->is_index());
}

TEST_F(ClientTest, RefusesAManifestOfAnotherDigest) {
  registry_.On(absl::StrCat("/v2/a/manifests/", Digest("x")),
               {200, {}, ManifestText("blob")});
  const auto manifest = client().GetManifest(
      http::Soon(), registry_.At(absl::StrCat("a@", Digest("x"))));
  EXPECT_EQ(manifest.status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ClientTest, RefusesAManifestThatIsTooLarge) {
  options_.max_manifest_bytes = 10;
  registry_.On("/v2/a/manifests/1", {200, {}, ManifestText("blob")});
  EXPECT_EQ(
      client().GetManifest(http::Soon(), registry_.At("a:1")).status().code(),
      absl::StatusCode::kResourceExhausted);
}

TEST_F(ClientTest, ResolvesWithoutHead) {
  const std::string text = ManifestText("blob");
  registry_.On("/v2/a/manifests/latest", [&](const http::ServerRequest& request,
                                             auto responder) {
    if (request.method == "HEAD") {
      responder->Send({405, {}, ""});
    } else {
      responder->Send({200, {{"Content-Type", kImageManifest}}, text});
    }
  });
  const auto found = client().Resolve(http::Soon(), registry_.At("a"));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->digest, Digest(text));
}

TEST_F(ClientTest, GoesOnWhereABlobBroke) {
  const std::string blob(300'000, 'x');
  std::vector<std::string> ranges;
  registry_.On(
      absl::StrCat("/v2/a/blobs/", Digest(blob)),
      [&](const http::ServerRequest& request, auto responder) {
        const std::string range(request.headers.Get("Range"));
        ranges.push_back(range);
        if (range.empty()) {
          auto stream = responder->Stream({});
          ASSERT_TRUE(stream->Write(blob.substr(0, 100'000)).ok());
          while (stream->queued_bytes() > 0) {
            ASSERT_TRUE(Context().SleepFor(absl::Milliseconds(1)).ok());
          }
          stream->Abort();
          return;
        }
        int64_t from = 0;
        ASSERT_TRUE(absl::SimpleAtoi(range.substr(6, range.size() - 7), &from));
        responder->Send({206,
                         {{"Content-Range",
                           absl::StrCat("bytes ", from, "-", blob.size() - 1,
                                        "/", blob.size())}},
                         blob.substr(static_cast<size_t>(from))});
      });
  const auto got =
      client().GetBlob(http::Soon(), registry_.At("a"), Blob(blob));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, blob);
  EXPECT_EQ(ranges.size(), 2u);
}

TEST_F(ClientTest, StartsAgainWhereRangesAreUnknown) {
  const std::string blob(200'000, 'y');
  int calls = 0;
  registry_.On(
      absl::StrCat("/v2/a/blobs/", Digest(blob)),
      [&](const http::ServerRequest&, auto responder) {
        if (++calls == 1) {
          auto stream = responder->Stream({});
          ASSERT_TRUE(stream->Write(blob.substr(0, 50'000)).ok());
          while (stream->queued_bytes() > 0) {
            ASSERT_TRUE(Context().SleepFor(absl::Milliseconds(1)).ok());
          }
          stream->Abort();
        } else {
          responder->Send({200, {}, blob});
        }
      });
  const auto got =
      client().GetBlob(http::Soon(), registry_.At("a"), Blob(blob));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, blob);
}

TEST_F(ClientTest, RefusesBlobsThatAreNotTheirs) {
  struct Case {
    std::string body;
    absl::StatusCode want;
  };
  for (const Case& c : {Case{"abcd", absl::StatusCode::kFailedPrecondition},
                        Case{"blobs", absl::StatusCode::kFailedPrecondition},
                        Case{"blo", absl::StatusCode::kUnavailable}}) {
    registry_.On(absl::StrCat("/v2/a/blobs/", Digest("blob")),
                 {200, {}, c.body});
    options_.max_attempts = 2;
    const auto got =
        client().GetBlob(http::Soon(), registry_.At("a"), Blob("blob"));
    EXPECT_EQ(got.status().code(), c.want) << c.body << " " << got.status();
  }
  EXPECT_EQ(client()
                .GetBlob(http::Soon(), registry_.At("a"), Blob("blob"), 3)
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(ClientTest, TakesNoCredentialsAlongToAnotherHost) {
  UseCredentials();
  Registry storage;
  const std::string digest = Digest("blob");
  storage.On("/blob", {200, {}, "blob"});
  registry_.On(absl::StrCat("/v2/a/blobs/", digest), [&](const http::
                                                             ServerRequest&
                                                                 request,
                                                         auto responder) {
    if (request.headers.Get("Authorization").empty()) {
      responder->Send({401, {{"WWW-Authenticate", "Basic realm=\"r\""}}, ""});
      return;
    }
    responder->Send(
        {307,
         {{"Location", absl::StrCat("http://", storage.address(), "/blob")}},
         ""});
  });
  const auto got =
      client().GetBlob(http::Soon(), registry_.At("a"), Blob("blob"));
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(storage.requests().size(), 1u);
  EXPECT_EQ(storage.requests()[0], "GET /blob ");
}

TEST_F(ClientTest, IsNotLedToPrivateAddresses) {
  registry_.On(absl::StrCat("/v2/a/blobs/", Digest("blob")),
               {307, {{"Location", "http://169.254.169.254/latest"}}, ""});
  const auto got =
      client().GetBlob(http::Soon(), registry_.At("a"), Blob("blob"));
  EXPECT_EQ(got.status().code(), absl::StatusCode::kFailedPrecondition)
      << got.status();
}

TEST_F(ClientTest, FindsReferrersByTheFallbackTag) {
  const std::string subject = Digest("subject");
  const std::string index = absl::StrCat(
      R"({"manifests": [{"mediaType": "m", "artifactType": "sig",)",
      R"("size": 1, "digest": ")", Digest("1"),
      R"("}, {"mediaType": "m", "artifactType": "sbom", "size": 1,)",
      R"("digest": ")", Digest("2"), R"("}]})");
  std::string tag = subject;
  tag[6] = '-';
  registry_.On(absl::StrCat("/v2/a/manifests/", tag),
               {200, {{"Content-Type", kImageIndex}}, index});
  const auto found =
      client().ListReferrers(http::Soon(), registry_.At("a"), subject, "sig");
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ((*found)[0].digest, Digest("1"));
}

TEST_F(ClientTest, EndsWithItsContext) {
  registry_.On("/v2/a/tags/list", {503, {}, ""});
  options_.first_wait = options_.max_wait = absl::Hours(1);
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  EXPECT_EQ(client().ListTags(ctx, registry_.At("a")).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace weir::oci
