// CustomResourceDefinitions, made from the messages of api/.
//
// Touches: nothing.
// Threads: pure functions.
#pragma once

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "weir/value/value.h"

namespace weir::codec {

// Names of a kind.
struct Resource {
  std::string group;     // "source.toolkit.fluxcd.io"
  std::string version;   // "v1"
  std::string kind;      // "GitRepository"
  std::string plural;    // "gitrepositories"
  std::string singular;  // "gitrepository"
  bool is_namespaced = true;
};
// `kind` must be a message with the resource option.
Resource ResourceOf(const google::protobuf::Descriptor* kind);

// A complete apiextensions.k8s.io/v1 CustomResourceDefinition.
Value MakeCrd(const google::protobuf::Descriptor* kind);

// Every kind that we build, by name.
std::vector<const google::protobuf::Descriptor*> AllKinds();
std::vector<Value> AllCrds();

}  // namespace weir::codec
