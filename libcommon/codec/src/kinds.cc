// The list of kinds; a new one is added here.
#include "weir/codec/crd.h"
#include "weir/helm/v2/helmrelease.pb.h"
#include "weir/kustomize/v1/kustomization.pb.h"
#include "weir/notification/v1/receiver.pb.h"
#include "weir/notification/v1beta3/alert.pb.h"
#include "weir/notification/v1beta3/provider.pb.h"
#include "weir/source/v1/externalartifact.pb.h"
#include "weir/source/v1/gitrepository.pb.h"
#include "weir/source/v1/helmchart.pb.h"
#include "weir/source/v1/helmrepository.pb.h"
#include "weir/source/v1/ocirepository.pb.h"

namespace weir::codec {

std::vector<const google::protobuf::Descriptor*> AllKinds() {
  return {source::v1::ExternalArtifact::descriptor(),
          source::v1::GitRepository::descriptor(),
          source::v1::HelmChart::descriptor(),
          source::v1::HelmRepository::descriptor(),
          source::v1::OCIRepository::descriptor(),
          kustomize::v1::Kustomization::descriptor(),
          helm::v2::HelmRelease::descriptor(),
          notification::v1beta3::Alert::descriptor(),
          notification::v1beta3::Provider::descriptor(),
          notification::v1::Receiver::descriptor()};
}

}  // namespace weir::codec
