#include "kubernetes_functions.h"

namespace weir::apiserver {
namespace {

constexpr auto kMember = cel::Overload::Style::kMember;

// Calls of an authorizer, which rules do not have: only names are known.
void AddAuthorizer(CelOverloads& out) {
  struct Row {
    const char* function;
    const char* id;
    const char* arguments;
    const char* result;
  };
#define WEIR_TYPE(name) "object(kubernetes.authorization." name ")"
  static constexpr Row kRows[] = {
      {"path", "authorizer_path", WEIR_TYPE("Authorizer") ", string",
       WEIR_TYPE("PathCheck")},
      {"group", "authorizer_group", WEIR_TYPE("Authorizer") ", string",
       WEIR_TYPE("GroupCheck")},
      {"serviceAccount", "authorizer_serviceaccount",
       WEIR_TYPE("Authorizer") ", string, string", WEIR_TYPE("Authorizer")},
      {"resource", "groupcheck_resource", WEIR_TYPE("GroupCheck") ", string",
       WEIR_TYPE("ResourceCheck")},
      {"subresource", "resourcecheck_subresource",
       WEIR_TYPE("ResourceCheck") ", string", WEIR_TYPE("ResourceCheck")},
      {"namespace", "resourcecheck_namespace",
       WEIR_TYPE("ResourceCheck") ", string", WEIR_TYPE("ResourceCheck")},
      {"name", "resourcecheck_name", WEIR_TYPE("ResourceCheck") ", string",
       WEIR_TYPE("ResourceCheck")},
      {"fieldSelector", "authorizer_fieldselector",
       WEIR_TYPE("ResourceCheck") ", string", WEIR_TYPE("ResourceCheck")},
      {"labelSelector", "authorizer_labelselector",
       WEIR_TYPE("ResourceCheck") ", string", WEIR_TYPE("ResourceCheck")},
      {"check", "pathcheck_check", WEIR_TYPE("PathCheck") ", string",
       WEIR_TYPE("Decision")},
      {"check", "resourcecheck_check", WEIR_TYPE("ResourceCheck") ", string",
       WEIR_TYPE("Decision")},
      {"errored", "decision_errored", WEIR_TYPE("Decision"), "bool"},
      {"error", "decision_error", WEIR_TYPE("Decision"), "string"},
      {"allowed", "decision_allowed", WEIR_TYPE("Decision"), "bool"},
      {"reason", "decision_reason", WEIR_TYPE("Decision"), "string"},
  };
#undef WEIR_TYPE
  for (const Row& row : kRows) {
    out.push_back({row.function, row.id, kMember, row.arguments, row.result});
  }
}

}  // namespace

const std::shared_ptr<const cel::Environment>& KubernetesCel() {
  static const auto& environment =
      *new std::shared_ptr<const cel::Environment>([] {
        cel::EnvironmentOptions options;
        options.has_encoders = false;
        options.has_lists = true;
        options.has_two_variables = true;
        options.strings_version = 2;
        options.has_literal_checks = true;
        options.types = {"net.IP", "net.CIDR", "duration", "timestamp"};
        AddCelUrls(options.functions);
        AddCelRegex(options.functions);
        AddCelLists(options.functions);
        AddAuthorizer(options.functions);
        AddCelQuantities(options.functions);
        AddCelNetworks(options.functions);
        AddCelFormats(options.functions);
        AddCelSemver(options.functions);
        return cel::MakeEnvironment(options);
      }());
  return environment;
}

}  // namespace weir::apiserver
