// The parts that need no cluster: revisions, includes, credentials, flags.

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "src/git_auth.h"
#include "src/git_reconciler.h"
#include "src/revision.h"
#include "weir/http/client.h"
#include "weir/source/flags.h"

namespace weir::source {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHex = "0123456789abcdef0123456789abcdef01234567";

TEST(RevisionTest, Forms) {
  const git::Oid oid = *git::ParseOid(kHex);
  EXPECT_EQ(MakeRevision("main", oid), "main@sha1:" + kHex);
  EXPECT_EQ(MakeRevision("", oid), "sha1:" + kHex);
  EXPECT_EQ(ShortReference("refs/heads/feature/x"), "feature/x");
  EXPECT_EQ(ShortReference("HEAD"), "HEAD");
  EXPECT_EQ(ModernRevision("main/" + kHex), "main@sha1:" + kHex);
  EXPECT_EQ(ModernRevision("feature/x/" + kHex), "feature/x@sha1:" + kHex);
  EXPECT_EQ(ModernRevision("HEAD/" + kHex), "sha1:" + kHex);
  EXPECT_EQ(ModernRevision("a/b@sha1:" + kHex), "a/b@sha1:" + kHex);
  EXPECT_EQ(ModernRevision("main/x"), "main/x");
}

TEST(RevisionTest, ShortMessages) {
  EXPECT_EQ(ShortMessage("one\n\ntwo"), "one");
  EXPECT_EQ(ShortMessage(""), "");
  EXPECT_EQ(ShortMessage(std::string(50, 'a')), std::string(50, 'a'));
  EXPECT_EQ(ShortMessage(std::string(51, 'a')),
            absl::StrCat(std::string(50, 'a'), "..."));
  std::string umlauts;
  for (int i = 0; i < 51; ++i) umlauts += "\u00e4";
  EXPECT_EQ(ShortMessage(umlauts), umlauts.substr(0, 100) + "...");
}

TEST(IncludeGraphTest, LeavesOutCircles) {
  const kube::ObjectKey a{"ns", "a"};
  const kube::ObjectKey b{"ns", "b"};
  const kube::ObjectKey c{"ns", "c"};
  const kube::ObjectKey d{"ns", "d"};
  IncludeGraph graph;
  graph.Set(a, {b});
  graph.Set(c, {b});
  EXPECT_THAT(graph.Includers(b), ElementsAre(a, c));
  EXPECT_THAT(graph.Includers(a), IsEmpty());
  // b includes d, which includes c: c and b would wake each other.
  graph.Set(b, {d});
  graph.Set(d, {c});
  EXPECT_THAT(graph.Includers(b), ElementsAre(a));
  graph.Set(c, {c});
  EXPECT_THAT(graph.Includers(c), ElementsAre(d));
  graph.Set(a, {});
  EXPECT_THAT(graph.Includers(b), IsEmpty());
}

kube::SecretData Make(std::map<std::string, std::string> data) {
  kube::SecretData out;
  out.name = "ns/cred";
  for (const auto& [key, value] : data) out.data[key] = Secret(value);
  return out;
}

TEST(CredentialsTest, TlsMaterial) {
  git::RemoteOptions options;
  options.url = "https://host/x";
  ASSERT_TRUE(ApplyCredentials(Make({{"tls.crt", "new"},
                                     {"certFile", "old"},
                                     {"keyFile", "key"},
                                     {"caFile", "ca"}}),
                               &options)
                  .ok());
  ASSERT_NE(options.tls, nullptr);
  EXPECT_EQ(options.tls->client_certificate_pem, "new");
  EXPECT_EQ(options.tls->client_key_pem.RevealForUse(), "key");
  EXPECT_EQ(options.tls->ca_pem, "ca");
  EXPECT_TRUE(options.tls->use_system_roots);
  const absl::Status half =
      ApplyCredentials(Make({{"tls.crt", "new"}}), &options);
  EXPECT_THAT(half.message(), HasSubstr("ns/cred"));
  EXPECT_THAT(half.message(), HasSubstr("tls.key"));
}

TEST(CredentialsTest, ReadsSecrets) {
  Value secret;
  secret.Mutable("metadata").Set("name", "s");
  secret.Mutable("data").Set("a", "eA==");
  EXPECT_EQ(kube::ReadSecretData(secret)->data.at("a").RevealForUse(), "x");
  secret.Mutable("data").Set("b", "!");
  EXPECT_THAT(kube::ReadSecretData(secret).status().message(),
              HasSubstr("'b'"));
}

absl::Status Parse(std::vector<const char*> arguments, Flags* flags) {
  reconcile::FlagSet set("source-controller", "");
  AddFlags(set, flags);
  arguments.insert(arguments.begin(), "source-controller");
  return set.Parse(static_cast<int>(arguments.size()), arguments.data());
}

TEST(FlagsTest, EveryFlagOfTheContractParses) {
  Flags flags;
  const absl::Status status =
      Parse({"--metrics-addr=:1",
             "--events-addr",
             "http://x",
             "--health-addr=:2",
             "--storage-path=/s",
             "--storage-addr=:3",
             "--storage-adv-addr=host",
             "--artifact-retention-ttl=2m0s",
             "--artifact-retention-records=3",
             "--artifact-digest-algo=blake3",
             "--concurrent=7",
             "--requeue-dependency=1s",
             "--min-retry-delay=1s",
             "--max-retry-delay=1m",
             "--interval-jitter-percentage=0",
             "--helm-index-max-size=1",
             "--helm-chart-max-size=1",
             "--helm-chart-file-max-size=1",
             "--helm-cache-max-size=1",
             "--helm-cache-ttl=1m",
             "--helm-cache-purge-interval=1m",
             "--token-cache-max-size=1",
             "--token-cache-max-duration=1h",
             "--ssh-kex-algos=a,b",
             "--ssh-hostkey-algos=c",
             "--default-service-account=",
             "--watch-all-namespaces=false",
             "--watch-label-selector=a=b",
             "--watch-configs-label-selector=a=b",
             "--kube-api-qps=1",
             "--kube-api-burst=2",
             "--log-level=debug",
             "--log-encoding=console",
             "--enable-leader-election",
             "--leader-election-release-on-cancel=false",
             "--leader-election-lease-duration=1m",
             "--leader-election-renew-deadline=30s",
             "--leader-election-retry-period=1s",
             "--feature-gates=CacheSecretsAndConfigMaps=true,"
             "ObjectLevelWorkloadIdentity=false",
             "--grpc-addr=:4",
             "--grpc-tls-cert=c",
             "--grpc-tls-key=k",
             "--grpc-tls-client-ca=a"},
            &flags);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(flags.options.storage_path, "/s");
  EXPECT_EQ(flags.options.artifact_retention_ttl, absl::Minutes(2));
  EXPECT_EQ(flags.common.concurrent, 7);
  EXPECT_THAT(flags.options.ssh_kex_algorithms, ElementsAre("a", "b"));
}

TEST(FlagsTest, DefaultsAreFluxs) {
  Flags flags;
  ASSERT_TRUE(Parse({}, &flags).ok());
  EXPECT_EQ(flags.options.storage_path, "/data");
  EXPECT_EQ(flags.options.storage_address, ":9090");
  EXPECT_EQ(flags.common.concurrent, 2);
  EXPECT_EQ(flags.options.artifact_digest_algorithm, "sha256");
}

TEST(FlagsTest, WhatIsUnknownIsRefused) {
  Flags flags;
  EXPECT_FALSE(Parse({"--nope"}, &flags).ok());
  EXPECT_FALSE(Parse({"--feature-gates=OptimizedGitClones=true"}, &flags).ok());
}

}  // namespace
}  // namespace weir::source
