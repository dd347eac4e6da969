// The objects that a release's manifest holds, as they are sent to the server.
//
// Touches: network, to learn which kinds are namespaced.
// Threads: pure functions besides.
// Source: helm-engine.md, section 9.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "weir/apply/inventory.h"
#include "weir/base/context.h"
#include "weir/helm/chart.h"
#include "weir/kube/client.h"
#include "weir/kube/types.h"
#include "weir/value/value.h"

namespace weir::helm_controller {

struct ReleaseObject {
  Value object;
  kube::ObjectRef ref;
};

// The objects of a text of YAML documents, in its order; lists are taken
// apart. Those of namespaced kinds without a namespace get `name_space`.
// Errors: kInvalidArgument for what cannot be read; kNotFound for kinds that
// the server does not serve.
absl::StatusOr<std::vector<ReleaseObject>> ReadObjects(
    const Context& ctx, const kube::Client& client, absl::string_view text,
    const std::string& name_space);

// Gives a namespaced object without a namespace `name_space`, and takes it from
// others. Errors: kNotFound when the server does not serve the kind.
absl::Status PlaceObject(const Context& ctx, const kube::Client& client,
                         const std::string& name_space, Value* object);

// The same as ReadObjects without a server: what cannot be read is left out,
// and all kinds count as namespaced.
std::vector<ReleaseObject> ReadObjectsOffline(absl::string_view text,
                                              const std::string& name_space);

// Labels and annotations by which Helm knows its objects.
void MarkOwned(const std::string& release_name,
               const std::string& release_namespace, Value* object);
// Why an object that is there may not become one of the release; "" when it
// may.
std::string FindForeignOwner(const Value& live, const std::string& release_name,
                             const std::string& release_namespace);

// Whether helm.sh/resource-policy says that it outlives the release.
bool IsKept(const Value& object);

// "<namespace>/<name> <group>/<version>, Kind=<kind>"
std::string Describe(const kube::ObjectRef& ref);

// CustomResourceDefinitions in the chart's crds/, labelled. Other objects there
// are told of in `ignored`.
// Errors: kInvalidArgument for what cannot be read.
absl::StatusOr<std::vector<ReleaseObject>> ReadCrds(
    const helm::Chart& chart, const Value& labels,
    std::vector<std::string>* ignored);

}  // namespace weir::helm_controller
