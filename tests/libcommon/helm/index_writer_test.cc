#include "weir/helm/index_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/base/file.h"
#include "weir/value/json.h"

namespace weir::helm {
namespace {

class IndexWriterTest : public testing::Test {
 protected:
  IndexWriterTest() : folder_(*TempDir::Create("weir-index-")) {}

  absl::Status Write(absl::string_view text, const IndexOptions& options = {}) {
    out_.clear();
    spans_.clear();
    return WriteIndex(
        IndexText(text), folder_.path(), options,
        [this](absl::string_view bytes) {
          out_.append(bytes.data(), bytes.size());
          return absl::OkStatus();
        },
        &spans_);
  }
  // "demo:...": what each span covers.
  std::vector<std::string> Covered(const std::vector<IndexSpan>& spans) const {
    std::vector<std::string> out;
    for (const IndexSpan& span : spans) {
      out.push_back(absl::StrCat(span.chart, ":",
                                 out_.substr(static_cast<size_t>(span.offset),
                                             static_cast<size_t>(span.bytes))));
    }
    return out;
  }

  TempDir folder_;
  std::string out_;
  std::vector<IndexSpan> spans_;
};

constexpr char kIndex[] = R"(apiVersion: v1
generated: "2020-01-01T00:00:00.100Z"
entries:
  web:
  - name: web
    version: 1.0.0
    urls: [web-1.0.0.tgz]
    created: 2020-01-01T00:00:00+00:00
  - name: web
    apiVersion: v2
    version: 1.10.0
    appVersion: 1.0
    type: application
    kubeVersion: ">=1.20"
    deprecated: true
    annotations: {b: "2", a: "<1>"}
    maintainers: [{name: me, email: a@b}]
    keywords: [x]
    dependencies:
    - name: sub
      version: 1.x
      repository: https://example.com
      import-values: [{child: a, parent: b}]
    urls: [a, b]
    created: 2020-01-01T00:00:00.120000+02:00
    digest: 12ab
    removed: true
  api:
  - {name: api, version: 0.1.0, apiVersion: v2, urls: [api.tgz]}
)";

// What upstream's json.MarshalIndent of the same index gives.
constexpr char kWritten[] = R"({
  "apiVersion": "v1",
  "generated": "2020-01-01T00:00:00.1Z",
  "entries": {
    "api": [
      {
        "name": "api",
        "version": "0.1.0",
        "apiVersion": "v2",
        "urls": [
          "api.tgz"
        ],
        "created": "0001-01-01T00:00:00Z"
      }
    ],
    "web": [
      {
        "name": "web",
        "version": "1.10.0",
        "keywords": [
          "x"
        ],
        "maintainers": [
          {
            "name": "me",
            "email": "a@b"
          }
        ],
        "apiVersion": "v2",
        "appVersion": "1",
        "deprecated": true,
        "annotations": {
          "a": "\u003c1\u003e",
          "b": "2"
        },
        "kubeVersion": "\u003e=1.20",
        "dependencies": [
          {
            "name": "sub",
            "version": "1.x",
            "repository": "https://example.com",
            "import-values": [
              {
                "child": "a",
                "parent": "b"
              }
            ]
          }
        ],
        "type": "application",
        "urls": [
          "a",
          "b"
        ],
        "created": "2020-01-01T00:00:00.12+02:00",
        "removed": true,
        "digest": "12ab"
      },
      {
        "name": "web",
        "version": "1.0.0",
        "apiVersion": "v1",
        "urls": [
          "web-1.0.0.tgz"
        ],
        "created": "2020-01-01T00:00:00Z"
      }
    ]
  }
})";

TEST_F(IndexWriterTest, WritesAsUpstreamDoes) {
  ASSERT_TRUE(Write(kIndex).ok());
  EXPECT_EQ(out_, kWritten);
  ASSERT_TRUE(ParseJson(out_).ok());
  ASSERT_EQ(spans_.size(), 2u);
  EXPECT_EQ(spans_[0].chart, "api");
  EXPECT_EQ(Covered(spans_)[0].substr(0, 5), "api:[");
  EXPECT_EQ(Covered(spans_)[1].back(), ']');
}

TEST_F(IndexWriterTest, SpansAreFoundAgain) {
  std::string text = "apiVersion: v1\nentries:\n";
  for (int chart = 0; chart < 40; ++chart) {
    absl::StrAppend(&text, "  chart-", chart, ":\n");
    for (int version = 0; version < 40; ++version) {
      absl::StrAppend(&text, "  - name: c\n    version: 0.", version,
                      ".0\n    description: '", std::string(400, '"'),
                      "'\n    urls: [x]\n");
    }
  }
  absl::StrAppend(&text, "  none: []\npublicKeys: [a, b]\n");
  ASSERT_TRUE(Write(text).ok());
  const auto found = FindSpans(archive::StringSource(out_));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(Covered(*found), Covered(spans_));
  for (const IndexSpan& span : *found) {
    if (span.chart == "none") {
      EXPECT_EQ(span.bytes, 0);
      continue;
    }
    const auto list = ParseJson(out_.substr(static_cast<size_t>(span.offset),
                                            static_cast<size_t>(span.bytes)));
    ASSERT_TRUE(list.ok()) << span.chart << list.status();
    EXPECT_EQ(list->size(), 40u);
    // Newest first.
    EXPECT_EQ((*list)[size_t{0}].GetString("version"), "0.39.0");
  }
}

TEST_F(IndexWriterTest, OtherFormsHaveNoSpans) {
  for (const char* text : {"", "{\"entries\":{}}", "apiVersion: v1\n",
                           "{\n  \"entries\": {\n    \"a\": [\n"}) {
    EXPECT_FALSE(FindSpans(archive::StringSource(text)).ok()) << text;
  }
  const auto none = FindSpans(archive::StringSource(
      "{\n  \"apiVersion\": \"v1\",\n  \"entries\": {},\n  \"publicKeys\": [\n"
      "    \"a\"\n  ]\n}"));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
}

TEST_F(IndexWriterTest, WhatHelmSkipsIsLeftOut) {
  std::vector<std::string> warnings;
  IndexOptions options;
  options.on_warning = [&](absl::string_view text) {
    warnings.emplace_back(text);
  };
  ASSERT_TRUE(Write("apiVersion: v1\nentries:\n  demo:\n  - null\n"
                    "  - {name: demo, version: not-semver, urls: [a]}\n"
                    "  - {name: demo, version: 1.0.0, urls: [a]}\n",
                    options)
                  .ok());
  const auto value = ParseJson(out_);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ((*value)["entries"]["demo"].size(), 1u);
  EXPECT_EQ(warnings.size(), 2u);
}

TEST_F(IndexWriterTest, JsonAndYamlWithCarriageReturnsAreRead) {
  ASSERT_TRUE(Write(R"({"apiVersion":"v1","entries":{}})").ok());
  EXPECT_EQ(out_,
            "{\n  \"apiVersion\": \"v1\",\n  \"generated\": "
            "\"0001-01-01T00:00:00Z\",\n  \"entries\": {}\n}");
  IndexOptions split_only;
  split_only.max_whole_bytes = 1;
  ASSERT_TRUE(Write("apiVersion: v1\r\nentries:\r\n  a:\r\n  - name: a\r\n"
                    "    version: 1.0.0\r\n    urls: [x]\r\n",
                    split_only)
                  .ok());
  EXPECT_EQ(spans_.size(), 1u);
}

TEST_F(IndexWriterTest, NamesThatAreNoUtf8AreRefusedOrReplaced) {
  EXPECT_EQ(Write("apiVersion: v1\nentries:\n  \"a\xBC\":\n  - name: a\n"
                  "    version: 1.0.0\n")
                .code(),
            absl::StatusCode::kInvalidArgument);
  // As Go's decoder of JSON does.
  ASSERT_TRUE(Write("{\"apiVersion\":\"v1\",\"entries\":{\"a\xBC\":[]}}").ok());
  ASSERT_EQ(spans_.size(), 1u);
  EXPECT_EQ(spans_[0].chart, "a\xEF\xBF\xBD");
  const auto found = FindSpans(archive::StringSource(out_));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)[0].chart, spans_[0].chart);
}

TEST_F(IndexWriterTest, BombsAreRefused) {
  // One version of many bytes, too many charts.
  IndexOptions options;
  options.max_version_bytes = 1000;
  options.max_whole_bytes = 1000;
  EXPECT_EQ(Write(absl::StrCat("apiVersion: v1\nentries:\n  a:\n  - name: a\n"
                               "    description: ",
                               std::string(5000, 'x'), "\n"),
                  options)
                .code(),
            absl::StatusCode::kResourceExhausted);
  std::string many = "{\"apiVersion\":\"v1\",\"entries\":{";
  for (int i = 0; i < 200'001; ++i) {
    absl::StrAppend(&many, i == 0 ? "" : ",", "\"", i, "\":[]");
  }
  many += "}}";
  EXPECT_EQ(Write(many).code(), absl::StatusCode::kResourceExhausted);
  options.max_bytes = 10;
  EXPECT_EQ(Write("apiVersion: v1\nentries: {}\n", options).code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace weir::helm
