// The pure parts of the fetch protocol: packets, references, requests, URLs.

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "src/upload_pack.h"
#include "src/url.h"

namespace weir::git {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TextReader : public ByteReader {
 public:
  TextReader(std::string text, size_t step)
      : text_(std::move(text)), step_(step) {}
  absl::StatusOr<size_t> Read(const Context&, char* buffer,
                              size_t size) override {
    const size_t count = std::min({size, step_, text_.size() - at_});
    text_.copy(buffer, count, at_);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  size_t step_;
  size_t at_ = 0;
};

PktReader Reader(std::string text, size_t step = 3) {
  return PktReader(std::make_unique<TextReader>(std::move(text), step));
}

std::string Packet(absl::string_view data) {
  char head[5];
  snprintf(head, sizeof(head), "%04zx", data.size() + 4);
  return absl::StrCat(head, data);
}

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kC(40, 'c');

absl::StatusOr<Advertisement> Advertise(const std::string& text) {
  PktReader reader = Reader(text);
  return ReadAdvertisement(Context(), reader);
}

TEST(AdvertisementTest, ReadsReferencesAndCapabilities) {
  const auto got = Advertise(absl::StrCat(
      Packet("# service=git-upload-pack\n"), "0000",
      Packet(absl::StrCat(kA, " HEAD", absl::string_view("\0", 1),
                          "side-band-64k shallow symref=HEAD:refs/heads/main "
                          "object-format=sha1 agent=git/2\n")),
      Packet(absl::StrCat(kA, " refs/heads/main\n")),
      Packet(absl::StrCat(kB, " refs/tags/v1\n")),
      Packet(absl::StrCat(kC, " refs/tags/v1^{}\n")), "0000"));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->head_target, "refs/heads/main");
  EXPECT_TRUE(got->capabilities.contains("shallow"));
  ASSERT_EQ(got->refs.size(), 3u);
  EXPECT_EQ(got->refs[2].oid.ToHex(), kB);
  EXPECT_EQ(got->refs[2].target().ToHex(), kC);
}

TEST(AdvertisementTest, AnEmptyRepositoryHasNone) {
  const auto got = Advertise(absl::StrCat(
      Packet(absl::StrCat(std::string(40, '0'), " capabilities^{}",
                          absl::string_view("\0", 1), "shallow\n")),
      "0000"));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_THAT(got->refs, IsEmpty());
  // Without a reference to carry them there may be no capabilities at all.
  EXPECT_THAT(Advertise("0000")->refs, IsEmpty());
  EXPECT_THAT(
      Advertise(Packet("# service=git-upload-pack\n") + "00000000")->refs,
      IsEmpty());
}

struct BadCase {
  const char* name;
  std::string text;
  absl::StatusCode code;
};
class AdvertisementErrorTest : public testing::TestWithParam<BadCase> {};
TEST_P(AdvertisementErrorTest, IsReported) {
  EXPECT_EQ(Advertise(GetParam().text).status().code(), GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Table, AdvertisementErrorTest,
    testing::Values(
        BadCase{"Empty", "", absl::StatusCode::kDataLoss},
        BadCase{"NotPackets", "<html>", absl::StatusCode::kDataLoss},
        BadCase{"Cut", "00ff" + kA, absl::StatusCode::kUnavailable},
        BadCase{"NoHash", Packet("x y\n"), absl::StatusCode::kDataLoss},
        BadCase{"OnlyVersion2", Packet("version 2\n"),
                absl::StatusCode::kFailedPrecondition},
        BadCase{"Error", Packet("ERR access denied\n"),
                absl::StatusCode::kFailedPrecondition},
        BadCase{"Sha256",
                Packet(kA + std::string(" HEAD\0object-format=sha256", 26)),
                absl::StatusCode::kFailedPrecondition}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(BuildRequestTest, OffersOnlyWhatTheServerHas) {
  Advertisement server;
  server.capabilities = {"multi_ack_detailed", "side-band-64k", "shallow",
                         "ofs-delta"};
  FetchPlan plan;
  plan.wants = {*ParseOid(kA), *ParseOid(kB)};
  plan.haves = {*ParseOid(kC)};
  plan.shallow = {*ParseOid(kC)};
  plan.depth = 1;
  EXPECT_EQ(
      BuildRequest(plan, server, "me"),
      absl::StrCat(
          Packet(absl::StrCat("want ", kA,
                              " multi_ack_detailed side-band-64k ofs-delta "
                              "agent=me\n")),
          Packet(absl::StrCat("want ", kB, "\n")),
          Packet(absl::StrCat("shallow ", kC, "\n")), Packet("deepen 1\n"),
          "0000", Packet(absl::StrCat("have ", kC, "\n")), Packet("done\n")));
}

TEST(ReadAnswerTest, GivesThePackAndTheShallowCommits) {
  Advertisement server;
  server.capabilities = {"side-band-64k", "shallow"};
  FetchPlan plan;
  plan.depth = 1;
  PktReader reader = Reader(
      absl::StrCat(Packet(absl::StrCat("shallow ", kA)),
                   Packet(absl::StrCat("unshallow ", kB)), "0000",
                   Packet(absl::StrCat("ACK ", kC, " common\n")),
                   Packet(absl::StrCat("ACK ", kC, "\n")), Packet("\1PACK"),
                   Packet("\2progress"), Packet("\1more"), "0000"));
  std::string pack;
  const auto answer =
      ReadAnswer(Context(), plan, server, reader, [&](absl::string_view bytes) {
        pack.append(bytes.data(), bytes.size());
        return absl::OkStatus();
      });
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(pack, "PACKmore");
  EXPECT_THAT(answer->shallow, ElementsAre(*ParseOid(kA)));
  EXPECT_THAT(answer->unshallow, ElementsAre(*ParseOid(kB)));
}

TEST(ReadAnswerTest, AnErrorBandIsTheServersWord) {
  Advertisement server;
  server.capabilities = {"side-band-64k"};
  PktReader reader = Reader(absl::StrCat(Packet("NAK\n"), Packet("\3no\n")));
  const auto answer =
      ReadAnswer(Context(), {}, server, reader,
                 [](absl::string_view) { return absl::OkStatus(); });
  EXPECT_EQ(answer.status().message(), "remote: no");
}

TEST(UrlTest, TakesApartAndPutsTogether) {
  const auto url = ParseUrl("https://us%20er:p%40ss@Host.example:8443/a/b.git");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_EQ(url->username, "us er");
  EXPECT_EQ(url->password.RevealForUse(), "p@ss");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->ToString(), "https://Host.example:8443/a/b.git");
  EXPECT_EQ(url->Origin(), "https://host.example:8443");
  EXPECT_EQ(ParseUrl("ssh://git@[::1]:22/x")->host, "::1");
  EXPECT_EQ(ParseUrl("http://h/x")->Origin(), "http://h:80");
  for (const char* bad : {"host/x", "http://", "http://h:0/", "http://h:x/",
                          "http://[::1/", "http://h:99999/"}) {
    EXPECT_FALSE(ParseUrl(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace weir::git
