#include "src/receivers/receiver_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "weir/base/duration.h"
#include "weir/base/status.h"
#include "weir/codec/codec.h"
#include "weir/crypto/digest.h"
#include "weir/notification/v1/receiver.pb.h"

namespace weir::notification_controller {
namespace {

namespace api = weir::notification::v1;
using Problem = ReceiverPlan::Problem;
using Program = std::shared_ptr<const cel::Program>;

constexpr char kGenericOidc[] = "generic-oidc";
constexpr char kDefaultAudience[] = "notification-controller";

struct KindVersion {
  const char* kind;
  const char* api_version;
};
constexpr KindVersion kDefaultVersions[] = {
    {"Bucket", "source.toolkit.fluxcd.io/v1"},
    {"HelmChart", "source.toolkit.fluxcd.io/v1"},
    {"HelmRepository", "source.toolkit.fluxcd.io/v1"},
    {"GitRepository", "source.toolkit.fluxcd.io/v1"},
    {"OCIRepository", "source.toolkit.fluxcd.io/v1"},
    {"ImageRepository", "image.toolkit.fluxcd.io/v1"},
    {"ArtifactGenerator", "source.extensions.fluxcd.io/v1beta1"},
};

std::string DefaultVersion(absl::string_view kind) {
  for (const KindVersion& one : kDefaultVersions) {
    if (kind == one.kind) return one.api_version;
  }
  return "";
}

std::string Quote(absl::string_view text) {
  return absl::StrCat("\"", text, "\"");
}

absl::StatusOr<Program> Compile(absl::string_view expression,
                                std::vector<cel::Variable> variables,
                                const std::string& output_type) {
  cel::Options options;
  options.is_checked = true;
  options.variables = std::move(variables);
  options.output_type = output_type;
  return cel::Program::Compile(expression, options);
}

absl::StatusOr<Program> CompileFilter(const api::ReceiverSpec& spec,
                                      absl::string_view expression) {
  std::vector<cel::Variable> variables = {{"res"}, {"req"}};
  if (spec.type() == kGenericOidc) variables.push_back({"claims"});
  return Compile(expression, std::move(variables), "bool");
}

absl::Status FindRefusal(const api::ReceiverResource& resource,
                         const Target& target, const kube::ObjectKey& receiver,
                         const PlanRules& rules) {
  if (rules.no_cross_namespace_refs &&
      target.key.name_space != receiver.name_space) {
    return absl::PermissionDeniedError(
        "cross-namespace references are not allowed");
  }
  if (target.gvk.version.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "apiVersion must be specified for kind ", Quote(resource.kind())));
  }
  if (target.is_many() && !target.labels.has_value()) {
    return absl::InvalidArgumentError(
        "matchLabels field not set when using wildcard '*' as name");
  }
  return absl::OkStatus();
}

// `object`: the resource as it is in the cluster, which tells labels that are
// not set from those that are empty.
Target MakeTarget(const api::ReceiverResource& resource, const Value& object,
                  const kube::ObjectKey& receiver, const PlanRules& rules) {
  Target target;
  target.gvk = kube::MakeGroupVersionKind(resource.api_version().empty()
                                              ? DefaultVersion(resource.kind())
                                              : resource.api_version(),
                                          resource.kind());
  target.key = {resource.namespace_().empty() ? receiver.name_space
                                              : resource.namespace_(),
                resource.name()};
  if (object["matchLabels"].is_object()) {
    target.labels.emplace(resource.match_labels().begin(),
                          resource.match_labels().end());
  }
  target.refusal = FindRefusal(resource, target, receiver, rules);
  return target;
}

std::optional<Problem> AddTargets(const api::ReceiverSpec& spec,
                                  const Value& receiver, const PlanRules& rules,
                                  ReceiverPlan& plan) {
  const Value& resources = receiver["spec"]["resources"];
  for (int i = 0; i < spec.resources_size(); ++i) {
    const api::ReceiverResource& resource = spec.resources(i);
    Target target = MakeTarget(resource, resources[static_cast<size_t>(i)],
                               plan.key, rules);
    if (!resource.filter().empty()) {
      absl::StatusOr<Program> filter = CompileFilter(spec, resource.filter());
      if (!filter.ok()) {
        return Problem{kInvalidCelExpression,
                       absl::StrCat("invalid filter expression for resources[",
                                    i, "] (kind=", Quote(resource.kind()),
                                    ", name=", Quote(resource.name()),
                                    "): ", filter.status().message())};
      }
      target.filter = *std::move(filter);
    }
    plan.targets.push_back(std::move(target));
  }
  return std::nullopt;
}

// What the schema says too; old API servers do not look at its rules.
std::string CheckFields(const api::ReceiverSpec& spec) {
  const bool is_oidc = spec.type() == kGenericOidc;
  if (is_oidc && spec.oidc_providers_size() == 0) {
    return "generic-oidc receiver requires at least one oidcProvider";
  }
  if (!is_oidc && spec.oidc_providers_size() > 0) {
    return "oidcProviders can only be set when type is generic-oidc";
  }
  if (is_oidc && spec.has_secret_ref()) {
    return "secretRef cannot be set when type is generic-oidc";
  }
  if (!is_oidc && !spec.has_secret_ref()) {
    return "secretRef is required when type is not generic-oidc";
  }
  return "";
}

std::string CheckExpressions(const api::OIDCProvider& provider) {
  for (int i = 0; i < provider.variables_size(); ++i) {
    const api::OIDCVariable& variable = provider.variables(i);
    const std::string at = absl::StrCat("variables[", i, "]");
    if (variable.name().empty()) return at + ": name is required";
    if (variable.expression().empty()) {
      return absl::StrCat(at, " (name=", Quote(variable.name()),
                          "): expression is required");
    }
  }
  for (int i = 0; i < provider.validations_size(); ++i) {
    const api::OIDCValidation& validation = provider.validations(i);
    const std::string at = absl::StrCat("validations[", i, "]");
    if (validation.expression().empty()) return at + ": expression is required";
    if (validation.message().empty()) return at + ": message is required";
  }
  return "";
}

std::string CheckProviders(const api::ReceiverSpec& spec) {
  std::set<std::string> seen;
  for (int i = 0; i < spec.oidc_providers_size(); ++i) {
    const api::OIDCProvider& provider = spec.oidc_providers(i);
    const std::string& url = provider.issuer_url();
    const std::string at = absl::StrCat("oidcProviders[", i, "]");
    if (url.empty()) return at + ": issuerURL is required";
    if (!absl::StartsWith(url, "http://") &&
        !absl::StartsWith(url, "https://")) {
      return absl::StrCat(at, ": issuerURL ", Quote(url),
                          " must start with http:// or https://");
    }
    if (!seen.insert(url).second) {
      return absl::StrCat(at, ": duplicate issuerURL ", Quote(url));
    }
    const std::string named =
        absl::StrCat(at, " (issuerURL=", Quote(url), "): ");
    if (provider.validations_size() == 0) {
      return absl::StrCat(
          named,
          "at least one validation is required; without validations any caller "
          "able to obtain a token from this issuer can trigger the Receiver");
    }
    const std::string problem = CheckExpressions(provider);
    if (!problem.empty()) return absl::StrCat(named, problem);
  }
  return "";
}

absl::StatusOr<TokenRules> MakeRules(const api::OIDCProvider& provider) {
  TokenRules rules;
  rules.issuer = provider.issuer_url();
  rules.audience =
      provider.audience().empty() ? kDefaultAudience : provider.audience();
  for (const api::OIDCVariable& variable : provider.variables()) {
    WEIR_ASSIGN_OR_RETURN(
        Program program,
        Compile(variable.expression(), {{"claims"}, {"vars"}}, ""),
        "invalid expression for variable ", Quote(variable.name()));
    rules.variables.push_back({variable.name(), std::move(program)});
  }
  for (const api::OIDCValidation& validation : provider.validations()) {
    WEIR_ASSIGN_OR_RETURN(
        Program program,
        Compile(validation.expression(), {{"claims"}, {"vars"}}, "bool"),
        "invalid expression for validation ", Quote(validation.message()));
    rules.validations.push_back({validation.message(), std::move(program)});
  }
  return rules;
}

std::optional<Problem> AddIssuers(const api::ReceiverSpec& spec,
                                  ReceiverPlan& plan) {
  std::string wrong = CheckFields(spec);
  if (wrong.empty()) wrong = CheckProviders(spec);
  if (!wrong.empty()) return Problem{kValidationFailed, std::move(wrong)};
  for (int i = 0; i < spec.oidc_providers_size(); ++i) {
    absl::StatusOr<TokenRules> rules = MakeRules(spec.oidc_providers(i));
    if (!rules.ok()) {
      return Problem{kInvalidCelExpression,
                     absl::StrCat("oidcProviders[", i, "] (issuerURL=",
                                  Quote(spec.oidc_providers(i).issuer_url()),
                                  "): ", rules.status().message())};
    }
    plan.issuers.push_back(*std::move(rules));
  }
  return std::nullopt;
}

// In the order in which upstream looks.
std::optional<Problem> Fill(const api::ReceiverSpec& spec,
                            const Value& receiver, const PlanRules& rules,
                            ReceiverPlan& plan) {
  if (!spec.resource_filter().empty()) {
    absl::StatusOr<Program> filter =
        CompileFilter(spec, spec.resource_filter());
    if (!filter.ok()) {
      return Problem{kInvalidCelExpression,
                     absl::StrCat("invalid resourceFilter expression: ",
                                  filter.status().message())};
    }
    plan.filter = *std::move(filter);
  }
  std::optional<Problem> problem = AddTargets(spec, receiver, rules, plan);
  if (!problem.has_value()) problem = AddIssuers(spec, plan);
  if (problem.has_value()) return problem;
  if (spec.interval().empty()) return std::nullopt;
  const absl::StatusOr<absl::Duration> interval =
      ParseGoDuration(spec.interval());
  if (!interval.ok()) {
    return Problem{kValidationFailed, std::string(interval.status().message())};
  }
  plan.interval = *interval;
  return std::nullopt;
}

}  // namespace

bool ReceiverPlan::has_filter() const {
  return filter != nullptr ||
         std::any_of(targets.begin(), targets.end(), [](const Target& target) {
           return target.filter != nullptr;
         });
}

std::shared_ptr<const ReceiverPlan> MakePlan(const Value& receiver,
                                             const PlanRules& rules) {
  auto plan = std::make_shared<ReceiverPlan>();
  plan->key = kube::KeyOf(receiver);
  plan->uid = std::string(receiver["metadata"].GetString("uid"));
  plan->generation = receiver["metadata"].GetInt("generation");
  api::Receiver message;
  const absl::Status read = codec::FromValue(receiver, &message);
  const api::ReceiverSpec& spec = message.spec();
  plan->type = FindReceiverType(spec.type());
  plan->is_suspended = spec.suspend();
  if (spec.has_secret_ref()) plan->secret = spec.secret_ref().name();
  plan->events.assign(spec.events().begin(), spec.events().end());
  plan->problem = read.ok()
                      ? Fill(spec, receiver, rules, *plan)
                      : Problem{kValidationFailed, std::string(read.message())};
  return plan;
}

std::string WebhookPath(const Secret& token, const kube::ObjectKey& key) {
  crypto::Sha256Sum sum;
  sum.Update(token.RevealForUse());
  sum.Update(key.name);
  sum.Update(key.name_space);
  return absl::StrCat("/hook/", absl::BytesToHexString(sum.Finish()));
}

}  // namespace weir::notification_controller
