#include "git_http_server.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "weir/base/status.h"
#include "weir/base/subprocess.h"
#include "weir/http/server.h"

namespace weir::cli {
namespace {

constexpr char kPrefix[] = "/repository.git";
// A fetch of one revision of a large repository.
constexpr size_t kMaxPackBytes = size_t{2} << 30;

absl::StatusOr<std::string> RunGit(const Context& ctx,
                                   std::vector<std::string> arguments,
                                   std::string input, bool wants_v2) {
  ProcessOptions options;
  // The owner of the files may be another user than ours.
  options.arguments = {"git", "-c", "safe.directory=*"};
  options.arguments.insert(options.arguments.end(), arguments.begin(),
                           arguments.end());
  if (wants_v2) {
    options.arguments.insert(options.arguments.begin(),
                             {"env", "GIT_PROTOCOL=version=2"});
  }
  options.input = std::move(input);
  options.max_output_bytes = kMaxPackBytes;
  WEIR_ASSIGN_OR_RETURN(ProcessResult result, RunProcess(ctx, options));
  if (result.exit_code != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("git: ", absl::StripAsciiWhitespace(result.error)));
  }
  return std::move(result.output);
}

http::ServerResponse Answer(int code, std::string body,
                            absl::string_view type = "text/plain") {
  http::ServerResponse response;
  response.code = code;
  response.headers.Add("Content-Type", type);
  response.headers.Add("Cache-Control", "no-cache");
  response.body = std::move(body);
  return response;
}

http::ServerResponse Serve(const std::string& git_dir,
                           http::ServerRequest& request) {
  const bool wants_v2 =
      request.headers.Get("Git-Protocol") == "version=2";
  const bool is_listing =
      request.path == absl::StrCat(kPrefix, "/info/refs") &&
      request.QueryValue("service") == "git-upload-pack";
  const bool is_fetch = request.method == "POST" &&
                        request.path == absl::StrCat(kPrefix,
                                                     "/git-upload-pack");
  if (!is_listing && !is_fetch) return Answer(404, "not found\n");
  std::vector<std::string> arguments = {
      "-c", "uploadpack.allowAnySHA1InWant=true", "upload-pack", "--strict",
      "--stateless-rpc"};
  if (is_listing) arguments.push_back("--advertise-refs");
  arguments.push_back(git_dir);
  auto output = RunGit(request.context, std::move(arguments),
                       std::move(request.body), wants_v2);
  if (!output.ok()) {
    return Answer(500, absl::StrCat(output.status().message(), "\n"));
  }
  if (is_fetch) {
    return Answer(200, *std::move(output),
                  "application/x-git-upload-pack-result");
  }
  // Protocol version 2 answers without the service line.
  return Answer(200,
                absl::StrCat(wants_v2 ? "" : "001e# service=git-upload-pack\n"
                                             "0000",
                             *output),
                "application/x-git-upload-pack-advertisement");
}

}  // namespace

GitHttpServer::GitHttpServer(std::unique_ptr<http::Server> server,
                             std::string git_dir)
    : server_(std::move(server)), git_dir_(std::move(git_dir)) {}
GitHttpServer::~GitHttpServer() = default;

absl::StatusOr<std::unique_ptr<GitHttpServer>> GitHttpServer::Start(
    const std::string& path, int port, Logger logger) {
  auto git_dir = RunGit(
      Context().WithTimeout(absl::Seconds(10)),
      {"-C", path, "rev-parse", "--absolute-git-dir"}, "", false);
  if (!git_dir.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no Git repository at ", path, ": ",
                     git_dir.status().message()));
  }
  std::string folder(absl::StripTrailingAsciiWhitespace(*git_dir));
  http::ServerOptions options;
  options.address = absl::StrCat("127.0.0.1:", port);
  options.worker_threads = 2;
  options.logger = std::move(logger);
  WEIR_ASSIGN_OR_RETURN(
      auto server,
      http::Server::Start(
          std::move(options),
          [folder](http::ServerRequest request,
                   std::unique_ptr<http::Responder> responder) {
            responder->Send(Serve(folder, request));
          }));
  return std::unique_ptr<GitHttpServer>(
      new GitHttpServer(std::move(server), std::move(folder)));
}

std::string GitHttpServer::url() const {
  return absl::StrCat(server_->url(), kPrefix);
}

std::string HeadBranch(const Context& ctx, const std::string& path) {
  const auto name = RunGit(
      ctx, {"-C", path, "symbolic-ref", "--short", "HEAD"}, "", false);
  if (!name.ok()) return "main";
  return std::string(absl::StripTrailingAsciiWhitespace(*name));
}

}  // namespace weir::cli
