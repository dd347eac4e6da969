"""Plays the inputs of a recording against a running world."""

import http.client
import json
import shutil
import time
from urllib.parse import urlsplit

from harness.kube import ApiError, condition
from harness.world import Skip

KINDS = {
    "GitRepository": "source.toolkit.fluxcd.io/v1",
    "ExternalArtifact": "source.toolkit.fluxcd.io/v1",
    "HelmChart": "source.toolkit.fluxcd.io/v1",
    "HelmRelease": "helm.toolkit.fluxcd.io/v2",
    "HelmRepository": "source.toolkit.fluxcd.io/v1",
    "OCIRepository": "source.toolkit.fluxcd.io/v1",
    "Kustomization": "kustomize.toolkit.fluxcd.io/v1",
    "Alert": "notification.toolkit.fluxcd.io/v1beta3",
    "Provider": "notification.toolkit.fluxcd.io/v1beta3",
    "Receiver": "notification.toolkit.fluxcd.io/v1",
}
# Left out where they stand beside others.
UNBUILT = ("Bucket",)
BUILTIN = {
    "ConfigMap": "v1", "Secret": "v1", "Namespace": "v1", "Pod": "v1",
    "Service": "v1", "ServiceAccount": "v1", "Deployment": "apps/v1",
    "StatefulSet": "apps/v1", "Job": "batch/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
}


# What an event says where the input does not.
EVENT = {
    "severity": "info", "timestamp": "2020-01-01T00:00:00Z",
    "reason": "ReconciliationSucceeded",
    "reportingController": "kustomize-controller",
    "reportingInstance": "kustomize-controller-0",
}


def field(obj, path):
    for part in path.split("."):
        obj = obj.get(part) if isinstance(obj, dict) else None
    return obj


class Player:
    def __init__(self, world, scenario, matcher, sink=None):
        self.world, self.matcher, self.sink = world, matcher, sink
        self.web, self.registry = world.web, world.registry
        self.kube, self.namespace = world.kube, scenario["namespace"]
        self.notes = []
        self.in_vain = False  # What is waited for is known not to come.
        self.changes = self.commits = 0
        self.repos = {}
        self.deleted = set()  # What may still be going.
        # apiVersions of kinds that the scenario itself brought.
        self.versions = {}

    def play(self, action):
        verb = next(iter(action))
        handler = getattr(self, f"do_{verb}", None)
        if handler is None:
            raise Skip(f"`{verb}` is not played")
        handler(action)

    # ------------------------------------------------------------ inputs

    def repo(self, name):
        if name not in self.repos:
            self.repos[name] = self.world.git.repo(self.namespace, name)
        return self.repos[name]

    def do_commit(self, action):
        given = dict(action["commit"])
        self.changes += 1
        repo = self.repo(given.pop("repo", "app"))
        if given.pop("commit", True) is False:
            branch = given.get("branch", "main")
            if not repo.has(f"refs/heads/{branch}"):
                return  # An empty repository.
            target = repo.head(branch)
            if given.get("tag"):
                repo.tag(given["tag"], target, given.get("annotated", False))
            return
        if given.pop("sign", None):
            raise Skip("signed commits")
        files = {self.matcher.expand(name): self.matcher.fill(content)
                 for name, content in (given.pop("files", None) or {}).items()}
        given.setdefault("message", f"change {self.changes}")
        empty = given.pop("empty", False)
        tags = given.get("tag")
        if isinstance(tags, list):
            given["tag"] = None
        branch = f"refs/heads/{given.get('branch', 'main')}"
        if not repo.has(branch) and repo.commits and not given.get("orphan"):
            given.setdefault("base", repo.commits[-1])
        if empty:
            return
        self.commits += 1
        commit = repo.commit(files, **self.matcher.fill(given))
        self.matcher.known[f"<commit:{self.commits}>"] = commit
        self.matcher.known[f"<short:{self.commits}>"] = commit[:12]
        for tag in tags if isinstance(tags, list) else ():
            repo.tag(tag, repo.commits[-1], given.get("annotated", False))

    def full(self, obj):
        obj = self.matcher.fill(obj)
        kind = obj["kind"]
        if "apiVersion" not in obj:
            obj["apiVersion"] = KINDS.get(kind) or BUILTIN[kind]
        self.versions[kind] = obj["apiVersion"]
        meta = obj.setdefault("metadata", {})
        if kind not in ("Namespace", "CustomResourceDefinition",
                        "ClusterRoleBinding", "ClusterRole"):
            meta.setdefault("namespace", self.namespace)
        return obj

    def do_apply(self, action):
        for given in action["apply"]:
            if given["kind"] in UNBUILT:
                continue
            obj = self.full(given)
            self.await_gone(obj)
            try:
                self.kube.apply(obj, manager=action.get("as", "recorder"))
            except ApiError as error:
                self.note_refusal("apply", obj["kind"],
                                  obj["metadata"]["name"], error)

    def note_refusal(self, verb, kind, name, error):
        self.notes.append({
            "refused": f"{verb} {kind}/{name}", "code": error.code,
            "message": error.body.get("message") if
            isinstance(error.body, dict) else error.body})

    def target(self, text):
        """"Kind/name" -> kind, name, namespace, apiVersion."""
        kind, _, name = self.matcher.expand(text).rpartition("/")
        namespace = self.namespace
        if "/" in kind:
            kind, _, namespace = kind.partition("/")
        version = (KINDS.get(kind) or self.versions.get(kind) or
                   BUILTIN.get(kind))
        return kind, name, namespace, version

    def do_patch(self, action):
        kind, name, namespace, version = self.target(action["patch"])
        types = {"merge": "application/merge-patch+json",
                 "json": "application/json-patch+json"}
        for key, content_type in types.items():
            if key in action:
                path = self.kube.path(
                    kind, namespace, name, version, action.get("subresource"),
                    fieldManager=action.get("as", "recorder"))
                try:
                    self.kube.call("PATCH", path,
                                   self.matcher.fill(action[key]),
                                   content_type)
                except ApiError as error:
                    self.note_refusal("patch", kind, name, error)
                return
        raise Skip("this kind of patch")

    def do_delete(self, action):
        kind, name, namespace, version = self.target(action["delete"])
        self.kube.delete(kind, name, namespace, version)
        self.deleted.add((kind, name, namespace, version))

    def await_gone(self, obj):
        """An object that is made again while its finalizer is removed would
        go with it."""
        meta = obj["metadata"]
        key = (obj["kind"], meta["name"], meta.get("namespace"),
               obj["apiVersion"])
        deadline = time.monotonic() + 10
        while key in self.deleted and time.monotonic() < deadline:
            if self.kube.find(*key) is None:
                self.deleted.discard(key)
            else:
                time.sleep(0.02)

    def do_reconcile(self, action):
        kind, name, namespace, _ = self.target(action["reconcile"])
        annotations = {"reconcile.fluxcd.io/requestedAt": action["at"]}
        for key in ("force", "reset"):
            if key in action:
                annotations[f"reconcile.fluxcd.io/{key}At"] = action["at"]
        # As the flux command does it.
        self.kube.merge(kind, name, {"metadata": {"annotations": annotations}},
                        namespace, "flux-client-side-apply")

    def do_oci(self, action):
        given = self.matcher.fill(action["oci"])
        name = given.get("name", "app")
        pushed, layers = self.registry.publish_artifact(
            f"{self.namespace}/{name}", given)
        self.matcher.known[f"<oci:{name}:{given['tag']}>"] = pushed
        self.notes.append({"pushed": f"{name}:{given['tag']}",
                           "digest": pushed, "layers": layers})

    def do_chart(self, action):
        chart = {"name": "demo", **self.matcher.fill(action["chart"])}
        if chart.pop("to", "http") == "oci":
            self.registry.publish_chart(self.namespace, chart)
        else:
            self.web.publish_chart(self.namespace, chart)

    def do_file(self, action):
        self.web.put(self.namespace, self.matcher.expand(action["file"]),
                     self.matcher.fill(action["text"]).encode())

    def do_bucket(self, _):
        pass  # Nobody reads it.

    def do_server(self, action):
        if action["server"] == "sink":
            self.sink.answers = action["answers"]
            return
        servers = {"git": self.world.git, "http": self.web,
                   "registry": self.registry}
        if action["server"] not in servers:
            raise Skip(f"server {action['server']}")
        behaviour = servers[action["server"]].behaviour(self.namespace)
        behaviour.__init__()
        for key in ("status", "auth", "bearer", "delay"):
            if key in action:
                setattr(behaviour, key, action[key])

    def do_event(self, action):
        given = self.matcher.fill(action["event"])
        event = {"involvedObject": {
            "kind": "Kustomization", "namespace": self.namespace,
            "name": "app", "uid": "11111111-2222-3333-4444-555555555555",
            "apiVersion": KINDS["Kustomization"], "resourceVersion": "1",
            **given.pop("involvedObject", {})}, **EVENT, **given}
        self.call(f"http://{self.world.events_address}/", "POST",
                  json.dumps(event), {"Content-Type": "application/json"})

    def do_http(self, action):
        self.call(self.matcher.expand(action["http"]),
                  action.get("method", "POST"),
                  self.matcher.expand(action.get("body") or ""),
                  self.matcher.fill(action.get("headers") or {}))

    def call(self, url, method, body, headers):
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        try:
            connection.request(method, path, body.encode(), headers)
            answer = connection.getresponse()
            self.notes.append({
                "http": f"{method} {path}", "code": answer.status,
                "headers": {k.lower(): v for k, v in answer.getheaders()},
                "body": answer.read().decode(errors="replace")})
        finally:
            connection.close()

    def do_sleep(self, action):
        time.sleep(action["sleep"])

    def do_restart(self, action):
        program = next(c for c in self.world.controllers
                       if c.name == action["restart"])
        program.stop()
        if action.get("wipe"):
            for path in self.world.storage.iterdir():
                shutil.rmtree(path)
        program.start()

    def do_kubectl(self, action):
        done = self.world.kubectl(
            *self.matcher.fill(action["kubectl"]), namespace=self.namespace,
            data=self.matcher.fill(action.get("stdin")), check=False)
        self.notes.append({"kubectl": action["kubectl"],
                           "rc": done.returncode, "err": done.stderr})

    # ------------------------------------------------------------ waiting

    def do_wait(self, action):
        kind, name, namespace, version = self.target(action["wait"])
        if kind in UNBUILT:
            return
        seconds = 3 if self.in_vain else min(action.get("for", 30) + 15, 120)
        deadline = time.monotonic() + seconds
        started = time.time()
        while time.monotonic() < deadline:
            try:
                obj = self.kube.find(kind, name, namespace, version)
            except KeyError:  # Its definition is not there yet.
                obj = None
            if self.is_it(obj, action, started):
                return
            time.sleep(0.05)
        self.notes.append({"waited in vain": action})

    def is_it(self, obj, action, started):
        if action.get("gone"):
            return obj is None
        if obj is None:
            return False
        status = obj.get("status", {})
        ready = condition(obj, "Ready")
        if "handled" in action and (
                status.get("lastHandledReconcileAt") != action["handled"]):
            return False
        if "ready" in action and ready.get("status") != action["ready"]:
            return False
        if "reason" in action and ready.get("reason") != action["reason"]:
            return False
        if "revision" in action:
            revision = self.matcher.expand(str(action["revision"]))
            found = [status.get("lastAppliedRevision") or "",
                     (status.get("artifact") or {}).get("revision") or ""]
            if action.get("ready", "True") != "True":
                found.append(status.get("lastAttemptedRevision") or "")
            if not any(revision in text for text in found):
                return False
        if action.get("stalled") and (
                condition(obj, "Stalled").get("status") != "True"):
            return False
        if action.get("fresh") and not action.get("any_generation") and (
                ready.get("observedGeneration") !=
                obj["metadata"]["generation"]):
            return False
        for path, value in (action.get("where") or {}).items():
            if field(obj, path) != value:
                return False
        return True


