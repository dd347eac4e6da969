"""`weir diff` and `weir template` of HelmReleases, beside what comes of them."""

import base64
import gzip
import json

import yaml

from harness.charts import (HOOK, ChartIndex, MemoryRegistry, below,
                            chart_files, repository_source, write_files)
from harness.helm import released, release, wait_color, weir
from harness.scenario import check, equal, scenario

from .release_actions import definition

SECRET = """apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-secret"}
stringData: {color: {{ .Values.color }}, same: kept}
"""
EXTRA = """{{ if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-extra"}
{{ end }}
"""


def diff(env, *arguments, **more):
    done = weir(env, "diff", "hr", "-n", env.namespace, *arguments, **more)
    return done.returncode, done.stdout, done.stderr


def as_file(env, **spec):
    obj = env.get("HelmRelease", "app")
    return yaml.safe_dump({
        "apiVersion": obj["apiVersion"], "kind": "HelmRelease",
        "metadata": {"name": "app", "namespace": env.namespace},
        "spec": {**obj["spec"], **spec}})


@scenario("weir diff says what an upgrade changes, and the upgrade does it")
def diff_then_upgrade(env):
    env.commit(below("chart", chart_files(templates={
        "secret.yaml": SECRET, "extra.yaml": EXTRA,
        "hook.yaml": HOOK.replace("HOOK", "pre-upgrade")}, extra=False)))
    env.source()
    release(env, values={"extra": True})
    released(env)
    code, out, err = diff(env, "app")
    equal((code, out), (0, ""), f"in order: {err}")
    ns = env.namespace
    code, out, err = diff(env, "-f", "-", data=as_file(env, values={
        "color": "red"}))
    equal(code, 1, err)
    check(f"► ConfigMap/{ns}/app-cm drifted" in out and
          "data.color\n  ± value change\n    - blue\n    + red\n" in out, out)
    check(f"► ConfigMap/{ns}/app-extra deleted" in out, out)
    check("data.color\n  ± value change\n    - *** (before)\n"
          "    + *** (after)\n" in out and "cmVk" not in out, out)
    check("(pre-upgrade) runs" in err, err)
    # Nothing was done.
    equal(env.data("app-cm"), {"color": "blue", "revision": "1"}, "data")
    check(env.data("app-extra") is not None, "extra")
    env.merge("HelmRelease", "app", {"spec": {"values": {
        "color": "red", "extra": False}}})
    released(env, revision=2)
    equal(env.data("app-extra"), None, "extra")
    code, out, err = diff(env, "app")
    equal((code, out), (0, ""), f"after: {err}")
    # What others changed shows too.
    env.merge("ConfigMap", "app-cm", {"data": {"color": "edited"}})
    code, out, err = diff(env, "app")
    equal(code, 1, err)
    check("- edited\n    + red\n" in out, out)
    code, out, err = diff(env, "absent")
    equal(code, 2, err)


@scenario("weir diff of what is not there yet, and of another place")
def diff_install(env):
    files = chart_files()
    folder = env.world.folder / f"preview-{env.namespace}" / "chart"
    write_files(folder, files)
    env.commit(below("chart", files))
    env.source()
    spec = {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": "app", "namespace": env.namespace},
            "spec": {"interval": "1h", "chart": {"spec": {
                "chart": "chart", "sourceRef": {"kind": "GitRepository",
                                                "name": "app"}}}}}
    code, out, err = diff(env, "-f", "-", data=json.dumps(spec))
    equal(code, 2, "the cluster has no chart")
    check("--source GitRepository/" in err, err)
    code, out, err = diff(env, "-f", "-", "--source", folder.parent,
                          data=json.dumps(spec))
    equal((code, out), (1, f"► ConfigMap/{env.namespace}/app-cm created\n"),
          err)
    env.apply(spec)
    released(env)
    spec["spec"]["releaseName"] = "other"
    code, out, err = diff(env, "-f", "-", data=json.dumps(spec))
    equal((code, sorted(out.splitlines())), (1, [
        f"► ConfigMap/{env.namespace}/app-cm deleted",
        f"► ConfigMap/{env.namespace}/other-cm created"]), err)
    check("release name" in err, err)
    # An edited chart, before it is committed.
    (folder / "values.yaml").write_text("color: green\n", encoding="utf-8")
    code, out, err = diff(env, "app", "--source", folder.parent)
    equal((code, "+ green" in out), (0, False), "the version is the same")
    (folder / "Chart.yaml").write_text(files["Chart.yaml"].replace(
        "1.0.0", "1.1.0"), encoding="utf-8")
    code, out, err = diff(env, "app", "--source", folder.parent)
    equal((code, "+ green" in out), (1, True), err)


@scenario("weir diff of a chart with definitions, to where nothing is yet")
def diff_definitions(env):
    group = f"{env.namespace}.example.com"
    files = below("chart", chart_files(templates={
        "crds/thing.yaml": definition(env, "first"), "thing.yaml": f"""
apiVersion: {group}/v1
kind: Thing
metadata: {{name: one}}
"""}))
    env.commit(files)
    env.source()
    env.ready("GitRepository")
    spec = {"chart": {"spec": {"chart": "./chart", "sourceRef": {
        "kind": "GitRepository", "name": "app"}}},
        "interval": "1h", "suspend": True, "releaseName": "app",
        "targetNamespace": f"{env.namespace}-new",
        "install": {"createNamespace": True}}
    release(env, **{**spec, "suspend": False})
    released(env)
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    env.kube.delete("CustomResourceDefinition", f"things.{group}")
    env.kube.delete("Namespace", f"{env.namespace}-new")
    for kind, name in (("CustomResourceDefinition", f"things.{group}"),
                       ("Namespace", f"{env.namespace}-new")):
        env.until(f"{name} gone", lambda k=kind, n=name: not env.kube.find(
            k, n), 60)
    folder = env.world.folder / f"definitions-{env.namespace}"
    write_files(folder, files)
    code, out, err = diff(env, "-f", "-", "--source", folder, data=json.dumps(
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
         "metadata": {"name": "app", "namespace": env.namespace},
         "spec": spec}))
    equal((code, sorted(out.splitlines())), (1, [
        f"► ConfigMap/{env.namespace}-new/app-cm created",
        f"► CustomResourceDefinition/things.{group} created",
        f"► Thing/{env.namespace}-new/one created"]), err)
    code, out, err = diff(env, "-f", "-", "--source", folder, data=json.dumps(
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
         "metadata": {"name": "app", "namespace": env.namespace},
         "spec": {**spec, "kubeConfig": {"secretRef": {"name": "other"}}}}))
    equal(code, 2, out)
    check("another cluster" in err, err)


@scenario("weir diff of a version that the cluster has not fetched")
def diff_version(env):
    index = ChartIndex(env)
    index.publish("1.0.0")
    repository_source(env, index)
    chart = {"chart": "web", "version": "1.0.0", "interval": "1h",
             "sourceRef": {"kind": "HelmRepository", "name": "charts"}}
    release(env, chart={"spec": chart})
    released(env)
    index.publish("1.1.0", color="green")
    code, out, err = diff(env, "-f", "-", data=as_file(
        env, chart={"spec": {**chart, "version": "1.x"}}))
    equal(code, 1, err)
    check("- blue\n    + green\n" in out and "web@1.1.0" in err, out + err)
    with MemoryRegistry() as registry:
        registry.push("1.0.0", "1.0.0")
        env.apply({"kind": "HelmRepository", "metadata": {"name": "oci"},
                   "spec": {"type": "oci", "insecure": True,
                            "url": f"oci://{registry.address}/charts"}})
        registry.push("1.2.0", "1.2.0", color="red")
        code, out, err = diff(env, "-f", "-", data=as_file(
            env, chart={"spec": {**chart, "version": ">=1.1", "sourceRef": {
                "kind": "HelmRepository", "name": "oci"}}}))
        equal(code, 1, err)
        check("- blue\n    + red\n" in out, out)
    code, out, err = diff(env, "-f", "-", data=as_file(
        env, chart={"spec": {**chart, "version": "9.x"}}))
    equal(code, 2, out)
    check("--source HelmRepository/" in err, err)


@scenario("weir template of a HelmRelease is what is installed")
def template_then_install(env):
    files = chart_files(templates={"secret.yaml": SECRET})
    folder = env.world.folder / f"template-{env.namespace}"
    env.commit(below("chart", {**files, "more.yaml": "size: 3\n"}))
    write_files(folder, {**below("chart", files),
                         "chart/more.yaml": "size: 3\n"})
    env.source()
    objects = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "name": "values"}, "data": {"values.yaml": "color: red\n"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "more"},
         "stringData": {"label": "gold"}},
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
         "metadata": {"name": "app"}, "spec": {
             "interval": "1h", "releaseName": "web",
             "chart": {"spec": {"chart": "chart", "sourceRef": {
                 "kind": "GitRepository", "name": "app"},
                 "valuesFiles": ["chart/values.yaml", "chart/more.yaml"]}},
             "valuesFrom": [
                 {"kind": "ConfigMap", "name": "values"},
                 {"kind": "Secret", "name": "more", "valuesKey": "label",
                  "targetPath": "label"}],
             "commonMetadata": {"labels": {"team": "a"}},
             "postRenderers": [{"kustomize": {"patches": [{
                 "target": {"kind": "ConfigMap"},
                 "patch": '[{"op": "add", "path": "/data/patched", '
                          '"value": "yes"}]'}]}}]}}]
    done = weir(env, "template", "-", "-n", env.namespace, "--source",
                f"GitRepository/app={folder}",
                data="---\n".join(json.dumps(o) + "\n" for o in objects))
    equal(done.returncode, 0, done.stderr)
    env.apply(*objects)
    released(env)
    wait_color(env, "red", "web-cm")
    found = env.kube.list("Secret", env.namespace)
    revision = next(o for o in found if o["metadata"]["name"] ==
                    "sh.helm.release.v1.web.v1")
    wanted = manifest_of(revision)
    equal(list(yaml.safe_load_all(done.stdout)),
          list(yaml.safe_load_all(wanted)), "documents")
    equal(done.stdout.strip(), wanted.strip(), "text")


def manifest_of(secret):
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    return json.loads(gzip.decompress(packed))["manifest"]
