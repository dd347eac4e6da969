#include "weir/helm/provenance.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "weir/base/file.h"

namespace weir::helm {
namespace {

std::string Path(const std::string& name) {
  return absl::StrCat(WEIR_TESTDATA, "/provenance/", name);
}
std::string Data(const std::string& name) {
  const auto bytes = ReadFile(Path(name));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : "";
}

constexpr char kName[] = "signed-1.2.3.tgz";

absl::Status Verify(const std::string& provenance, const std::string& keyring,
                    const std::string& name = kName) {
  return VerifyProvenance(Data(kName), provenance, name, Path(keyring));
}

TEST(ProvenanceTest, TakesWhatHelmSigned) {
  EXPECT_EQ(Verify(Data("rsa.prov"), "rsa.gpg"), absl::OkStatus());
  EXPECT_EQ(Verify(Data("ed25519.prov"), "ed25519.gpg"), absl::OkStatus());
}

TEST(ProvenanceTest, SaysWhatIsWrongAsHelmDoes) {
  const std::string good = Data("rsa.prov");
  EXPECT_EQ(Verify(good, "ed25519.gpg").message(),
            "openpgp: signature made by unknown entity");
  EXPECT_EQ(Verify(good, "rsa.gpg", "other.tgz").message(),
            "provenance does not contain a SHA for a file named \"other.tgz\"");
  EXPECT_EQ(Verify("hello", "rsa.gpg").message(), "signature block not found");
  EXPECT_EQ(Verify(good, "none.gpg").message(),
            absl::StrCat("failed to load keyring: open ", Path("none.gpg"),
                         ": no such file or directory"));
  EXPECT_EQ(Verify(good, "rsa.prov").message(),
            "failed to load keyring: openpgp: invalid data: tag byte does not "
            "have MSB set");
}

TEST(ProvenanceTest, RefusesWhatWasChanged) {
  const std::string good = Data("rsa.prov");
  for (const char* from : {"name: signed", "1.2.3\n", "sha256:9"}) {
    const std::string bad = absl::StrReplaceAll(good, {{from, "x"}});
    ASSERT_NE(bad, good);
    EXPECT_TRUE(absl::StartsWith(Verify(bad, "rsa.gpg").message(),
                                 "openpgp: invalid signature"))
        << from << " " << Verify(bad, "rsa.gpg");
  }
  const absl::Status status =
      VerifyProvenance("another archive", good, kName, Path("rsa.gpg"));
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(absl::StartsWith(status.message(),
                               "sha256 sum does not match for signed-1.2.3.tgz"
                               ": \"sha256:974427d8"))
      << status;
}

}  // namespace
}  // namespace weir::helm
