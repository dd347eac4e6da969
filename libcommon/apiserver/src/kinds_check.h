// The rules of builtin kinds beyond what their schemas say.
//
// Touches: nothing.
// Threads: pure functions.
// Source: kubernetes, packages pkg/apis/*/validation.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kinds.h"
#include "names.h"
#include "schema_crd.h"
#include "weir/value/value.h"

namespace weir::apiserver {

using FieldErrors = std::vector<FieldError>;

// One InvalidError a problem.
void AddProblems(const NameProblems& problems, const std::string& path,
                 absl::string_view value, FieldErrors& errors);
void CheckNonNegative(const Value& object, absl::string_view key,
                      const std::string& path, FieldErrors& errors);
// A port number, or a port's name.
void CheckPort(const Value& port, const std::string& path, FieldErrors& errors);
void CheckSelector(const Value& selector, const std::string& path,
                   FieldErrors& errors);
void CheckImmutableField(const Value& before, const Value& after,
                         const std::string& path, FieldErrors& errors);
// Whether nothing is wrong with a selector.
bool IsSelectorUsable(const Value& selector);
bool IsSelectorEmpty(const Value& selector);
// Whether labels satisfy a label selector.
bool SelectorMatches(const Value& selector, const Value& labels);
void ValidateLabels(const Value& labels, absl::string_view field,
                    FieldErrors& errors);

void CheckPodSpec(const Value& spec, const std::string& path,
                  FieldErrors& errors);
void CheckPodTemplate(const Value& pod_template, const std::string& path,
                      FieldErrors& errors);
void CheckPodUpdate(const Value& old, const Value& pod, FieldErrors& errors);

// Deployments and the like, Jobs, CronJobs; false when it is another kind.
bool CheckWorkload(const KindInfo& kind, const Value& old, const Value& object,
                   FieldErrors& errors);
bool CheckCore(const KindInfo& kind, const Value& old, const Value& object,
               FieldErrors& errors);
bool CheckOtherGroups(const KindInfo& kind, const Value& old,
                      const Value& object, FieldErrors& errors);

}  // namespace weir::apiserver
