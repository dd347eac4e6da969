// What is said to people: the bodies, headers and paths that recordings of
// other controllers show, and the formats that the services document.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/notification-controller/providers/provider_cases.h"

namespace weir::notification_controller {
namespace {

constexpr char kSlackFields[] =
    R"([{"title":"env","value":"prod","short":false},)"
    R"({"title":"revision","value":"main@sha1:1","short":false},)"
    R"({"title":"summary","value":"the summary","short":false}])";

std::string SlackBody(const std::string& channel, const std::string& username,
                      const std::string& fallback, const std::string& color,
                      const std::string& text) {
  return absl::StrCat(
      R"({"channel":")", channel, R"(","username":")", username,
      R"(","icon_url":"","icon_emoji":"","attachments":[{"fallback":")",
      fallback, R"(","color":")", color,
      R"(","author_name":"kustomization/app.flux-system","text":")", text,
      R"(","mrkdwn_in":["text"],"fields":)", kSlackFields, "}]}");
}

constexpr char kInfoText[] = R"(applied\nConfigMap/a/b created)";
constexpr char kErrorText[] = R"(failed <&> \"quoted\")";

std::string TeamsBody(const std::string& message) {
  return absl::StrCat(
      R"({"type":"message","attachments":[{"contentType":)"
      R"("application/vnd.microsoft.card.adaptive","content":{"$schema":)"
      R"("http://adaptivecards.io/schemas/adaptive-card.json",)"
      R"("type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},)"
      R"("body":[{"type":"Container","items":[{"type":"TextBlock",)"
      R"("text":"kustomization/app.flux-system","size":"large",)"
      R"("weight":"bolder","wrap":true},)",
      message, R"(,{"type":"FactSet","facts":[)",
      R"({"title":"summary","value":"the summary"},)"
      R"({"title":"env","value":"prod"},)"
      R"({"title":"revision","value":"main@sha1:1"}]}]}]}}]})");
}

std::string GoogleChatBody(const std::string& text) {
  const auto pair = [](absl::string_view key, absl::string_view value) {
    return absl::StrCat(
        R"({"textParagraph":null,"keyValue":{"topLabel":")", key,
        R"(","content":")", value,
        R"(","contentMultiline":false,"bottomLabel":null,"icon":null}})");
  };
  return absl::StrCat(
      R"({"cards":[{"header":{"title":"kustomization/app.flux-system",)"
      R"("subtitle":"kustomize-controller","imageUrl":null,)"
      R"("imageStyle":null},"sections":[{"header":"","widgets":[)"
      R"({"textParagraph":{"text":")",
      text, R"("},"keyValue":null}]},{"header":"","widgets":[)",
      pair("env", "prod"), ",", pair("revision", "main@sha1:1"), ",",
      pair("summary", "the summary"), "]}]}]}");
}

std::string LarkBody(const std::string& emoji, const std::string& color,
                     const std::string& text) {
  return absl::StrCat(
      R"({"msg_type":"interactive","card":{"config":{"wide_screen_mode":true},)"
      R"("header":{"title":{"tag":"plain_text","content":")",
      emoji, R"( kustomization/app.flux-system"},"template":")", color,
      R"("},"elements":[{"tag":"div","text":{"tag":"lark_md","content":"**)",
      text,
      R"(**\n\nenv: prod\nrevision: main@sha1:1\nsummary: the summary\n"}}]}})");
}

std::string ZoomBody(const std::string& severity, const std::string& text) {
  return absl::StrCat(
      R"({"content":{"head":{"text":"kustomization/app.flux-system",)"
      R"("sub_head":{"text":")",
      severity, R"("}},"body":[{"type":"message","text":")", text,
      R"("},{"type":"fields","items":[{"key":"env","value":"prod"},)"
      R"({"key":"revision","value":"main@sha1:1"},)"
      R"({"key":"summary","value":"the summary"}]}]}})");
}

struct ChatCase {
  const char* name;
  Settings settings;
  Event event;
  WantRequest want;
};
class ChatTest : public testing::TestWithParam<ChatCase> {};

TEST_P(ChatTest, SaysIt) {
  const ChatCase& param = GetParam();
  ExpectRequests(RequestsOf(param.settings, param.event), {param.want});
}

Settings SlackHook(const std::string& type) {
  Settings settings = WithAddress(type, "http://sink.test/services/T/B/x");
  settings.token = Secret();
  settings.username = "flux-bot";
  return settings;
}

constexpr char kHook[] = "POST http://sink.test/hook";

std::vector<ChatCase> SlackCases() {
  constexpr char kSlackHook[] = "POST http://sink.test/services/T/B/x";
  return {
      {"SlackInfo",
       SlackHook("slack"),
       InfoEvent(),
       {kSlackHook,
        {},
        SlackBody("general", "flux-bot",
                  "kustomization/app.flux-system: applied", "good",
                  kInfoText)}},
      {"SlackError",
       SlackHook("slack"),
       ErrorEvent(),
       {kSlackHook,
        {},
        SlackBody("general", "flux-bot",
                  absl::StrCat("kustomization/app.flux-system: ", kErrorText),
                  "danger", kErrorText)}},
      {"SlackBotWithoutAName",
       SettingsOf("slack"),
       InfoEvent(),
       {kHook,
        {{"Authorization", "Bearer s3cret"}},
        SlackBody("general", "kustomize-controller",
                  "kustomization/app.flux-system: applied", "good",
                  kInfoText)}},
      {"DiscordInfo",
       SlackHook("discord"),
       InfoEvent(),
       {"POST http://sink.test/services/T/B/x/slack",
        {},
        SlackBody("", "flux-bot", "", "good", kInfoText)}},
      {"DiscordErrorAtItsSlackAddress",
       WithAddress("discord", "http://sink.test/1/token/slack"),
       ErrorEvent(),
       {"POST http://sink.test/1/token/slack",
        {},
        SlackBody("", "kustomize-controller", "", "danger", kErrorText)}},
      {"DiscordKeepsItsQuery",
       WithAddress("discord", "http://sink.test/a/../1/?wait=true"),
       ErrorEvent(),
       {"POST http://sink.test/1/slack?wait=true",
        {},
        SlackBody("", "kustomize-controller", "", "danger", kErrorText)}},
      {"RocketInfo",
       SlackHook("rocket"),
       InfoEvent(),
       {kSlackHook,
        {},
        SlackBody("general", "flux-bot", "", "#0076D7", kInfoText)}},
      {"RocketErrorWithoutAName",
       SettingsOf("rocket"),
       ErrorEvent(),
       {kHook, {}, SlackBody("general", "", "", "#FF0000", kErrorText)}},
  };
}

std::vector<ChatCase> CardCases() {
  constexpr char kTeamsFacts[] =
      R"("facts":[{"name":"env","value":"prod"},)"
      R"({"name":"revision","value":"main@sha1:1"},)"
      R"({"name":"summary","value":"the summary"}]}]})";
  return {
      {"TeamsInfo",
       SettingsOf("msteams"),
       InfoEvent(),
       {kHook,
        {},
        TeamsBody(absl::StrCat(R"({"type":"TextBlock","wrap":true,"text":")",
                               kInfoText, "\"}"))}},
      {"TeamsError",
       SettingsOf("msteams"),
       ErrorEvent(),
       {kHook,
        {},
        TeamsBody(absl::StrCat(R"({"type":"TextBlock","wrap":true,)"
                               R"("color":"attention","text":")",
                               kErrorText, "\"}"))}},
      {"TeamsConnector",
       WithAddress("msteams", "https://a.webhook.office.com:443/x"),
       ErrorEvent(),
       {"POST https://a.webhook.office.com:443/x",
        {},
        absl::StrCat(
            R"({"@type":"MessageCard","@context":"http://schema.org/extensions",)"
            R"("themeColor":"FF0000","summary":"kustomization/app.flux-system",)"
            R"("sections":[{"activityTitle":")",
            kErrorText,
            R"(","activitySubtitle":"kustomization/app.flux-system",)",
            kTeamsFacts)}},
      {"GoogleChatInfo",
       SettingsOf("googlechat"),
       InfoEvent(),
       {kHook, {}, GoogleChatBody(kInfoText)}},
      {"GoogleChatError",
       SettingsOf("googlechat"),
       ErrorEvent(),
       {kHook,
        {},
        GoogleChatBody(absl::StrCat(R"(<font color=\"#ff0000\">)", kErrorText,
                                    "</font>"))}},
      {"LarkInfo",
       SettingsOf("lark"),
       InfoEvent(),
       {kHook, {}, LarkBody("💫", "turquoise", kInfoText)}},
      {"LarkError",
       SettingsOf("lark"),
       ErrorEvent(),
       {kHook, {}, LarkBody("🚨", "red", kErrorText)}},
      {"ZoomInfo",
       SettingsOf("zoom"),
       InfoEvent(),
       {"POST http://sink.test/hook?format=full",
        {{"Authorization", "s3cret"}},
        ZoomBody("info", kInfoText)}},
      {"ZoomErrorOfAnotherFormat",
       WithAddress("zoom", "http://sink.test/hook?format=fields"),
       ErrorEvent(),
       {"POST http://sink.test/hook?format=fields",
        {{"Authorization", "s3cret"}},
        ZoomBody("error", kErrorText)}},
      {"ZoomKeepsTheQuery",
       WithAddress("zoom", "http://sink.test/hook?x=a%20b&format=&b=1"),
       ErrorEvent(),
       {"POST http://sink.test/hook?b=1&format=full&x=a+b",
        {{"Authorization", "s3cret"}},
        ZoomBody("error", kErrorText)}},
  };
}

std::vector<ChatCase> TextCases() {
  constexpr char kTelegram[] =
      "POST https://api.telegram.org/bots3cret/sendMessage";
  constexpr char kMatrix[] =
      "PUT http://sink.test/hook/_matrix/client/r0/rooms/!room:example.com/"
      "send/m.room.message/";
  const std::vector<std::pair<std::string, std::string>> bearer = {
      {"Authorization", "Bearer s3cret"}};
  Settings plain_chat = SettingsOf("telegram");
  plain_chat.channel = "@chat";
  return {
      {"WebexInfo",
       SettingsOf("webex"),
       InfoEvent(),
       {kHook, bearer,
        R"({"roomId":"general","markdown":"✅ **kustomization/app.flux-system**)"
        R"(\napplied\nConfigMap/a/b created\n>**env**: prod\n)"
        R"(>**revision**: main@sha1:1\n>**summary**: the summary\n"})"}},
      {"WebexError",
       SettingsOf("webex"),
       ErrorEvent(),
       {kHook, bearer,
        R"({"roomId":"general","markdown":"💣 **kustomization/app.flux-system**)"
        R"(\nfailed <&> \"quoted\"\n>**env**: prod\n)"
        R"(>**revision**: main@sha1:1\n>**summary**: the summary\n"})"}},
      {"TelegramInfoInAThread",
       SettingsOf("telegram"),
       InfoEvent(),
       {kTelegram,
        {},
        R"({"chat_id":"-100","message_thread_id":"7","parse_mode":"MarkdownV2",)"
        R"("text":"*💫 kustomization/app/flux\\-system*\napplied\nConfigMap/a/b)"
        R"( created\n\\- *env*: prod\n\\- *revision*: main@sha1:1\n)"
        R"(\\- *summary*: the summary\n"})"}},
      {"TelegramError",
       plain_chat,
       ErrorEvent(),
       {kTelegram,
        {},
        R"({"chat_id":"@chat","parse_mode":"MarkdownV2",)"
        R"("text":"*🚨 kustomization/app/flux\\-system*\nfailed <&\\> \"quoted\")"
        R"(\n\\- *env*: prod\n\\- *revision*: main@sha1:1\n)"
        R"(\\- *summary*: the summary\n"})"}},
      {"MatrixInfo",
       SettingsOf("matrix"),
       InfoEvent(),
       {absl::StrCat(kMatrix, "4556cbd3b18d01427e1849f9b7799ced34843979"),
        bearer,
        R"({"msgtype":"m.text","body":"💫 kustomization/app.flux-system\n)"
        R"(applied\nConfigMap/a/b created\n- env: prod\n)"
        R"(- revision: main@sha1:1\n- summary: the summary\n"})"}},
      {"MatrixError",
       SettingsOf("matrix"),
       ErrorEvent(),
       {absl::StrCat(kMatrix, "c479df6eacf72ba5aa89b3f9f7911ff5f4cf9d1c"),
        bearer,
        R"({"msgtype":"m.text","body":"🚨 kustomization/app.flux-system\n)"
        R"(failed <&> \"quoted\"\n- env: prod\n)"
        R"(- revision: main@sha1:1\n- summary: the summary\n"})"}},
  };
}

std::vector<ChatCase> ZulipCases() {
  constexpr char kMessages[] = "POST http://sink.test/api/v1/messages";
  const std::vector<std::pair<std::string, std::string>> headers = {
      {"Authorization", "Basic Ym90OnBhNTU="},
      {"Content-Type", "application/x-www-form-urlencoded"}};
  return {
      {"ZulipInfo",
       SettingsOf("zulip"),
       InfoEvent(),
       {kMessages, headers,
        "content=%23%23+Flux+Status%0A%0A%E2%84%B9%EF%B8%8F+Kustomization%2F"
        "flux-system%2Fapp%0A%0Aapplied%0AConfigMap%2Fa%2Fb+created%0A%0A"
        "Metadata%3A%0A%2A+%60env%60%3A+prod%0A%2A+%60revision%60%3A+main%40"
        "sha1%3A1%0A%2A+%60summary%60%3A+the+summary%0A&to=stream&"
        "topic=topic%2Fx&type=stream"}},
      {"ZulipError",
       SettingsOf("zulip"),
       ErrorEvent(),
       {kMessages, headers,
        "content=%23%23+Flux+Status%0A%0A%E2%9A%A0%EF%B8%8F+Kustomization%2F"
        "flux-system%2Fapp%0A%0Afailed+%3C%26%3E+%22quoted%22%0A%0A"
        "Metadata%3A%0A%2A+%60env%60%3A+prod%0A%2A+%60revision%60%3A+main%40"
        "sha1%3A1%0A%2A+%60summary%60%3A+the+summary%0A&to=stream&"
        "topic=topic%2Fx&type=stream"}},
  };
}

// Empty is not always absent.
std::vector<ChatCase> EmptyCases() {
  Event bare;
  bare.object = InfoEvent().object;
  bare.severity = "info";
  Settings no_room = SettingsOf("webex");
  no_room.channel = "";
  return {
      {"SlackOfNothing",
       SettingsOf("slack"),
       bare,
       {kHook,
        {{"Authorization", "Bearer s3cret"}},
        R"({"channel":"general","username":"","icon_url":"","icon_emoji":"",)"
        R"("attachments":[{"fallback":"kustomization/app.flux-system: ",)"
        R"("color":"good","author_name":"kustomization/app.flux-system",)"
        R"("text":"","mrkdwn_in":["text"],"fields":[]}]})"}},
      {"TeamsOfNothing",
       SettingsOf("msteams"),
       bare,
       {kHook,
        {},
        R"({"type":"message","attachments":[{"contentType":)"
        R"("application/vnd.microsoft.card.adaptive","content":{"$schema":)"
        R"("http://adaptivecards.io/schemas/adaptive-card.json",)"
        R"("type":"AdaptiveCard","version":"1.4","msteams":{"width":"Full"},)"
        R"("body":[{"type":"Container","items":[{"type":"TextBlock",)"
        R"("text":"kustomization/app.flux-system","size":"large",)"
        R"("weight":"bolder","wrap":true},{"type":"TextBlock","wrap":true},)"
        R"({"type":"FactSet"}]}]}}]})"}},
      {"TeamsConnectorOfNothing",
       WithAddress("msteams", "https://a.webhook.office.com/x"),
       bare,
       {"POST https://a.webhook.office.com/x",
        {},
        R"({"@type":"MessageCard","@context":"http://schema.org/extensions",)"
        R"("themeColor":"0076D7","summary":"kustomization/app.flux-system",)"
        R"("sections":[{"activityTitle":"",)"
        R"("activitySubtitle":"kustomization/app.flux-system","facts":[]}]})"}},
      {"GoogleChatOfNothing",
       SettingsOf("googlechat"),
       bare,
       {kHook,
        {},
        R"({"cards":[{"header":{"title":"kustomization/app.flux-system",)"
        R"("subtitle":"","imageUrl":null,"imageStyle":null},"sections":[)"
        R"({"header":"","widgets":[{"textParagraph":{"text":""},)"
        R"("keyValue":null}]}]}]})"}},
      {"ZoomOfNothing",
       SettingsOf("zoom"),
       bare,
       {"POST http://sink.test/hook?format=full",
        {{"Authorization", "s3cret"}},
        R"({"content":{"head":{"text":"kustomization/app.flux-system",)"
        R"("sub_head":{"text":"info"}},"body":[{"type":"message"}]}})"}},
      {"WebexWithoutARoom",
       no_room,
       bare,
       {kHook,
        {{"Authorization", "Bearer s3cret"}},
        R"({"markdown":"✅ **kustomization/app.flux-system**\n\n"})"}},
  };
}

const auto kCaseName = [](const auto& info) {
  return std::string(info.param.name);
};
INSTANTIATE_TEST_SUITE_P(Slack, ChatTest, testing::ValuesIn(SlackCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Cards, ChatTest, testing::ValuesIn(CardCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Texts, ChatTest, testing::ValuesIn(TextCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Zulip, ChatTest, testing::ValuesIn(ZulipCases()),
                         kCaseName);
INSTANTIATE_TEST_SUITE_P(Empty, ChatTest, testing::ValuesIn(EmptyCases()),
                         kCaseName);

// Every character that MarkdownV2 gives a meaning, once.
TEST(TelegramTest, EscapesWhatMarkdownReads) {
  Event event = InfoEvent();
  event.message = R"(\.-_[]()~>`#+=|{}!*a<b)";
  event.metadata.clear();
  const auto requests = RequestsOf(SettingsOf("telegram"), event);
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_NE(
      (*requests)[0].body.find(
          R"(\n\\\\\\.\\-\\_\\[\\]\\(\\)\\~\\>\\`\\#\\+\\=\\|\\{\\}\\!\\*)"
          R"(a<b\n)"),
      std::string::npos)
      << (*requests)[0].body;
}

TEST(MarkdownTest, LeavesTheChangeRequestOut) {
  Event event = InfoEvent();
  event.metadata = {{"a", "1"}, {"change_request", "42"}};
  const auto requests = RequestsOf(SettingsOf("zulip"), event);
  ASSERT_TRUE(requests.ok()) << requests.status();
  EXPECT_NE((*requests)[0].body.find("%2A+%60a%60%3A+1%0A&to"),
            std::string::npos);
  EXPECT_EQ((*requests)[0].body.find("change_request"), std::string::npos);
}

}  // namespace
}  // namespace weir::notification_controller
