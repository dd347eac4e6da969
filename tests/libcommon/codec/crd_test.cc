#include "weir/codec/crd.h"

#include "gtest/gtest.h"
#include "shapes.pb.h"
#include "weir/value/yaml.h"

namespace weir::codec {
namespace {

TEST(MakeCrdTest, WritesEveryOption) {
  EXPECT_EQ(FormatYaml(MakeCrd(weir::test::Widget::descriptor())),
            R"(apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations:
    kustomize.toolkit.fluxcd.io/substitute: disabled
  labels:
    app.kubernetes.io/part-of: flux
  name: widgets.test.weir.dev
spec:
  group: test.weir.dev
  names:
    kind: Widget
    listKind: WidgetList
    plural: widgets
    singular: widget
  scope: Cluster
  versions:
  - additionalPrinterColumns:
    - jsonPath: .spec.size
      name: Size
      priority: 1
      type: integer
    name: v1alpha1
    schema:
      openAPIV3Schema:
        properties:
          apiVersion:
            description: Group and version of the kind, as <group>/<version>.
            type: string
          kind:
            description: Name of the kind, in CamelCase.
            type: string
          metadata:
            type: object
          spec:
            description: Of a widget.
            properties:
              keyed:
                items:
                  properties:
                    count:
                      format: int64
                      type: integer
                    name:
                      type: string
                  required:
                  - name
                  type: object
                maxItems: 9
                minItems: 1
                type: array
                x-kubernetes-list-map-keys:
                - name
                x-kubernetes-list-type: map
                x-kubernetes-validations:
                - message: too many
                  rule: self.size() < 10
              labels:
                additionalProperties:
                  type: string
                type: object
                x-kubernetes-map-type: granular
              ratio:
                type: number
              size:
                default: 3
                format: int32
                maximum: 5
                minimum: 1
                type: integer
              tags:
                items:
                  minLength: 2
                  type: string
                type: array
                x-kubernetes-list-type: set
              values:
                x-kubernetes-preserve-unknown-fields: true
            type: object
        type: object
    served: true
    storage: true
    subresources:
      status: {}
)");
}

TEST(AllCrdsTest, AreByName) {
  const std::vector<Value> crds = AllCrds();
  ASSERT_EQ(crds.size(), AllKinds().size());
  for (const Value& crd : crds) {
    const std::string want = crd["spec"]["names"]["plural"].AsString() + "." +
                             crd["spec"]["group"].AsString();
    EXPECT_EQ(crd["metadata"]["name"].AsString(), want);
  }
}

TEST(ResourceOfTest, Names) {
  const Resource names = ResourceOf(weir::test::Widget::descriptor());
  EXPECT_EQ(names.group, "test.weir.dev");
  EXPECT_EQ(names.version, "v1alpha1");
  EXPECT_EQ(names.singular, "widget");
  EXPECT_FALSE(names.is_namespaced);
}

}  // namespace
}  // namespace weir::codec
