// `weir notify test PROVIDER`: one harmless message, and what became of it.
#include <cstdio>
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "cluster.h"
#include "invocation.h"
#include "output.h"
#include "weir/base/status.h"
#include "weir/http/proxy.h"
#include "weir/notification_controller/test_message.h"

namespace weir::cli {
namespace {

using notification_controller::TestExchange;
using notification_controller::TestMessage;
using notification_controller::TestResult;

std::string Describe(const TestExchange& exchange) {
  std::string text = absl::StrCat(exchange.request, "\n");
  for (const auto& [name, value] : exchange.headers) {
    absl::StrAppend(&text, name, ": ", value, "\n");
  }
  absl::StrAppend(&text, "\n", exchange.body, "\n\n");
  if (exchange.code == 0) {
    absl::StrAppend(&text, "no answer\n");
  } else {
    absl::StrAppend(&text, "answer ", exchange.code, "\n", exchange.answer,
                    exchange.answer.empty() ? "" : "\n");
  }
  return text;
}

int Run(const Context& ctx, const Globals& globals, TestMessage message) {
  const auto timeout = TimeoutOf(globals);
  if (!timeout.ok()) return Fail(timeout.status());
  const auto client = Connect(globals);
  if (!client.ok()) return Fail(client.status());
  message.provider.name_space = globals.name_space;
  message.proxies = http::ProxiesFromEnvironment();
  const absl::StatusOr<TestResult> result =
      notification_controller::SendTestMessage(ctx.WithTimeout(*timeout),
                                               **client, message);
  if (!result.ok()) return Fail(result.status());
  for (const TestExchange& exchange : result->exchanges) {
    std::fputs(Describe(exchange).c_str(), stdout);
    std::fputs("\n", stdout);
  }
  std::fflush(stdout);
  if (!result->status.ok()) return Fail(result->status);
  PrintSuccess("sent");
  return 0;
}

}  // namespace

void AddNotifyCommand(CLI::App& app, Invocation& invocation) {
  CLI::App* notify =
      app.add_subcommand("notify", "Say something by a Provider");
  notify->require_subcommand(1);
  auto message = std::make_shared<TestMessage>();
  CLI::App* test = notify->add_subcommand(
      "test", "Sends one harmless message and shows request and answer");
  test->footer(
      "It is sent from here, by the code that the controller runs; secrets "
      "are\n"
      "shown as *****.\n\n"
      "Examples:\n"
      "  weir notify test slack -n flux-system\n"
      "  weir notify test github --revision main@sha1:<commit>\n");
  test->add_option("PROVIDER", message->provider.name, "Name of the Provider")
      ->required();
  test->add_flag("--error", message->is_error, "With severity error");
  test->add_option("--message", message->message, "What to say")
      ->capture_default_str();
  test->add_option("--revision", message->revision,
                   "Revision of a commit, for commit statuses");
  test->add_option("--change-request", message->change_request,
                   "Number of a pull or merge request, for comments");
  test->callback([&invocation, message] {
    invocation.run = [&invocation, message](const Context& ctx) {
      return Run(ctx, invocation.globals, *message);
    };
  });
}

}  // namespace weir::cli
