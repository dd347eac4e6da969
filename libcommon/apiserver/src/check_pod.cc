// Pods and templates of pods.
#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kinds_check.h"
#include "quantity.h"

namespace weir::apiserver {
namespace {

using Names = std::set<std::string>;

std::string At(const std::string& path, absl::string_view key) {
  return absl::StrCat(path, ".", key);
}
std::string At(const std::string& path, absl::string_view key, size_t i) {
  return absl::StrCat(path, ".", key, "[", i, "]");
}

void RequireText(const Value& object, absl::string_view key,
                 const std::string& path, FieldErrors& errors) {
  if (object.GetString(key).empty()) {
    errors.push_back(RequiredError(At(path, key)));
  }
}

// -------------------------------------------------------------- containers

void CheckPorts(const Value& ports, const std::string& path,
                FieldErrors& errors) {
  Names names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Value& port = ports[i];
    const std::string at = absl::StrCat(path, "[", i, "]");
    if (std::string name(port.GetString("name")); !name.empty()) {
      NameProblems problems = CheckPortName(name);
      if (problems.empty() && !names.insert(name).second) {
        errors.push_back(DuplicateError(at + ".name", Value(name)));
      }
      AddProblems(problems, at + ".name", name, errors);
    }
    int64_t number = port.GetInt("containerPort");
    if (number == 0) {
      errors.push_back(RequiredError(at + ".containerPort"));
    } else {
      CheckPort(Value(number), at + ".containerPort", errors);
    }
    if (int64_t host = port.GetInt("hostPort"); host != 0) {
      CheckPort(Value(host), at + ".hostPort", errors);
    }
  }
}

void CheckEnvSource(const Value& variable, const std::string& path,
                    FieldErrors& errors) {
  const Value& from = variable["valueFrom"];
  if (!from.is_object()) return;
  size_t sources = 0;
  for (absl::string_view key :
       {"fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef",
        "fileKeyRef"}) {
    if (!from[key].is_object()) continue;
    ++sources;
    const Value& source = from[key];
    if (key == "fieldRef") {
      RequireText(source, "fieldPath", At(path, key), errors);
    } else if (key == "resourceFieldRef") {
      RequireText(source, "resource", At(path, key), errors);
    } else if (key != "fileKeyRef") {
      RequireText(source, "name", At(path, key), errors);
      std::string name(source.GetString("key"));
      if (name.empty()) {
        RequireText(source, "key", At(path, key), errors);
      } else {
        AddProblems(CheckConfigKey(name), At(At(path, key), "key"), name,
                    errors);
      }
    }
  }
  if (sources == 0) {
    errors.push_back(
        InvalidError(path, Value(""),
                     "must specify one of: `fieldRef`, `resourceFieldRef`, "
                     "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"));
  } else if (!variable.GetString("value").empty()) {
    errors.push_back(InvalidError(
        path, Value(""), "may not be specified when `value` is not empty"));
  } else if (sources > 1) {
    errors.push_back(
        InvalidError(path, Value(""),
                     "may not have more than one field specified at a time"));
  }
}

void CheckEnv(const Value& container, const std::string& path,
              FieldErrors& errors) {
  const Value& env = container["env"];
  for (size_t i = 0; i < env.size(); ++i) {
    const std::string at = At(path, "env", i);
    std::string name(env[i].GetString("name"));
    if (name.empty()) {
      errors.push_back(RequiredError(at + ".name"));
    } else {
      AddProblems(CheckEnvName(name), at + ".name", name, errors);
    }
    CheckEnvSource(env[i], at + ".valueFrom", errors);
  }
  const Value& from = container["envFrom"];
  for (size_t i = 0; i < from.size(); ++i) {
    const std::string at = At(path, "envFrom", i);
    size_t sources = 0;
    for (absl::string_view key : {"configMapRef", "secretRef"}) {
      if (!from[i][key].is_object()) continue;
      ++sources;
      RequireText(from[i][key], "name", At(at, key), errors);
    }
    if (sources == 0) {
      errors.push_back(InvalidError(
          at, Value(""), "must specify one of: `configMapRef` or `secretRef`"));
    } else if (sources > 1) {
      errors.push_back(
          InvalidError(at, Value(""),
                       "may not have more than one field specified at a "
                       "time"));
    }
  }
}

void CheckMounts(const Value& container, const Names& volumes,
                 const std::string& path, FieldErrors& errors) {
  Names paths;
  const Value& mounts = container["volumeMounts"];
  for (size_t i = 0; i < mounts.size(); ++i) {
    const std::string at = At(path, "volumeMounts", i);
    std::string name(mounts[i].GetString("name"));
    std::string where(mounts[i].GetString("mountPath"));
    if (name.empty()) errors.push_back(RequiredError(at + ".name"));
    if (volumes.count(name) == 0) {
      errors.push_back(NotFoundError(at + ".name", Value(name)));
    }
    if (where.empty()) errors.push_back(RequiredError(at + ".mountPath"));
    if (!paths.insert(where).second) {
      errors.push_back(
          InvalidError(at + ".mountPath", Value(where), "must be unique"));
    }
  }
}

void CheckResources(const Value& resources, const std::string& path,
                    FieldErrors& errors) {
  auto amount = [](const Value& value) {
    return value.is_string() ? ParseQuantity(value.AsString()) : std::nullopt;
  };
  for (absl::string_view list : {"limits", "requests"}) {
    for (const Value::Member& member : resources[list].object()) {
      const std::string at =
          absl::StrCat(path, ".", list, "[", member.key, "]");
      AddProblems(CheckQualifiedName(member.key), At(path, list), member.key,
                  errors);
      auto quantity = amount(member.value);
      if (quantity.has_value() && quantity->is_negative()) {
        errors.push_back(InvalidError(at, member.value,
                                      "must be greater than or equal to 0"));
      }
      if (list == "limits") continue;
      const Value* limit = resources["limits"].Find(member.key);
      if (limit == nullptr) continue;
      auto most = amount(*limit);
      if (quantity.has_value() && most.has_value() &&
          quantity->nano > most->nano) {
        errors.push_back(InvalidError(
            path + ".requests", member.value,
            absl::StrCat("must be less than or equal to ", member.key,
                         " limit of ", most->ToString())));
      }
    }
  }
}

void CheckHandler(const Value& handler, const std::string& path,
                  FieldErrors& errors) {
  size_t handlers = 0;
  for (absl::string_view key :
       {"exec", "httpGet", "tcpSocket", "grpc", "sleep"}) {
    if (!handler[key].is_object()) continue;
    if (++handlers > 1) {
      errors.push_back(ForbiddenError(
          At(path, key), "may not specify more than 1 handler type"));
      continue;
    }
    const Value& action = handler[key];
    const std::string at = At(path, key);
    if (key == "exec" && action["command"].empty()) {
      errors.push_back(RequiredError(at + ".command"));
    } else if (key == "httpGet" || key == "tcpSocket" || key == "grpc") {
      CheckPort(action["port"], at + ".port", errors);
    }
    for (const Value& header : action["httpHeaders"].array()) {
      AddProblems(CheckHttpHeader(header.GetString("name")),
                  at + ".httpHeaders", header.GetString("name"), errors);
    }
  }
  if (handlers == 0) {
    errors.push_back(RequiredError(path, "must specify a handler type"));
  }
}

void CheckProbe(const Value& container, absl::string_view key,
                const std::string& path, FieldErrors& errors) {
  const Value& probe = container[key];
  if (!probe.is_object()) return;
  const std::string at = At(path, key);
  CheckHandler(probe, at, errors);
  for (absl::string_view number :
       {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
        "successThreshold", "failureThreshold"}) {
    CheckNonNegative(probe, number, at, errors);
  }
  if (key != "readinessProbe" && probe.GetInt("successThreshold", 1) != 1) {
    errors.push_back(InvalidError(at + ".successThreshold",
                                  probe["successThreshold"], "must be 1"));
  }
}

void CheckContainer(const Value& container, const Names& volumes,
                    const std::string& path, FieldErrors& errors) {
  std::string name(container.GetString("name"));
  if (name.empty()) {
    errors.push_back(RequiredError(path + ".name"));
  } else {
    AddProblems(CheckDnsLabel(name), path + ".name", name, errors);
  }
  std::string image(container.GetString("image"));
  if (image.empty()) errors.push_back(RequiredError(path + ".image"));
  CheckPorts(container["ports"], path + ".ports", errors);
  CheckEnv(container, path, errors);
  CheckMounts(container, volumes, path, errors);
  CheckResources(container["resources"], path + ".resources", errors);
  for (absl::string_view hook : {"postStart", "preStop"}) {
    const Value& handler = container["lifecycle"][hook];
    if (handler.is_object()) {
      CheckHandler(handler, absl::StrCat(path, ".lifecycle.", hook), errors);
    }
  }
  CheckProbe(container, "livenessProbe", path, errors);
  CheckProbe(container, "readinessProbe", path, errors);
  CheckProbe(container, "startupProbe", path, errors);
}

void CheckContainers(const Value& spec, const Names& volumes,
                     const std::string& path, FieldErrors& errors) {
  const Value& containers = spec["containers"];
  if (containers.empty()) {
    errors.push_back(RequiredError(path + ".containers"));
  }
  Names names;
  for (absl::string_view list : {"containers", "initContainers"}) {
    for (size_t i = 0; i < spec[list].size(); ++i) {
      const std::string at = At(path, list, i);
      const Value& container = spec[list][i];
      CheckContainer(container, volumes, at, errors);
      std::string name(container.GetString("name"));
      if (!name.empty() && !names.insert(name).second) {
        errors.push_back(DuplicateError(at + ".name", Value(name)));
      }
    }
  }
}

// ------------------------------------------------------------------ volumes

void CheckItems(const Value& source, const std::string& path,
                FieldErrors& errors) {
  for (size_t i = 0; i < source["items"].size(); ++i) {
    RequireText(source["items"][i], "key", At(path, "items", i), errors);
    RequireText(source["items"][i], "path", At(path, "items", i), errors);
  }
  int64_t mode = source.GetInt("defaultMode");
  if (mode < 0 || mode > 511) {
    errors.push_back(InvalidError(
        path + ".defaultMode", source["defaultMode"],
        "must be a number between 0 and 0777 (octal), both inclusive"));
  }
}

void CheckVolumeSource(absl::string_view key, const Value& source,
                       const std::string& path, FieldErrors& errors) {
  if (key == "configMap") {
    RequireText(source, "name", path, errors);
    CheckItems(source, path, errors);
  } else if (key == "secret") {
    RequireText(source, "secretName", path, errors);
    CheckItems(source, path, errors);
  } else if (key == "persistentVolumeClaim") {
    RequireText(source, "claimName", path, errors);
  } else if (key == "hostPath") {
    RequireText(source, "path", path, errors);
  } else if (key == "nfs") {
    RequireText(source, "server", path, errors);
    RequireText(source, "path", path, errors);
  } else if (key == "csi") {
    RequireText(source, "driver", path, errors);
  }
}

Names CheckVolumes(const Value& volumes, const std::string& path,
                   FieldErrors& errors) {
  Names names;
  for (size_t i = 0; i < volumes.size(); ++i) {
    const Value& volume = volumes[i];
    const size_t errors_before = errors.size();
    const std::string at = absl::StrCat(path, "[", i, "]");
    size_t sources = 0;
    for (const Value::Member& member : volume.object()) {
      if (member.key == "name") continue;
      if (++sources > 1) {
        errors.push_back(ForbiddenError(
            At(at, member.key), "may not specify more than 1 volume type"));
        continue;
      }
      CheckVolumeSource(member.key, member.value, At(at, member.key), errors);
    }
    if (sources == 0) {
      errors.push_back(RequiredError(at, "must specify a volume type"));
    }
    std::string name(volume.GetString("name"));
    if (name.empty()) {
      errors.push_back(RequiredError(at + ".name"));
      continue;
    }
    NameProblems problems = CheckDnsLabel(name);
    if (problems.empty() && names.count(name) != 0) {
      errors.push_back(DuplicateError(at + ".name", Value(name)));
    }
    AddProblems(problems, at + ".name", name, errors);
    // Only volumes without a fault can be mounted.
    if (errors.size() == errors_before) names.insert(name);
  }
  return names;
}

}  // namespace

void CheckPodSpec(const Value& spec, const std::string& path,
                  FieldErrors& errors) {
  Names volumes = CheckVolumes(spec["volumes"], path + ".volumes", errors);
  CheckContainers(spec, volumes, path, errors);
  ValidateLabels(spec["nodeSelector"], path + ".nodeSelector", errors);
  if (std::string account(spec.GetString("serviceAccountName"));
      !account.empty()) {
    AddProblems(CheckDnsSubdomain(account), path + ".serviceAccountName",
                account, errors);
  }
  if (spec.Has("activeDeadlineSeconds")) {
    int64_t seconds = spec.GetInt("activeDeadlineSeconds");
    if (seconds < 1 || seconds > INT32_MAX) {
      errors.push_back(InvalidError(
          path + ".activeDeadlineSeconds", spec["activeDeadlineSeconds"],
          "must be between 1 and 2147483647, inclusive"));
    }
  }
  for (absl::string_view key : {"hostname", "subdomain"}) {
    if (std::string name(spec.GetString(key)); !name.empty()) {
      AddProblems(CheckDnsLabel(name), At(path, key), name, errors);
    }
  }
  if (std::string name(spec.GetString("priorityClassName")); !name.empty()) {
    AddProblems(CheckDnsSubdomain(name), path + ".priorityClassName", name,
                errors);
  }
}

void CheckPodTemplate(const Value& pod_template, const std::string& path,
                      FieldErrors& errors) {
  const Value& meta = pod_template["metadata"];
  ValidateLabels(meta["labels"], path + ".labels", errors);
  for (const Value::Member& member : meta["annotations"].object()) {
    AddProblems(CheckQualifiedName(member.key), path + ".annotations",
                member.key, errors);
  }
  CheckPodSpec(pod_template["spec"], path + ".spec", errors);
}

void CheckPodUpdate(const Value& old, const Value& pod, FieldErrors& errors) {
  Value before = old["spec"];
  Value after = pod["spec"];
  for (absl::string_view list : {"containers", "initContainers"}) {
    if (before[list].size() != after[list].size()) {
      errors.push_back(
          ForbiddenError(absl::StrCat("spec.", list),
                         "pod updates may not add or remove containers"));
      return;
    }
    if (!after[list].is_array()) continue;
    for (size_t i = 0; i < after[list].size(); ++i) {
      if (after[list][i].GetString("image").empty()) {
        errors.push_back(RequiredError(At("spec", list, i) + ".image"));
      }
      after.Mutable(list).MutableAt(i).Set("image", before[list][i]["image"]);
    }
  }
  for (absl::string_view key :
       {"activeDeadlineSeconds", "schedulingGates", "tolerations"}) {
    if (before.Has(key)) {
      after.Set(key, before[key]);
    } else {
      after.Erase(key);
    }
  }
  const Value::Array& tolerations = pod["spec"]["tolerations"].array();
  for (const Value& toleration : old["spec"]["tolerations"].array()) {
    if (std::find(tolerations.begin(), tolerations.end(), toleration) ==
        tolerations.end()) {
      errors.push_back(
          ForbiddenError("spec.tolerations",
                         "existing toleration can not be modified except its "
                         "tolerationSeconds"));
      break;
    }
  }
  // Given by the scheduler.
  if (before.GetString("nodeName").empty() && after.Has("nodeName")) {
    after.Erase("nodeName");
    before.Erase("nodeName");
  }
  if (before != after) {
    errors.push_back(ForbiddenError(
        "spec",
        "pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec."
        "activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set "
        "to 1 if it was previously negative)"));
  }
}

}  // namespace weir::apiserver
