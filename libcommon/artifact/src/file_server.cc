#include "weir/artifact/file_server.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "weir/base/status.h"
#include "weir/http/server.h"

namespace weir::artifact {
namespace {

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"\"", "&#34;"},
                                    {"'", "&#39;"}});
}

http::ServerResponse Plain(int code, absl::string_view text) {
  http::ServerResponse response;
  response.code = code;
  response.headers.Set("Content-Type", "text/plain; charset=utf-8");
  response.body = std::string(text);
  return response;
}

http::ServerResponse Redirect(absl::string_view location) {
  http::ServerResponse response;
  response.code = 301;
  response.headers.Set("Location", location);
  return response;
}

// As Go's file server lists a folder.
http::ServerResponse Listing(const std::string& dir) {
  std::vector<std::string> names;
  if (DIR* handle = opendir(dir.c_str())) {
    while (const dirent* entry = readdir(handle)) {
      if (entry->d_name[0] == '.') continue;
      struct stat info;
      const std::string name = entry->d_name;
      const bool is_dir =
          lstat(absl::StrCat(dir, "/", name).c_str(), &info) == 0 &&
          S_ISDIR(info.st_mode);
      names.push_back(is_dir ? name + "/" : name);
    }
    closedir(handle);
  }
  std::sort(names.begin(), names.end());
  http::ServerResponse response;
  response.headers.Set("Content-Type", "text/html; charset=utf-8");
  response.body =
      "<!doctype html>\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n";
  for (const std::string& name : names) {
    absl::StrAppend(&response.body, "<a href=\"",
                    http::PercentEncode(name, "/:"), "\">", EscapeHtml(name),
                    "</a>\n");
  }
  absl::StrAppend(&response.body, "</pre>\n");
  return response;
}

absl::string_view ContentType(absl::string_view path) {
  if (absl::EndsWith(path, ".gz") || absl::EndsWith(path, ".tgz")) {
    return "application/gzip";
  }
  if (absl::EndsWith(path, ".yaml")) return "application/yaml";
  if (absl::EndsWith(path, ".html")) return "text/html; charset=utf-8";
  return "application/octet-stream";
}

bool IsHidden(absl::string_view path) {
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (absl::StartsWith(part, ".")) return true;
  }
  return absl::StrContains(path, absl::string_view("\0", 1));
}

void Serve(const std::string& root, const http::ServerRequest& request,
           std::unique_ptr<http::Responder> responder) {
  if (request.method != "GET" && request.method != "HEAD") {
    http::ServerResponse response = Plain(405, "method not allowed\n");
    response.headers.Set("Allow", "GET, HEAD");
    return responder->Send(std::move(response));
  }
  const bool has_slash = absl::EndsWith(request.path, "/");
  char resolved[PATH_MAX];
  struct stat info;
  if (IsHidden(request.path) ||
      realpath(absl::StrCat(root, request.path, has_slash ? "." : "").c_str(),
               resolved) == nullptr) {
    // A file with a slash behind it does not resolve.
    std::string path = request.path;
    while (absl::EndsWith(path, "/")) path.pop_back();
    if (has_slash && !IsHidden(path) &&
        stat((root + path).c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
      return responder->Send(
          Redirect(absl::StrCat("../", path.substr(path.rfind('/') + 1))));
    }
    return responder->Send(Plain(404, "404 page not found\n"));
  }
  // Links may not lead out of the root.
  const std::string path = resolved;
  const bool is_inside =
      path == root || absl::StartsWith(path, absl::StrCat(root, "/"));
  if (!is_inside || stat(path.c_str(), &info) != 0) {
    return responder->Send(Plain(404, "404 page not found\n"));
  }
  if (S_ISDIR(info.st_mode)) {
    if (!has_slash) {
      return responder->Send(Redirect(
          absl::StrCat(request.path.substr(request.path.rfind('/') + 1), "/")));
    }
    const std::string index = absl::StrCat(path, "/index.html");
    if (stat(index.c_str(), &info) != 0) {
      return responder->Send(Listing(path));
    }
    return responder->SendFile(
        index, {.content_type = std::string(ContentType(index))});
  }
  if (!S_ISREG(info.st_mode)) {
    return responder->Send(Plain(404, "404 page not found\n"));
  }
  responder->SendFile(path, {.content_type = std::string(ContentType(path))});
}

}  // namespace

FileServer::FileServer(std::unique_ptr<http::Server> server)
    : server_(std::move(server)) {}
FileServer::~FileServer() = default;

absl::StatusOr<std::unique_ptr<FileServer>> FileServer::Start(
    FileServerOptions options) {
  char resolved[PATH_MAX];
  if (realpath(options.root.c_str(), resolved) == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("storage path \"", options.root, "\" is not a folder"));
  }
  http::ServerOptions server_options;
  server_options.address = options.address;
  server_options.logger = options.logger;
  WEIR_ASSIGN_OR_RETURN(
      std::unique_ptr<http::Server> server,
      http::Server::Start(std::move(server_options),
                          [root = std::string(resolved)](
                              http::ServerRequest request,
                              std::unique_ptr<http::Responder> responder) {
                            Serve(root, request, std::move(responder));
                          }),
      "starting the file server");
  return std::unique_ptr<FileServer>(new FileServer(std::move(server)));
}

const std::string& FileServer::address() const { return server_->address(); }
int FileServer::port() const { return server_->port(); }
void FileServer::Stop(absl::Duration grace) { server_->Stop(grace); }

}  // namespace weir::artifact
