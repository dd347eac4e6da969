#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "weir/archive/extract.h"
#include "weir/archive/gzip.h"
#include "weir/archive/secure_join.h"
#include "weir/archive/tar_reader.h"
#include "weir/archive/tar_writer.h"
#include "weir/base/file.h"
#include "weir/crypto/digest.h"

namespace weir::archive {
namespace {

using testing::HasSubstr;

Sink AppendTo(std::string* out) {
  return [out](absl::string_view bytes) {
    out->append(bytes.data(), bytes.size());
    return absl::OkStatus();
  };
}

std::string Gzip(absl::string_view bytes) {
  std::string out;
  GzipWriter writer(AppendTo(&out));
  EXPECT_TRUE(writer.Write(bytes).ok());
  EXPECT_TRUE(writer.Finish().ok());
  return out;
}

absl::StatusOr<std::string> ReadAll(Source source, size_t step = 4096) {
  std::string out;
  std::string buffer(step, '\0');
  while (true) {
    absl::StatusOr<size_t> got = source(buffer.data(), buffer.size());
    if (!got.ok()) return got.status();
    if (*got == 0) return out;
    out.append(buffer, 0, *got);
  }
}

// The sums are those of the archives that Flux 2.9's source-controller made
// of the same files.
TEST(TarWriterTest, BytesEqualFluxForPlainNames) {
  std::string out;
  TarWriter tar(AppendTo(&out));
  ASSERT_TRUE(tar.AddDirectory(".").ok());
  ASSERT_TRUE(tar.AddFile("cm.yaml", false,
                          "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", "
                          "\"metadata\": {\"name\": \"demo\"}, \"data\": "
                          "{\"color\": \"blue\"}}\n")
                  .ok());
  ASSERT_TRUE(tar.AddDirectory("sub").ok());
  ASSERT_TRUE(tar.AddFile("sub/x.txt", false, "x\n").ok());
  ASSERT_TRUE(tar.Finish().ok());
  EXPECT_EQ(out.size(), 4096u);
  EXPECT_EQ(crypto::Sha256Hex(out),
            "3922d98470b8f63bfd8fd033960c33a5996e5b2b1d4bdbdcb67b0622fda6a1dc");
}

TEST(TarWriterTest, BytesEqualFluxForLongAndNonAsciiNames) {
  const std::string folder = absl::StrCat("deep/", std::string(90, 'n'));
  std::string out;
  TarWriter tar(AppendTo(&out));
  ASSERT_TRUE(tar.AddDirectory(".").ok());
  ASSERT_TRUE(tar.AddDirectory("a").ok());
  ASSERT_TRUE(tar.AddFile("cm.yaml", false,
                          "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", "
                          "\"metadata\": {\"name\": \"demo\"}, \"data\": "
                          "{\"color\": \"blue\"}}\n")
                  .ok());
  ASSERT_TRUE(tar.AddDirectory("deep").ok());
  ASSERT_TRUE(tar.AddDirectory(folder).ok());
  ASSERT_TRUE(tar.AddFile(absl::StrCat(folder, "/", std::string(60, 'm')),
                          false, "long")
                  .ok());
  ASSERT_TRUE(tar.AddDirectory("docs").ok());
  ASSERT_TRUE(tar.AddFile("docs/keep.txt", false, "k").ok());
  ASSERT_TRUE(tar.AddFile("docs/readme.md", false, "d").ok());
  ASSERT_TRUE(tar.AddFile("d\xC3\xA9j\xC3\xA0 vu.txt", false, "u").ok());
  ASSERT_TRUE(tar.AddDirectory("empty").ok());
  ASSERT_TRUE(tar.AddFile("empty/.gitkeep", false, "").ok());
  ASSERT_TRUE(tar.AddFile("run.sh", true, "#!/bin/sh\n").ok());
  ASSERT_TRUE(tar.Finish().ok());
  EXPECT_EQ(out.size(), 11776u);
  EXPECT_EQ(crypto::Sha256Hex(out),
            "156bfb85ddade835f58d9e115a8315c06ca7bd3deb678f76faf81371e3bbaa7d");
}

TEST(TarWriterTest, HoldsCallersToTheAnnouncedSize) {
  std::string out;
  TarWriter tar(AppendTo(&out));
  ASSERT_TRUE(tar.BeginFile("a", false, 3).ok());
  EXPECT_EQ(tar.Write("four").code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(tar.Write("fo").ok());
  EXPECT_EQ(tar.Finish().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(GzipTest, HeaderHasNoNameAndNoTime) {
  const std::string out = Gzip("x");
  EXPECT_EQ(out.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
}

TEST(GzipTest, ReadsWhatItWroteAndSeveralMembers) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&text, i, ",");
  const std::string both = Gzip(text) + Gzip("") + Gzip("tail");
  for (const size_t step : {1u, 1000u, 1u << 20}) {
    absl::StatusOr<std::string> got =
        ReadAll(GunzipSource(StringSource(both)), step);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(*got, text + "tail");
  }
}

TEST(GzipTest, ReportsBadAndCutData) {
  const std::string good = Gzip("some text that is long enough to be cut");
  EXPECT_EQ(ReadAll(GunzipSource(StringSource("no gzip"))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      ReadAll(GunzipSource(StringSource(absl::string_view(good).substr(0, 20))))
          .status()
          .code(),
      absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadAll(GunzipSource(StringSource(""))).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// --- Extraction -----------------------------------------------------------

// A hand-made header for entries that TarWriter does not write.
std::string RawEntry(absl::string_view name, char type,
                     absl::string_view contents = "",
                     absl::string_view link = "") {
  std::string block(512, '\0');
  block.replace(0, name.size(), name.data(), name.size());
  block.replace(100, 7, "0000644");
  block.replace(108, 7, "0000000");
  block.replace(116, 7, "0000000");
  char number[16];
  snprintf(number, sizeof(number), "%011o",
           static_cast<unsigned>(contents.size()));
  block.replace(124, 11, number);
  block.replace(136, 11, "00000000000");
  block[156] = type;
  block.replace(157, link.size(), link.data(), link.size());
  block.replace(257, 8, std::string("ustar\00000", 8));
  block.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  snprintf(number, sizeof(number), "%06o", sum);
  block.replace(148, 7, std::string(number, 7));
  std::string body(contents);
  body.resize((body.size() + 511) / 512 * 512);
  return block + body;
}

struct ExtractCase {
  const char* name;
  std::string tar;
  absl::StatusCode code;
  const char* message = "";
};
class ExtractRefusesTest : public testing::TestWithParam<ExtractCase> {};

TEST_P(ExtractRefusesTest, AndSaysWhy) {
  absl::StatusOr<TempDir> dir = TempDir::Create("archive-test");
  ASSERT_TRUE(dir.ok());
  ExtractOptions options;
  options.max_bytes = 1000;
  options.max_entries = 10;
  const std::string gz = Gzip(GetParam().tar + std::string(1024, '\0'));
  const absl::Status status =
      ExtractTarGz(Context(), StringSource(gz), dir->path(), options);
  EXPECT_EQ(status.code(), GetParam().code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(GetParam().message));
}

std::string ManyEntries() {
  std::string out;
  for (int i = 0; i < 11; ++i) out += RawEntry(absl::StrCat("f", i), '0');
  return out;
}

using enum absl::StatusCode;
INSTANTIATE_TEST_SUITE_P(
    Table, ExtractRefusesTest,
    testing::Values(
        ExtractCase{"Plain", RawEntry("a", '0', "x"), kOk},
        ExtractCase{"DotSlash", RawEntry("./a/b", '0', "x"), kOk},
        ExtractCase{"HardLink", RawEntry("a", '1', "", "/etc/passwd"), kOk},
        ExtractCase{"Absolute", RawEntry("/a", '0'), kInvalidArgument,
                    "absolute name"},
        ExtractCase{"ParentFirst", RawEntry("../a", '0'), kInvalidArgument,
                    "\"..\" in name"},
        ExtractCase{"ParentInside", RawEntry("a/../../b", '0'),
                    kInvalidArgument, "\"..\" in name"},
        ExtractCase{"BareParent", RawEntry("..", '5'), kInvalidArgument,
                    "\"..\" in name"},
        ExtractCase{"Backslash", RawEntry("a\\b", '0'), kInvalidArgument,
                    "backslash"},
        ExtractCase{"EmptyName", RawEntry("", '0'), kInvalidArgument,
                    "name is empty"},
        ExtractCase{"Symlink", RawEntry("a", '2', "", "b"), kInvalidArgument,
                    "symbolic links are not allowed"},
        ExtractCase{"Device", RawEntry("a", '3'), kInvalidArgument,
                    "unsupported type"},
        ExtractCase{"RootAsFile", RawEntry(".", '0', "x"), kInvalidArgument,
                    "not a folder"},
        ExtractCase{"TooManyBytes", RawEntry("a", '0', std::string(1001, 'x')),
                    kResourceExhausted, "exceed 1000 bytes"},
        ExtractCase{"TooManyEntries", ManyEntries(), kResourceExhausted,
                    "more than 10 entries"},
        ExtractCase{"FileUnderFile",
                    RawEntry("a", '0', "x") + RawEntry("a/b", '0', "y"),
                    kInvalidArgument, "\"a\" is not a folder"},
        ExtractCase{"BadPax", RawEntry("p", 'x', "99 path=a\n"),
                    kInvalidArgument, "bad PAX record"},
        ExtractCase{
            "PaxPathIsChecked",
            RawEntry("p", 'x', "15 path=../evil\n") + RawEntry("fine", '0'),
            kInvalidArgument, ""},
        ExtractCase{"BadChecksum", std::string(512, 'x'), kInvalidArgument,
                    "tar:"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(ExtractTest, RoundTripKeepsContentsAndExecutableBit) {
  const std::string long_name = std::string(120, 'l') + "/\xC3\xA9.txt";
  std::string tar_bytes;
  TarWriter tar(AppendTo(&tar_bytes));
  ASSERT_TRUE(tar.AddDirectory(".").ok());
  ASSERT_TRUE(tar.AddDirectory("empty").ok());
  ASSERT_TRUE(tar.AddFile("run.sh", true, "#!/bin/sh\n").ok());
  ASSERT_TRUE(tar.AddFile(long_name, false, "text").ok());
  ASSERT_TRUE(tar.Finish().ok());
  absl::StatusOr<TempDir> dir = TempDir::Create("archive-test");
  ASSERT_TRUE(dir.ok());
  const std::string gz = Gzip(tar_bytes);
  const absl::Status status =
      ExtractTarGz(Context(), StringSource(gz), dir->path());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(*ReadFile(dir->path() + "/" + long_name), "text");
  struct stat info;
  ASSERT_EQ(stat((dir->path() + "/run.sh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(info.st_mtime, 0);
  ASSERT_EQ(stat((dir->path() + "/empty").c_str(), &info), 0);
  EXPECT_TRUE(S_ISDIR(info.st_mode));
}

TEST(ExtractTest, StopsWhenCancelled) {
  absl::StatusOr<TempDir> dir = TempDir::Create("archive-test");
  ASSERT_TRUE(dir.ok());
  const Context ctx = Context().WithCancel();
  ctx.Cancel();
  const std::string gz = Gzip(RawEntry("a", '0', "x"));
  EXPECT_EQ(ExtractTarGz(ctx, StringSource(gz), dir->path()).code(),
            absl::StatusCode::kCancelled);
}

TEST(ExtractTest, DoesNotFollowALinkThatIsThere) {
  absl::StatusOr<TempDir> dir = TempDir::Create("archive-test");
  absl::StatusOr<TempDir> other = TempDir::Create("archive-test");
  ASSERT_TRUE(dir.ok() && other.ok());
  ASSERT_EQ(symlink(other->path().c_str(), (dir->path() + "/a").c_str()), 0);
  const std::string gz = Gzip(RawEntry("a/b", '0', "x"));
  EXPECT_FALSE(ExtractTarGz(Context(), StringSource(gz), dir->path()).ok());
  EXPECT_EQ(ReadFile(other->path() + "/b").status().code(),
            absl::StatusCode::kNotFound);
}

// --- SecureJoin -----------------------------------------------------------

struct JoinCase {
  const char* name;
  const char* path;
  const char* want;  // Below the root.
};
class SecureJoinTest : public testing::TestWithParam<JoinCase> {};

TEST_P(SecureJoinTest, StaysInside) {
  absl::StatusOr<TempDir> root = TempDir::Create("archive-test");
  ASSERT_TRUE(root.ok());
  const std::string& dir = root->path();
  ASSERT_TRUE(MakeDirectories(dir + "/a/b").ok());
  ASSERT_EQ(symlink("/etc", (dir + "/abs").c_str()), 0);
  ASSERT_EQ(symlink("../../../..", (dir + "/a/up").c_str()), 0);
  ASSERT_EQ(symlink("a/b", (dir + "/in").c_str()), 0);
  absl::StatusOr<std::string> got = SecureJoin(dir, GetParam().path);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(*got, dir + GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, SecureJoinTest,
    testing::Values(JoinCase{"Empty", "", ""},
                    JoinCase{"Dots", "./a/./b", "/a/b"},
                    JoinCase{"Parents", "../../../etc/passwd", "/etc/passwd"},
                    JoinCase{"Absolute", "/etc/passwd", "/etc/passwd"},
                    JoinCase{"AbsoluteLink", "abs/passwd", "/etc/passwd"},
                    JoinCase{"ParentLink", "a/up/x", "/x"},
                    JoinCase{"InnerLink", "in/c", "/a/b/c"},
                    JoinCase{"ParentOfLink", "in/../d", "/a/d"},
                    JoinCase{"Absent", "none/../a", "/a"}),
    [](const auto& p) { return std::string(p.param.name); });

TEST(SecureJoinTest, EndsOnLinkLoops) {
  absl::StatusOr<TempDir> root = TempDir::Create("archive-test");
  ASSERT_TRUE(root.ok());
  ASSERT_EQ(symlink("loop", (root->path() + "/loop").c_str()), 0);
  EXPECT_EQ(SecureJoin(root->path(), "loop/x").status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(CleanRelativePathTest, Table) {
  EXPECT_EQ(CleanRelativePath(""), "");
  EXPECT_EQ(CleanRelativePath("/x/"), "x");
  EXPECT_EQ(CleanRelativePath("a/../../b"), "b");
  EXPECT_EQ(CleanRelativePath("./a//b/."), "a/b");
}

}  // namespace
}  // namespace weir::archive
