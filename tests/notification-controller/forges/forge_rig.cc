#include "tests/notification-controller/forges/forge_rig.h"

#include "absl/strings/str_cat.h"

namespace weir::notification_controller {

ForgeRig::ForgeRig(const std::string& name) : type(FindProviderType(name)) {
  settings.type = name;
  settings.name_space = "flux-system";
  settings.name = "hook";
  settings.uid = "0c9c2e41-0000-0000-0000-000000000000";
  settings.commit_status = "kustomization/app/0c9c2e41";
  settings.address = "http://git.example/org/repo";
  settings.token = Secret(kToken);
  if (name == "bitbucket") settings.token = Secret("user:s3cret");
  if (name == "bitbucketserver") {
    settings.address = "http://git.example/scm/proj/repo.git";
    settings.token = Secret();
    settings.username = "user";
    settings.password = Secret(kToken);
  }
  if (name == "azuredevops") {
    settings.address = "https://dev.azure.com/Org/proj/_git/repo";
  }
  if (name.find("comment") != std::string::npos) {
    event.metadata["change_request"] = "7";
  }
}

absl::Status ForgeRig::Check() const { return type->check(settings); }

absl::Status ForgeRig::Notify() {
  return type->notify(Context(),
                      Exchange{event, settings, sender, tokens, clock});
}

std::vector<std::string> ForgeRig::Lines() const {
  std::vector<std::string> lines;
  for (const http::Request& request : sender.requests()) {
    lines.push_back(absl::StrCat(request.method, " ", request.url));
  }
  return lines;
}

std::string ForgeRig::Header(size_t request, const std::string& name) const {
  return std::string(sender.requests().at(request).headers.Get(name));
}

}  // namespace weir::notification_controller
