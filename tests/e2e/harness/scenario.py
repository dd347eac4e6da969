"""The list of scenarios, and what one of them is given to work with."""

import dataclasses
import itertools
import json
import time

from .kube import (WaitTimeout, condition, describe, handled, is_ready)
from .world import Skip

SCENARIOS = []


@dataclasses.dataclass
class Scenario:
    """One test: a function that raises AssertionError when it fails."""

    name: str
    run: callable
    private: bool = False      # Has a world of its own.
    world: dict = dataclasses.field(default_factory=dict)
    only: str = ""             # The only back end it makes sense on.
    seconds: int = 120


def scenario(name, **options):
    def register(function):
        SCENARIOS.append(Scenario(name, function, **options))
        return function
    return register


_counter = itertools.count(1)


class Env:
    """A namespace in a world, with short ways to say what tests say."""

    def __init__(self, world, name):
        self.world = world
        self.kube = world.kube
        self.namespace = name
        self.git_server = world.git
        self._marks = 0
        self._repos = {}
        if not self.kube.find("Namespace", name):
            self.kube.create({"kind": "Namespace",
                              "metadata": {"name": name}})

    # ------------------------------------------------------------ git

    def repo(self, name="app"):
        if name not in self._repos:
            self._repos[name] = self.git_server.repo(self.namespace, name)
        return self._repos[name]

    def commit(self, files=None, delete=(), repo="app", **more):
        """Commits; values that are not text are written as JSON."""
        texts = {}
        for path, content in (files or {}).items():
            if isinstance(content, list):
                content = "---\n".join(json.dumps(o) + "\n" for o in content)
            elif isinstance(content, dict) and "kind" in content:
                content = json.dumps(content) + "\n"
            texts[path] = content
        return self.repo(repo).commit(texts, delete, **more)

    # ------------------------------------------------------------ objects

    def apply(self, *objects, manager="recorder"):
        for obj in objects:
            self.kube.apply(obj, self.namespace, manager)

    def source(self, name="app", repo="app", **spec):
        """Applies a GitRepository."""
        spec = {"interval": "1h", "url": self.git_server.url(
            self.namespace, repo), "ref": {"branch": "main"}, **spec}
        self.apply({"kind": "GitRepository", "metadata": {"name": name},
                    "spec": {k: v for k, v in spec.items()
                             if v is not None}})

    def kustomization(self, name="app", annotations=None, **spec):
        """Applies a Kustomization of everything in the repository."""
        spec = {"interval": "1h", "retryInterval": "2s", "timeout": "30s",
                "prune": True, "path": "./",
                "targetNamespace": self.namespace,
                "sourceRef": {"kind": "GitRepository", "name": "app"},
                **spec}
        meta = {"name": name}
        if annotations:
            meta["annotations"] = annotations
        self.apply({"kind": "Kustomization", "metadata": meta,
                    "spec": {k: v for k, v in spec.items()
                             if v is not None}})

    def get(self, kind, name):
        return self.kube.get(kind, name, self.namespace)

    def find(self, kind, name):
        return self.kube.find(kind, name, self.namespace)

    def merge(self, kind, name, patch, **more):
        return self.kube.merge(kind, name, patch, self.namespace, **more)

    def delete(self, kind, name, **more):
        self.kube.delete(kind, name, self.namespace, **more)

    def data(self, name):
        """The data of a ConfigMap, None where there is none."""
        found = self.find("ConfigMap", name)
        return found and found.get("data", {})

    # ------------------------------------------------------------ waiting

    def wait(self, kind, name, what, predicate, timeout=30):
        return self.kube.wait(kind, name, self.namespace, what, predicate,
                              timeout)

    def wait_data(self, name, expected, timeout=20):
        return self.wait("ConfigMap", name, f"with data {expected}",
                         lambda o: o and o.get("data") == expected, timeout)

    def wait_gone(self, kind, name, timeout=20):
        self.wait(kind, name, "gone", lambda o: o is None, timeout)

    def ready(self, kind="Kustomization", name="app", revision=None,
              timeout=30, status="True", reason=None, message=None):
        """Waits for a Ready condition; returns the object."""
        def is_it(obj):
            if not is_ready(obj, status):
                return False
            meta, state = obj["metadata"], obj["status"]
            if status == "True" and state.get(
                    "observedGeneration") != meta.get("generation"):
                return False
            entry = condition(obj, "Ready")
            if reason and entry.get("reason") != reason:
                return False
            if message and message not in entry.get("message", ""):
                return False
            if revision:
                field = ("lastAppliedRevision" if status == "True" else
                         "lastAttemptedRevision")
                seen = (state.get(field, "") if kind == "Kustomization" else
                        state.get("artifact", {}).get("revision", ""))
                return revision in seen
            return True
        what = f"Ready={status} {reason or ''} {message or ''} {revision or ''}"
        return self.wait(kind, name, what, is_it, timeout)

    def failed(self, kind="Kustomization", name="app", **more):
        return self.ready(kind, name, status="False", **more)

    def fetch(self, name="app", timeout=30, ok=True):
        """Has the source reconciled now; waits until that is done."""
        self._marks += 1
        mark = f"e2e-{self._marks}-{next(_counter)}"
        self.kube.request_reconcile("GitRepository", name, self.namespace,
                                    mark)
        return self.wait(
            "GitRepository", name, f"handled ({mark})",
            lambda o: handled(o) == mark and (not ok or is_ready(o)),
            timeout)

    def reconcile(self, name="app", timeout=30, ok=True):
        """Has the Kustomization reconciled now; waits for the end."""
        mark = f"e2e-k{next(_counter)}"
        self.kube.request_reconcile("Kustomization", name, self.namespace,
                                    mark)
        return self.wait(
            "Kustomization", name, f"handled ({mark})",
            lambda o: handled(o) == mark and (
                is_ready(o) if ok else is_ready(o, "False")), timeout)

    def push(self, files=None, delete=(), timeout=30, **more):
        """Commits, fetches, waits for Ready at that commit."""
        commit = self.commit(files, delete, **more)
        self.fetch()
        self.ready(revision=commit, timeout=timeout)
        return commit

    def install(self, files, **spec):
        """The usual beginning: commit, source, Kustomization, Ready."""
        commit = self.commit(files)
        self.source()
        self.kustomization(**spec)
        self.ready(revision=commit, timeout=45)
        return commit

    # ------------------------------------------------------------ checks

    def stays(self, seconds, check):
        """check() holds for as long as that."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            check()
            time.sleep(0.1)

    def until(self, what, check, timeout=20):
        """Polls check() until it returns something true; returns that."""
        deadline = time.monotonic() + timeout
        while True:
            result = check()
            if result:
                return result
            if time.monotonic() > deadline:
                raise WaitTimeout(f"not {what} within {timeout} s")
            time.sleep(0.05)

    def events(self, kind=None, name=None):
        """What was posted about this namespace."""
        return [e for e in self.world.files.events(self.namespace)
                if kind in (None, e["involvedObject"]["kind"]) and
                name in (None, e["involvedObject"]["name"])]


def config_map(name, color="blue", namespace=None, annotations=None, **data):
    """A ConfigMap as JSON."""
    meta = {"name": name}
    if namespace:
        meta["namespace"] = namespace
    if annotations:
        meta["annotations"] = annotations
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta,
            "data": {"color": color, **data}}


def deployment(name, outcome="ready", image="example.com/web:1.0",
               replicas=1, deadline=600):
    """A Deployment whose Pods become what `outcome` says."""
    from .world import OUTCOME
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "annotations": {OUTCOME: outcome}},
        "spec": {"replicas": replicas, "progressDeadlineSeconds": deadline,
                 "selector": {"matchLabels": {"app": name}},
                 "template": {
                     "metadata": {"labels": {"app": name},
                                  "annotations": {OUTCOME: outcome}},
                     "spec": {"containers": [
                         {"name": "main", "image": image}]}}}}


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: got {got!r}, wanted {wanted!r}")


def check(truth, what):
    if not truth:
        raise AssertionError(what)


__all__ = ["Env", "SCENARIOS", "Skip", "WaitTimeout", "check", "condition",
           "config_map", "deployment", "describe", "equal", "is_ready",
           "scenario"]
