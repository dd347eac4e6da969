"""What is applied: stages, builds, substitutions, errors in manifests."""

from harness.scenario import (check, condition, config_map, deployment,
                              equal, scenario)


def widget_crd(group):
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced",
                 "names": {"kind": "Widget", "plural": "widgets",
                           "singular": "widget"},
                 "versions": [{
                     "name": "v1", "served": True, "storage": True,
                     "subresources": {"status": {}},
                     "schema": {"openAPIV3Schema": {
                         "type": "object", "properties": {"spec": {
                             "type": "object", "properties": {
                                 "size": {"type": "integer"}}},
                             "status": {"type": "object", "x-kubernetes-"
                                        "preserve-unknown-fields": True}}}},
                 }]}}


@scenario("CRD and CR in one commit")
def crd_and_cr(env):
    group = "crd-and-cr.example.com"
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget",
              "metadata": {"name": "w"}, "spec": {"size": 3}}
    env.install({"a-cr.yaml": widget, "crd.yaml": widget_crd(group)})
    found = env.kube.get("Widget", "w", env.namespace, f"{group}/v1")
    equal(found["spec"], {"size": 3}, "spec")
    env.push({"a-cr.yaml": {**widget, "spec": {"size": 4}}})
    found = env.kube.get("Widget", "w", env.namespace, f"{group}/v1")
    equal(found["spec"], {"size": 4}, "spec")
    env.delete("Kustomization", "app")
    env.wait_gone("Kustomization", "app")
    env.kube.wait("CustomResourceDefinition", f"widgets.{group}", None,
                  "gone", lambda o: o is None)


@scenario("Namespace and contents")
def namespace_and_contents(env):
    made = env.namespace + "-made"
    env.install({"all.yaml": [
        config_map("inside", namespace=made),
        {"apiVersion": "v1", "kind": "ServiceAccount",
         "metadata": {"name": "robot", "namespace": made}},
        {"apiVersion": "v1", "kind": "Namespace",
         "metadata": {"name": made}}]}, targetNamespace=None)
    check(env.kube.find("ConfigMap", "inside", made), "no ConfigMap")
    env.delete("Kustomization", "app")
    env.wait_gone("Kustomization", "app")
    env.kube.wait("Namespace", made, None, "gone", lambda o: o is None, 40)


@scenario("bad YAML in one commit, fixed in the next")
def bad_yaml(env):
    env.install({"a.yaml": config_map("a")})
    bad = env.commit({"b.yaml": "kind: ConfigMap\n  name: : oops\n"})
    env.fetch()
    obj = env.failed(reason="BuildFailed", revision=bad)
    check("b.yaml" in condition(obj, "Ready")["message"],
          condition(obj, "Ready")["message"])
    equal(env.data("a"), {"color": "blue"}, "a")
    good = env.push({"b.yaml": config_map("b")})
    equal(env.data("b"), {"color": "blue"}, "b")
    del good


@scenario("missing path")
def missing_path(env):
    env.commit({"a.yaml": config_map("a")})
    env.source()
    env.kustomization(path="./deploy")
    env.failed(reason="ArtifactFailed",
               message="kustomization path not found")
    env.push({"deploy/a.yaml": config_map("deployed")})
    equal(env.data("deployed"), {"color": "blue"}, "deployed")


@scenario("one bad object keeps its stage from being applied")
def bad_object(env):
    env.install({"a.yaml": config_map("a")})
    env.commit({"a.yaml": config_map("a", "red"),
                "z.yaml": config_map("Bad_Name")})
    env.fetch()
    obj = env.failed(reason="ReconciliationFailed")
    check("Bad_Name" in condition(obj, "Ready")["message"], "message")
    equal(env.data("a"), {"color": "blue"}, "a")
    env.push({}, ["z.yaml"])
    equal(env.data("a"), {"color": "red"}, "a")


@scenario("kustomize build")
def kustomize_build(env):
    env.install({
        "base/kustomization.yaml":
            "resources: [web.yaml, cm.yaml]\n"
            "configMapGenerator:\n- name: gen\n  literals: [k=v]\n",
        "base/web.yaml": {**deployment("web"), "spec": {
            **deployment("web")["spec"], "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{
                    "name": "main", "image": "example.com/web:1.0",
                    "envFrom": [{"configMapRef": {"name": "gen"}}]}]}}}},
        "base/cm.yaml": config_map("plain"),
        "part/kustomization.yaml":
            "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
            "kind: Component\npatches:\n- target: {kind: ConfigMap, "
            "name: plain}\n  patch: |\n    - {op: add, path: /data/part, "
            "value: 'yes'}\n",
        "over/kustomization.yaml":
            "resources: [../base]\ncomponents: [../part]\n"
            "namePrefix: pre-\nreplicas: [{name: web, count: 2}]\n"
            "images: [{name: example.com/web, newTag: '2.0'}]\n"
            "labels: [{pairs: {team: blue}}]\n"
            "commonAnnotations: {note: hello}\n"
            "patches:\n- patch: |\n    apiVersion: apps/v1\n"
            "    kind: Deployment\n    metadata: {name: web}\n"
            "    spec: {paused: true}\n",
    }, path="./over")
    web = env.get("Deployment", "pre-web")
    equal(web["spec"]["replicas"], 2, "replicas")
    equal(web["spec"]["paused"], True, "paused")
    container = web["spec"]["template"]["spec"]["containers"][0]
    equal(container["image"], "example.com/web:2.0", "image")
    generated = container["envFrom"][0]["configMapRef"]["name"]
    equal(env.data(generated), {"k": "v"}, generated)
    equal(env.data("pre-plain"), {"color": "blue", "part": "yes"}, "plain")
    equal(web["metadata"]["labels"]["team"], "blue", "label")
    equal(web["metadata"]["annotations"]["note"], "hello", "annotation")


@scenario("patches, images and metadata of the Kustomization")
def overrides(env):
    env.install({"web.yaml": deployment("web"), "a.yaml": config_map("a")},
                namePrefix="p-", commonMetadata={"labels": {"x": "1"}},
                images=[{"name": "example.com/web", "newTag": "3.0"}],
                patches=[{"target": {"kind": "ConfigMap"}, "patch":
                          '[{"op": "add", "path": "/data/patched", '
                          '"value": "y"}]'}])
    equal(env.data("p-a"), {"color": "blue", "patched": "y"}, "a")
    web = env.get("Deployment", "p-web")
    equal(web["metadata"]["labels"]["x"], "1", "label")
    equal(web["spec"]["template"]["spec"]["containers"][0]["image"],
          "example.com/web:3.0", "image")


@scenario("substitution of variables")
def substitution(env):
    env.apply({"kind": "ConfigMap", "metadata": {"name": "vars", "labels": {
        "reconcile.fluxcd.io/watch": "Enabled"}},
        "data": {"town": "Oslo", "size": "1"}},
        {"kind": "Secret", "metadata": {"name": "more"},
         "stringData": {"size": "2"}})
    spec = {"substitute": {"own": "mine"}, "substituteFrom": [
        {"kind": "ConfigMap", "name": "vars"},
        {"kind": "Secret", "name": "more"},
        {"kind": "Secret", "name": "none", "optional": True}]}
    env.install({"a.yaml": config_map(
        "a", "${town}", size="s${size}", own="${own}",
        other="${nothing:=default}", dollar="$${town}")}, postBuild=spec)
    equal(env.data("a"), {"color": "Oslo", "size": "s2", "own": "mine",
                          "other": "default", "dollar": "${town}"}, "a")
    env.merge("ConfigMap", "vars", {"data": {"town": "Bergen"}})
    env.wait("ConfigMap", "a", "Bergen",
             lambda o: o["data"]["color"] == "Bergen")
    env.commit({"a.yaml": config_map("a", "${undefined}")})
    env.fetch()
    env.failed(reason="BuildFailed",
               message='variable not set (strict mode): "undefined"')


@scenario("config that a Kustomization does not know yet is named")
def not_supported(env):
    env.commit({"a.yaml": config_map("a")})
    env.source()
    env.kustomization(decryption={"provider": "sops"})
    obj = env.wait("Kustomization", "app", "stalled", lambda o: condition(
        o, "Stalled").get("reason") == "NotSupported")
    check("decryption" in condition(obj, "Stalled")["message"],
          condition(obj, "Stalled")["message"])
    equal(env.data("a"), None, "a")
