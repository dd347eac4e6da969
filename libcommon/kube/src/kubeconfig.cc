#include "src/kubeconfig.h"

#include <type_traits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/status.h"

namespace weir::kube {
namespace {

constexpr absl::string_view kExecV1 = "client.authentication.k8s.io/v1";
constexpr absl::string_view kExecV1Beta1 =
    "client.authentication.k8s.io/v1beta1";
constexpr absl::string_view kExecExtension =
    "client.authentication.k8s.io/exec";

// Reads the fields of one entry; the first that is of a wrong type, or
// forbidden, is the error.
class Fields {
 public:
  // `where`: "kubeconfig.yaml: user \"a\"".
  Fields(const Value& entry, std::string where, std::string folder)
      : entry_(entry), where_(std::move(where)), folder_(std::move(folder)) {}

  std::string String(absl::string_view key) {
    const Value& value = entry_[key];
    if (value.is_null()) return "";
    if (value.is_string()) return value.AsString();
    Fail(absl::StrCat(key, " must be a string"));
    return "";
  }

  bool Bool(absl::string_view key) {
    const Value& value = entry_[key];
    if (value.is_null()) return false;
    if (value.is_bool()) return value.AsBool();
    Fail(absl::StrCat(key, " must be true or false"));
    return false;
  }

  std::vector<std::string> Strings(absl::string_view key) {
    std::vector<std::string> out;
    for (const Value& item : Array(key).array()) {
      if (item.is_string()) {
        out.push_back(item.AsString());
      } else {
        Fail(absl::StrCat(key, " must be a list of strings"));
      }
    }
    return out;
  }

  const Value& Array(absl::string_view key) {
    const Value& value = entry_[key];
    if (!value.is_null() && !value.is_array()) {
      Fail(absl::StrCat(key, " must be a list"));
    }
    return value;
  }

  // A path, from the file's folder on.
  std::string Path(absl::string_view key) {
    const std::string path = String(key);
    if (path.empty() || path[0] == '/') return path;
    return absl::StrCat(folder_, "/", path);
  }

  std::string Base64(absl::string_view key) {
    std::string out;
    if (!absl::Base64Unescape(String(key), &out)) {
      Fail(absl::StrCat(key, " is not base64"));
    }
    return out;
  }

  void Fail(absl::string_view problem) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(absl::StrCat(where_, ": ", problem));
  }
  const absl::Status& status() const { return status_; }
  const std::string& folder() const { return folder_; }

 private:
  const Value& entry_;
  const std::string where_;
  const std::string folder_;
  absl::Status status_;
};

std::string FolderOf(const std::string& file) {
  const size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

void ReadCluster(Fields& fields, Config* config) {
  config->server = fields.String("server");
  if (config->server.empty()) fields.Fail("no server is named");
  config->tls_server_name = fields.String("tls-server-name");
  config->insecure_skip_tls_verify = fields.Bool("insecure-skip-tls-verify");
  config->ca_pem = fields.Base64("certificate-authority-data");
  const std::string file = fields.Path("certificate-authority");
  if (config->ca_pem.empty()) config->ca_file = file;
  config->proxy_url = fields.String("proxy-url");
  config->disable_compression = fields.Bool("disable-compression");
  if (config->insecure_skip_tls_verify &&
      !(config->ca_pem.empty() && config->ca_file.empty())) {
    fields.Fail(
        "insecure-skip-tls-verify and a certificate-authority exclude each "
        "other");
  }
}

std::shared_ptr<const ExecCredentialPlugin> ReadExec(const Value& value,
                                                     const Value& cluster,
                                                     Fields& user) {
  Fields fields(value, "exec", user.folder());
  auto exec = std::make_shared<ExecCredentialPlugin>();
  exec->command = fields.String("command");
  if (absl::StrContains(exec->command, '/')) {
    exec->command = fields.Path("command");
  }
  exec->arguments = fields.Strings("args");
  for (const Value& item : fields.Array("env").array()) {
    Fields pair(item, "exec: env", user.folder());
    exec->environment[pair.String("name")] = pair.String("value");
    if (!pair.status().ok()) user.Fail(pair.status().message());
  }
  exec->api_version = fields.String("apiVersion");
  exec->install_hint = fields.String("installHint");
  exec->provide_cluster_info = fields.Bool("provideClusterInfo");
  exec->interactive_mode = fields.String("interactiveMode");
  if (exec->command.empty()) fields.Fail("command is missing");
  if (exec->api_version != kExecV1 && exec->api_version != kExecV1Beta1) {
    fields.Fail(absl::StrCat("apiVersion \"", exec->api_version,
                             "\" is not supported, only \"", kExecV1,
                             "\" and \"", kExecV1Beta1, "\""));
  }
  if (exec->interactive_mode.empty() && exec->api_version == kExecV1Beta1) {
    exec->interactive_mode = "IfAvailable";
  }
  if (exec->interactive_mode != "Never" &&
      exec->interactive_mode != "IfAvailable" &&
      exec->interactive_mode != "Always") {
    fields.Fail("interactiveMode must be Never, IfAvailable or Always");
  }
  for (const Value& extension : cluster["extensions"].array()) {
    if (extension.GetString("name") == kExecExtension) {
      exec->cluster_config = extension["extension"];
    }
  }
  if (!fields.status().ok()) user.Fail(fields.status().message());
  return exec;
}

void ReadImpersonation(const Value& user, Fields& fields, Config* config) {
  config->impersonate_user = fields.String("as");
  config->impersonate_uid = fields.String("as-uid");
  config->impersonate_groups = fields.Strings("as-groups");
  for (const auto& [key, values] : user["as-user-extra"].object()) {
    for (const Value& value : values.array()) {
      if (value.is_string()) {
        config->impersonate_extra[key].push_back(value.AsString());
      } else {
        fields.Fail("as-user-extra must hold lists of strings");
      }
    }
  }
  const bool has_more = !config->impersonate_uid.empty() ||
                        !config->impersonate_groups.empty() ||
                        !config->impersonate_extra.empty();
  if (config->impersonate_user.empty() && has_more) {
    fields.Fail("as-uid, as-groups and as-user-extra need as");
  }
}

void ReadUser(const Value& user, const Value& cluster, Fields& fields,
              Config* config) {
  config->client_certificate_pem = fields.Base64("client-certificate-data");
  config->client_key_pem = Secret(fields.Base64("client-key-data"));
  const std::string certificate = fields.Path("client-certificate");
  const std::string key = fields.Path("client-key");
  if (config->client_certificate_pem.empty()) {
    config->client_certificate_file = certificate;
  }
  if (config->client_key_pem.empty()) config->client_key_file = key;
  const bool has_certificate = !config->client_certificate_pem.empty() ||
                               !config->client_certificate_file.empty();
  const bool has_key =
      !config->client_key_pem.empty() || !config->client_key_file.empty();
  if (has_certificate != has_key) {
    fields.Fail("a client certificate and its key must come together");
  }
  config->token = Secret(fields.String("token"));
  config->token_file = fields.Path("tokenFile");
  config->username = fields.String("username");
  config->password = Secret(fields.String("password"));
  if (user["exec"].is_object()) {
    config->exec = ReadExec(user["exec"], cluster, fields);
  }
  if (user["auth-provider"].is_object()) {
    fields.Fail(absl::StrCat("auth-provider \"",
                             user["auth-provider"].GetString("name"),
                             "\" is no longer supported, use exec"));
  }
  ReadImpersonation(user, fields, config);
}

// Takes out what the rules forbid.
void Restrict(const KubeconfigRules& rules, Config* config) {
  const auto leave_out = [config](const char* field, auto* value) {
    if (*value == std::remove_pointer_t<decltype(value)>()) return;
    *value = {};
    config->left_out.emplace_back(field);
  };
  if (!rules.allow_exec) leave_out("exec", &config->exec);
  if (!rules.allow_insecure_tls) {
    leave_out("insecure-skip-tls-verify", &config->insecure_skip_tls_verify);
  }
  if (!rules.allow_files) {
    leave_out("certificate-authority", &config->ca_file);
    leave_out("client-certificate", &config->client_certificate_file);
    leave_out("client-key", &config->client_key_file);
    leave_out("tokenFile", &config->token_file);
  }
  if (!rules.allow_impersonation) {
    leave_out("as", &config->impersonate_user);
    config->impersonate_uid.clear();
    config->impersonate_groups.clear();
    config->impersonate_extra.clear();
  }
}

const char* JsonKind(const Value& value) {
  if (value.is_string()) return "string";
  if (value.is_bool()) return "bool";
  return value.is_array() ? "array" : "number";
}

}  // namespace

absl::Status Kubeconfig::MergeEntries(const Value& list, absl::string_view key,
                                      const std::string& file,
                                      Entries* entries) {
  if (!list.is_null() && !list.is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": ", key, "s must be a list"));
  }
  for (const Value& item : list.array()) {
    if (!item["name"].is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": a ", key, " has no name"));
    }
    entries->try_emplace(item["name"].AsString(), Entry{item[key], file});
  }
  return absl::OkStatus();
}

absl::Status Kubeconfig::Merge(absl::string_view text,
                               const std::string& file) {
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadConfigYaml(text), file);
  if (value.is_null()) return absl::OkStatus();  // An empty file.
  if (!value.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": this is no kubeconfig"));
  }
  if (value.Has("kind") && value.GetString("kind") != "Config") {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": kind must be Config"));
  }
  if (value.Has("apiVersion") && value.GetString("apiVersion") != "v1") {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": apiVersion must be v1"));
  }
  WEIR_RETURN_IF_ERROR(
      MergeEntries(value["clusters"], "cluster", file, &clusters_));
  WEIR_RETURN_IF_ERROR(MergeEntries(value["users"], "user", file, &users_));
  WEIR_RETURN_IF_ERROR(
      MergeEntries(value["contexts"], "context", file, &contexts_));
  if (current_context_.empty()) {
    current_context_ = std::string(value.GetString("current-context"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Config> Kubeconfig::Resolve(const std::string& context,
                                           const KubeconfigRules& rules) const {
  const std::string& name = context.empty() ? current_context_ : context;
  if (name.empty()) {
    return absl::NotFoundError("kubeconfig: no context is set");
  }
  const auto chosen = contexts_.find(name);
  if (chosen == contexts_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("context was not found for specified context: ", name));
  }
  const auto [context_value, file] = chosen->second;
  const std::string cluster_name(context_value.GetString("cluster"));
  const std::string user_name(context_value.GetString("user"));
  const auto cluster = clusters_.find(cluster_name);
  if (cluster == clusters_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": context \"", name, "\": cluster \"", cluster_name,
                     "\" does not exist"));
  }
  Config config;
  config.name_space = std::string(context_value.GetString("namespace"));
  const Entry& server = cluster->second;
  Fields fields(server.value,
                absl::StrCat(server.file, ": cluster \"", cluster_name, "\""),
                FolderOf(server.file));
  ReadCluster(fields, &config);
  WEIR_RETURN_IF_ERROR(fields.status());
  if (!user_name.empty()) {
    const auto user = users_.find(user_name);
    if (user == users_.end()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": context \"", name,
                                                     "\": user \"", user_name,
                                                     "\" does not exist"));
    }
    Fields credentials(
        user->second.value,
        absl::StrCat(user->second.file, ": user \"", user_name, "\""),
        FolderOf(user->second.file));
    ReadUser(user->second.value, server.value, credentials, &config);
    WEIR_RETURN_IF_ERROR(credentials.status());
  }
  Restrict(rules, &config);
  return config;
}

absl::StatusOr<Config> ParseKubeconfig(absl::string_view text,
                                       const KubeconfigRules& rules) {
  WEIR_ASSIGN_OR_RETURN(const Value value, ReadConfigYaml(text), "kubeconfig");
  if (!value.is_null() && !value.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "couldn't get version/kind; json parse error: json: cannot unmarshal ",
        JsonKind(value),
        " into Go value of type struct { APIVersion string "
        "\"json:\\\"apiVersion,omitempty\\\"\"; Kind string "
        "\"json:\\\"kind,omitempty\\\"\" }"));
  }
  Kubeconfig kubeconfig;
  WEIR_RETURN_IF_ERROR(kubeconfig.Merge(text, "kubeconfig"));
  absl::StatusOr<Config> config = kubeconfig.Resolve("", rules);
  if (absl::IsNotFound(config.status())) {
    return absl::InvalidArgumentError(
        "invalid configuration: no configuration has been provided, try "
        "setting KUBERNETES_MASTER environment variable");
  }
  return config;
}

}  // namespace weir::kube
