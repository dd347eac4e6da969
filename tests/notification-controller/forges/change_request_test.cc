// Comments of change requests, by one table of what each forge is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "src/markdown.h"
#include "tests/notification-controller/forges/forge_rig.h"
#include "weir/value/json.h"

namespace weir::notification_controller {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct CommentCase {
  const char* type;
  const char* first;  // Before the user is asked for, none for most.
  const char* user;
  const char* list;
  const char* create;
  const char* edit;
  const char* prefix;
  const char* author;  // Of a comment: AUTHOR stands for the name.
  const char* login;   // What the user is.
  const char* header;
  const char* header_value;
};

void PrintTo(const CommentCase& forge, std::ostream* out) {
  *out << forge.type;
}

class ChangeRequestTest : public testing::TestWithParam<CommentCase> {
 protected:
  ChangeRequestTest() : rig(GetParam().type) {
    if (*GetParam().first != '\0') {
      rig.sender.Answer(GetParam().first, 200, R"({"version":"1.21.0"})");
    }
  }
  void UserAnswers() {
    rig.sender.Answer(GetParam().user, 200, GetParam().login);
  }
  std::string Marker() const {
    return absl::StrCat("<!-- ", GetParam().prefix,
                        ":0c9c2e41-0000-0000-0000-000000000000/Kustomization/"
                        "flux-system/app -->");
  }
  Value CommentBy(const std::string& name, int id,
                  const std::string& body) const {
    const std::string text =
        absl::StrReplaceAll(GetParam().author, {{"AUTHOR", name}});
    Value comment = ParseJson(text).value_or(Value());
    comment.Set("id", id);
    comment.Set("body", body);
    return comment;
  }
  void ListAnswers(Value::Array comments) {
    rig.sender.Answer(GetParam().list, 200,
                      FormatJson(Value(std::move(comments))));
  }
  size_t first_count() const { return *GetParam().first == '\0' ? 0 : 1; }

  ForgeRig rig;
};

TEST_P(ChangeRequestTest, CreatesTheFirstComment) {
  UserAnswers();
  ListAnswers({});
  rig.sender.Answer("POST", 201, R"({"id":1})");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  const std::vector<std::string> lines = rig.Lines();
  ASSERT_EQ(lines.size(), first_count() + 3);
  const size_t user = first_count();
  if (user == 1) {
    EXPECT_EQ(lines[0], GetParam().first);
  }
  EXPECT_EQ(lines[user], GetParam().user);
  EXPECT_EQ(lines[user + 1], GetParam().list);
  EXPECT_EQ(lines[user + 2], GetParam().create);
  EXPECT_EQ(BodyOf(rig.sender.requests().back()).GetString("body"),
            absl::StrCat(Marker(), "\n\n", FormatMarkdown(rig.event)));
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(rig.Header(i, GetParam().header), GetParam().header_value);
  }
}

TEST_P(ChangeRequestTest, EditsItsOwn) {
  UserAnswers();
  ListAnswers({CommentBy("bot", 4, "something else"),
               CommentBy("bot", 5, Marker() + "\n\nold"),
               CommentBy("bot", 6, Marker() + "\n\nolder")});
  rig.sender.Answer(GetParam().edit, 200, "");
  const absl::Status status = rig.Notify();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(rig.Lines().back(), GetParam().edit);
  EXPECT_THAT(
      std::string(BodyOf(rig.sender.requests().back()).GetString("body")),
      StartsWith(Marker()));
}

TEST_P(ChangeRequestTest, StopsOthersFromHijackingTheComment) {
  UserAnswers();
  ListAnswers({CommentBy("mallory", 5, Marker()),
               ParseJson(absl::StrCat(R"({"id":6,"body":")", Marker(), R"("})"))
                   .value_or(Value())});
  rig.sender.Answer("POST", 201, "");
  EXPECT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines().back(), GetParam().create);
}

TEST_P(ChangeRequestTest, WithoutANameNothingIsItsOwn) {
  rig.sender.Answer(GetParam().user, 200, "");
  ListAnswers({CommentBy("", 5, Marker())});
  rig.sender.Answer("POST", 201, "");
  EXPECT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines().back(), GetParam().create);
}

TEST_P(ChangeRequestTest, LooksAtAHundredComments) {
  UserAnswers();
  Value::Array comments(100, CommentBy("bot", 1, "text"));
  comments.push_back(CommentBy("bot", 2, Marker()));
  ListAnswers(std::move(comments));
  rig.sender.Answer("POST", 201, "");
  EXPECT_TRUE(rig.Notify().ok());
  EXPECT_EQ(rig.Lines().back(), GetParam().create);
}

TEST_P(ChangeRequestTest, WantsANumber) {
  for (const char* number :
       {"", "x", "0", "-1", "7/../8", "7\n", "99999999999999999999"}) {
    rig.event.metadata["change_request"] = number;
    EXPECT_THAT(std::string(rig.Notify().message()),
                StartsWith("invalid \"change_request\" metadata value "))
        << number;
  }
  rig.event.metadata.erase("change_request");
  EXPECT_EQ(rig.Notify().message(), "missing \"change_request\" metadata key");
  EXPECT_TRUE(rig.Lines().empty());
}

TEST_P(ChangeRequestTest, WantsAUid) {
  rig.settings.uid.clear();
  EXPECT_EQ(rig.Notify().message(), "provider UID cannot be empty");
}

TEST_P(ChangeRequestTest, UserThatFailsEndsIt) {
  rig.sender.Answer(GetParam().user, 401, R"({"message":"Bad credentials"})");
  const absl::Status status = rig.Notify();
  EXPECT_THAT(std::string(status.message()),
              StartsWith("failed to get authenticated user info: GET "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("401 Bad credentials"));
  EXPECT_EQ(rig.Lines().size(), first_count() + 1);
}

TEST_P(ChangeRequestTest, ListThatFailsEndsIt) {
  UserAnswers();
  rig.sender.Answer(GetParam().list, 502, "<html>");
  EXPECT_THAT(std::string(rig.Notify().message()),
              StartsWith("failed to list "));
  EXPECT_EQ(rig.Lines().size(), first_count() + 2);
}

TEST_P(ChangeRequestTest, CommentThatIsRefusedSaysWhy) {
  UserAnswers();
  ListAnswers({});
  rig.sender.Answer("POST", 422, R"({"message":"locked"})");
  const std::string message(rig.Notify().message());
  EXPECT_THAT(message, StartsWith("failed to create "));
  EXPECT_THAT(message, HasSubstr("422 locked"));
}

TEST_P(ChangeRequestTest, EditThatIsRefusedSaysWhy) {
  UserAnswers();
  ListAnswers({CommentBy("bot", 5, Marker())});
  EXPECT_THAT(std::string(rig.Notify().message()),
              StartsWith("failed to update "));
}

INSTANTIATE_TEST_SUITE_P(
    Table, ChangeRequestTest,
    testing::Values(
        CommentCase{
            "githubpullrequestcomment", "",
            "GET http://git.example/api/v3/user",
            "GET http://git.example/api/v3/repos/org/repo/issues/7/"
            "comments?direction=asc&per_page=100&sort=created",
            "POST http://git.example/api/v3/repos/org/repo/issues/7/comments",
            "PATCH http://git.example/api/v3/repos/org/repo/issues/comments/5",
            "flux-pr-comment-key", R"({"user":{"login":"AUTHOR"}})",
            R"({"login":"bot"})", "Authorization", "Bearer s3cret"},
        CommentCase{
            "gitlabmergerequestcomment", "",
            "GET http://git.example/api/v4/user",
            "GET http://git.example/api/v4/projects/org%2Frepo/merge_requests/"
            "7/notes?order_by=created_at&per_page=100&sort=asc",
            "POST http://git.example/api/v4/projects/org%2Frepo/"
            "merge_requests/7/notes",
            "PUT http://git.example/api/v4/projects/org%2Frepo/"
            "merge_requests/7/notes/5",
            "flux-mr-comment-key", R"({"author":{"username":"AUTHOR"}})",
            R"({"username":"bot"})", "PRIVATE-TOKEN", "s3cret"},
        CommentCase{
            "giteapullrequestcomment", "GET http://git.example/api/v1/version",
            "GET http://git.example/api/v1/user",
            "GET http://git.example/api/v1/repos/org/repo/issues/7/"
            "comments?limit=100&page=1",
            "POST http://git.example/api/v1/repos/org/repo/issues/7/comments",
            "PATCH http://git.example/api/v1/repos/org/repo/issues/comments/5",
            "flux-pr-comment-key", R"({"user":{"login":"AUTHOR"}})",
            R"({"login":"bot"})", "Authorization", "token s3cret"}),
    [](const auto& info) { return std::string(info.param.type); });

TEST(FormatMarkdownTest, TellsAllButWhereItGoes) {
  Event event = SampleEvent();
  event.metadata = {
      {"revision", "main@sha1:1"}, {"change_request", "7"}, {"a", "first"}};
  EXPECT_EQ(
      FormatMarkdown(event),
      "## Flux Status\n\nℹ️ Kustomization/flux-system/app\n\napplied\n\n"
      "Metadata:\n* `a`: first\n* `revision`: main@sha1:1\n");
  event.severity = "error";
  EXPECT_THAT(FormatMarkdown(event),
              HasSubstr("⚠️ Kustomization/flux-system/app"));
}

}  // namespace
}  // namespace weir::notification_controller
