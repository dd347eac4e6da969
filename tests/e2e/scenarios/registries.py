"""OCIRepository, HelmRepository and HelmChart, against a real registry.

`docker-registry` of Debian, filled by the real `helm push` and by plain
requests as `oras` and `flux push artifact` make them.
"""

import gzip
import hashlib
import http.client
import io
import json
import shutil
import tarfile
import urllib.request

from harness.charts import write_files
from harness.helm import helm
from harness.processes import Program, answers, free_port
from harness.scenario import (Skip, check, condition, config_map, equal,
                              scenario)

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONTENT = "application/vnd.cncf.flux.content.v1.tar+gzip"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry(Program):
    """docker-registry with its files below a folder of the scenario."""

    def __init__(self, env):
        program = shutil.which("docker-registry")
        if not program:
            raise Skip("no docker-registry")
        folder = env.world.folder / f"registry-{env.namespace}"
        folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        config = folder / "config.json"
        config.write_text(json.dumps({
            "version": 0.1, "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")},
                        "delete": {"enabled": True}},
            "http": {"addr": self.address}}), encoding="utf-8")
        super().__init__("docker-registry", [program, "serve", config],
                         folder)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def await_up(self, env):
        env.until("up", lambda: answers(self.address, "/v2/"))

    def request(self, method, path, data=None, **headers):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        connection.request(method, path, data, {
            k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {body!r}")
        return answer

    def push_blob(self, name, media_type, data):
        started = self.request("POST", f"/v2/{name}/blobs/uploads/")
        to = started.headers["Location"].partition(self.address)[2] or \
            started.headers["Location"]
        self.request("PUT", f"{to}&digest={digest(data)}", data,
                     Content_Type="application/octet-stream")
        return {"mediaType": media_type, "digest": digest(data),
                "size": len(data)}

    def push(self, name, tag, files, annotations=None):
        """As `flux push artifact`; returns the manifest's digest."""
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as tar:
            for path, text in files.items():
                member = tarfile.TarInfo(path)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
        manifest = {
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self.push_blob(
                name, "application/vnd.cncf.flux.config.v1+json", b"{}"),
            "layers": [self.push_blob(name, CONTENT,
                                      gzip.compress(plain.getvalue()))],
            "annotations": annotations or {}}
        data = json.dumps(manifest).encode()
        self.request("PUT", f"/v2/{name}/manifests/{tag}", data,
                     Content_Type=MANIFEST)
        return digest(data)


def write_chart(folder, name, version, values="color: blue\n"):
    files = {"Chart.yaml": f"apiVersion: v2\nname: {name}\n"
                           f"version: {version}\n",
             "values.yaml": values,
             "templates/cm.yaml": json.dumps(config_map(name))}
    write_files(folder / name, files)
    return folder / name


def stored(env, obj):
    """The artifact's bytes, over HTTP."""
    url = obj["status"]["artifact"]["url"]
    url = url if "://" in url else "http://" + url
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def oci_source(env, registry, name="app", repository="app", **spec):
    env.apply({"kind": "OCIRepository", "metadata": {"name": name},
               "spec": {"interval": "1h", "insecure": True,
                        "url": f"oci://{registry.address}/{repository}",
                        **spec}})


def reconcile(env, kind, name, mark):
    env.kube.request_reconcile(kind, name, env.namespace, mark)
    return env.wait(kind, name, f"handled ({mark})", lambda o: o.get(
        "status", {}).get("lastHandledReconcileAt") == mark)


@scenario("artifacts of a real registry are applied")
def applied_from_a_registry(env):
    with Registry(env) as registry:
        registry.await_up(env)
        first = registry.push("app", "1.0.0", {
            "cm.yaml": json.dumps(config_map("a"))},
            {"org.opencontainers.image.revision": "main@sha1:abc"})
        oci_source(env, registry, ref={"semver": "1.x"})
        env.kustomization(sourceRef={"kind": "OCIRepository", "name": "app"})
        env.ready(revision=f"1.0.0@{first}")
        equal(env.get("OCIRepository", "app")["status"]["artifact"][
            "metadata"], {"org.opencontainers.image.revision":
                          "main@sha1:abc"}, "annotations")
        second = registry.push("app", "1.1.0", {
            "cm.yaml": json.dumps(config_map("a", "red"))})
        reconcile(env, "OCIRepository", "app", "second")
        env.ready(revision=f"1.1.0@{second}")
        equal(env.data("a"), {"color": "red"}, "a")


@scenario("a registry down and back")
def registry_down(env):
    with Registry(env) as registry:
        registry.await_up(env)
        first = registry.push("app", "latest", {
            "cm.yaml": json.dumps(config_map("a"))})
        oci_source(env, registry)
        env.ready("OCIRepository", revision=first)
        registry.stop()
        reconcile(env, "OCIRepository", "app", "down")
        obj = env.failed("OCIRepository")
        equal(condition(obj, "FetchFailed")["reason"],
              "OCIArtifactPullFailed", "reason")
        check(first in obj["status"]["artifact"]["revision"],
              "the last artifact is gone")
        registry.start()
        registry.await_up(env)
        second = registry.push("app", "latest", {
            "cm.yaml": json.dumps(config_map("a", "red"))})
        # By itself: backoff, no interval, no request.
        env.ready("OCIRepository", revision=second, timeout=45)


@scenario("charts that helm pushed")
def pushed_by_helm(env):
    folder = env.world.folder / f"charts-{env.namespace}"
    with Registry(env) as registry:
        registry.await_up(env)
        packages = {}
        for version in ("1.0.0", "1.1.0+build.5"):
            chart = write_chart(folder, "demo", version)
            helm(env, "package", chart, "--destination", folder)
            packages[version] = folder / f"demo-{version}.tgz"
            helm(env, "push", packages[version],
                 f"oci://{registry.address}/charts", "--plain-http")
        env.apply({"kind": "HelmRepository", "metadata": {"name": "repo"},
                   "spec": {"type": "oci", "insecure": True,
                            "url": f"oci://{registry.address}/charts"}})
        for name, version in (("exact", "1.0.0"), ("range", ">=1.0.0")):
            env.apply({"kind": "HelmChart", "metadata": {"name": name},
                       "spec": {"interval": "1h", "chart": "demo",
                                "version": version, "sourceRef": {
                                    "kind": "HelmRepository",
                                    "name": "repo"}}})
        oci_source(env, registry, "copy", "charts/demo",
                   ref={"semver": "*"},
                   layerSelector={"mediaType": CHART, "operation": "copy"})
        for kind, name, version in (
                ("HelmChart", "exact", "1.0.0"),
                ("HelmChart", "range", "1.1.0+build.5"),
                ("OCIRepository", "copy", "1.1.0+build.5")):
            obj = env.ready(kind, name)
            equal(stored(env, obj), packages[version].read_bytes(),
                  f"{name}: the package")
            if kind == "HelmChart":
                equal(obj["status"]["artifact"]["revision"], version, name)


def sub_chart(name):
    """A packaged chart."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in (
                ("Chart.yaml", f"apiVersion: v2\nname: {name}\n"
                               "version: 1.0.0\n"),
                ("templates/a.yaml", "a: 1\n")):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


HEAD = "apiVersion: v2\nname: demo\nversion: 0.1.0\n"
SUB = ("dependencies:\n- name: sub\n  version: 1.x\n"
       "  repository: https://example.com\n")
LOCK = ("dependencies:\n- name: sub\n  repository: https://example.com\n"
        f"  version: 1.0.0\ndigest: sha256:{'0' * 64}\n"
        'generated: "2024-01-01T00:00:00.000000001+02:00"\n')
SHAPES = {
    "plain": {"Chart.yaml": HEAD + "keywords: [b, a]\n# said by hand\n",
              "values.yaml": "# kept\nb: 1\n\na: [x]\n",
              "templates/cm.yaml": json.dumps(config_map("demo"))},
    "files": {"Chart.yaml": HEAD, ".helmignore": "*.md\n/docs/\n",
              "README.md": "r", "docs/a": "a", "LICENSE": "l",
              "files/a/b.bin": "\x00\x01", "crds/x.yaml": "kind: X\n",
              "templates/_h.tpl": "h", "templates/NOTES.txt": "n",
              "values.schema.json": '{"type": "object"}'},
    "locked": {"Chart.yaml": HEAD + SUB, "Chart.lock": LOCK,
               "charts/sub-1.0.0.tgz": sub_chart("sub")},
    "nested": {"Chart.yaml": HEAD, "charts/sub/Chart.yaml":
               HEAD.replace("demo", "sub"),
               "charts/sub/charts/deep-1.0.0.tgz": sub_chart("deep")},
    "old": {"Chart.yaml": HEAD.replace("v2", "v1"), "requirements.yaml": SUB,
            "requirements.lock": LOCK,
            "charts/sub-1.0.0.tgz": sub_chart("sub")},
    "marks": {"Chart.yaml": "\ufeff" + HEAD, "values.yaml": "\ufeffa: 1\r\n"},
}


@scenario("charts of a Git repository are what helm packages")
def packaged_as_helm_does(env):
    folder = env.world.folder / f"charts-{env.namespace}"
    files = {f"{shape}/{path}": content for shape, tree in SHAPES.items()
             for path, content in tree.items()}
    env.commit(files)
    env.source()
    write_files(folder, files)
    for shape in SHAPES:
        env.apply({"kind": "HelmChart", "metadata": {"name": shape},
                   "spec": {"interval": "1h", "chart": shape,
                            "sourceRef": {"kind": "GitRepository",
                                          "name": "app"}}})

    def members(data):
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            return [(m.name, oct(m.mode), archive.extractfile(m).read())
                    for m in archive]
    for shape in SHAPES:
        ours = stored(env, env.ready("HelmChart", shape))
        helm(env, "package", folder / shape, "--destination",
             folder / f"out-{shape}")
        theirs = (folder / f"out-{shape}" / "demo-0.1.0.tgz").read_bytes()
        equal(members(ours), members(theirs), shape)
        # The header with Helm's comment: all up to the compressed data.
        equal(ours[:theirs.index(b"Helm\0") + 5],
              theirs[:theirs.index(b"Helm\0") + 5], f"{shape}: header")
