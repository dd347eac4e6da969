"""HelmReleases, what they store, and the real `helm` beside them."""

import json
import os
import shutil
import subprocess

from .scenario import Skip, check

GIT_CHART = {"spec": {"chart": "./chart", "interval": "1h", "sourceRef": {
    "kind": "GitRepository", "name": "app"}}}


def helm(env, *arguments):
    """Runs the real helm; returns what it prints."""
    program = shutil.which("helm") or shutil.which(
        "helm", path=f"{os.environ.get('HOME', '')}/go/bin")
    if not program:
        raise Skip("no helm")
    done = subprocess.run(
        [program, *map(str, arguments)], text=True, capture_output=True,
        check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(
            env.world.folder / "helm")})
    check(done.returncode == 0, f"helm {arguments}: {done.stderr}")
    return done.stdout


def helm_here(env, *arguments):
    """The same in the scenario's namespace."""
    return helm(env, "--kubeconfig", env.world.backend.kubeconfig,
                "--namespace", env.namespace, *arguments)


def helm_history(env, name="app"):
    """[[revision, status]], oldest first, as `helm history` has it."""
    found = json.loads(helm_here(env, "history", name, "-o", "json"))
    return [[entry["revision"], entry["status"]] for entry in found]


def weir(env, *arguments, data=None):
    """Runs `weir` on the world's cluster; returns the finished process."""
    return subprocess.run(
        [str(env.world.programs.bin / "weir"), *map(str, arguments)],
        input=data, text=True, capture_output=True, check=False, timeout=60,
        env=dict(os.environ, KUBECONFIG=str(env.world.backend.kubeconfig)))


def release(env, name="app", **spec):
    """Applies a HelmRelease, of the chart in Git unless `spec` says more."""
    if "chart" not in spec and "chartRef" not in spec:
        spec["chart"] = GIT_CHART
    env.apply({"kind": "HelmRelease", "metadata": {"name": name}, "spec": {
        "interval": "1h", "timeout": "30s", **spec}})


def released(env, name="app", chart_version=None, revision=None, timeout=30):
    """Waits until the release is Ready, maybe at a version or revision."""
    def is_it(obj):
        newest = obj["status"].get("history", [{}])[0]
        return (chart_version in (None, newest.get("chartVersion")) and
                revision in (None, newest.get("version")) and
                newest.get("status") == "deployed")
    env.wait("HelmRelease", name, f"at {chart_version or ''} "
             f"{revision or ''}", lambda o: o and "status" in o and is_it(o),
             timeout)
    return env.ready("HelmRelease", name, timeout=timeout)


def stalled(env, name="app", timeout=30):
    """Waits until no try is left; returns the object."""
    return env.wait("HelmRelease", name, "stalled", lambda o: any(
        c["type"] == "Stalled" and c["status"] == "True"
        for c in o.get("status", {}).get("conditions", [])), timeout)


def stored(env, name=None, namespace=None):
    """The status of each stored revision, by revision."""
    found = env.kube.list("Secret", namespace or env.namespace)
    return {int(o["metadata"]["labels"]["version"]):
            o["metadata"]["labels"]["status"] for o in found
            if o.get("type") == "helm.sh/release.v1" and
            name in (None, o["metadata"]["labels"]["name"])}


def wait_color(env, color, name="app-cm", timeout=30):
    """Waits until the chart's ConfigMap shows a value."""
    env.wait("ConfigMap", name, f"that is {color}", lambda o: o and
             o["data"].get("color") == color, timeout)
