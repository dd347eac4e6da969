#include "src/nkey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace weir::notification_controller {
namespace {

using testing::HasSubstr;
using testing::Not;

// Of the documents of NATS.
constexpr char kSeed[] =
    "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
constexpr char kPublic[] =
    "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";

TEST(PublicNkeyTest, BelongsToTheSeed) {
  EXPECT_EQ(PublicNkey(Secret(kSeed)).value_or(""), kPublic);
  EXPECT_EQ(PublicNkey(Secret(absl::StrCat(kSeed, "\n"))).value_or(""),
            kPublic);
}

TEST(PublicNkeyTest, StopsSeedsInErrors) {
  std::string typo = kSeed;
  typo[20] = 'A';
  for (const std::string& seed :
       {typo, std::string(kPublic), std::string(kSeed).substr(1),
        std::string(58, '1'), std::string()}) {
    const absl::Status status = PublicNkey(Secret(seed)).status();
    EXPECT_EQ(status.message(),
              "error parsing nkey seed: it is no seed of NATS");
  }
}

TEST(SignWithNkeyTest, SignsWithItsKey) {
  const absl::StatusOr<std::string> one = SignWithNkey(Secret(kSeed), "nonce");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->size(), 64u);
  EXPECT_EQ(SignWithNkey(Secret(kSeed), "nonce").value_or(""), *one);
  EXPECT_NE(SignWithNkey(Secret(kSeed), "other").value_or(""), *one);
}

TEST(ParseNatsCredsTest, FindsBothParts) {
  const absl::StatusOr<NatsCreds> creds =
      ParseNatsCreds(Secret("-----BEGIN NATS USER JWT-----\neyJ.a.b\n"
                            "------END NATS USER JWT------\n\ntext\n"
                            "-----BEGIN USER NKEY SEED-----\r\nSUSEED\r\n"
                            "------END USER NKEY SEED------\n"));
  ASSERT_TRUE(creds.ok()) << creds.status();
  EXPECT_EQ(creds->jwt.RevealForUse(), "eyJ.a.b");
  EXPECT_EQ(creds->seed.RevealForUse(), "SUSEED");
}

TEST(ParseNatsCredsTest, StopsCredsInErrors) {
  for (const char* text :
       {"", "hidden", "-----BEGIN NATS USER JWT-----\nhidden\n",
        "-----BEGIN USER NKEY SEED-----\nhidden\n"}) {
    const absl::Status status = ParseNatsCreds(Secret(text)).status();
    ASSERT_FALSE(status.ok()) << text;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hidden")));
  }
}

}  // namespace
}  // namespace weir::notification_controller
