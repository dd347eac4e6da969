"""Where things are applied, and as whom."""

import base64
from pathlib import Path

import yaml

from harness.scenario import check, config_map, equal, scenario

from .releases import CHART, release, wait_color

RIGHTS = [
    {"kind": "Role", "metadata": {"name": "robot"}, "rules": [
        {"apiGroups": [""], "resources": ["configmaps", "secrets"],
         "verbs": ["*"]}]},
    {"kind": "RoleBinding", "metadata": {"name": "robot"},
     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role",
                 "name": "robot"},
     "subjects": [{"kind": "ServiceAccount", "name": "robot"}]}]


def has_rights(env):
    """Whether the back end asks who may do what: the embedded one does not,
    so there it is only seen who asks."""
    return env.world.backend.name == "real"


def account(env):
    return f"system:serviceaccount:{env.namespace}:robot"


def make_account(env):
    env.apply({"kind": "ServiceAccount", "metadata": {"name": "robot"}})


def grant(env):
    for one in RIGHTS:
        if one["kind"] == "RoleBinding":
            one = {**one, "subjects": [{**one["subjects"][0],
                                        "namespace": env.namespace}]}
        env.apply(one)


def check_callers(env, path, users):
    """Who wrote below the path, on the embedded server."""
    if has_rights(env):
        return
    entries, _ = env.world.backend.requests()
    found = {e["user"] for e in entries if e["method"] != "GET" and
             e["path"].startswith(
                 f"/api/v1/namespaces/{env.namespace}/{path}")}
    equal(found, users, f"callers of {path}")


@scenario("a ServiceAccount applies what it may", private=True,
          world={"authorization": "RBAC"})
def account_applies(env):
    make_account(env)
    env.commit({"a.yaml": config_map("a")})
    env.source()
    env.kustomization(serviceAccountName="robot")
    if has_rights(env):
        env.ready(status="False", reason="ReconciliationFailed",
                  message=f"ConfigMap/{env.namespace}/a dry-run failed "
                          '(Forbidden): configmaps "a" is forbidden: User '
                          f'"{account(env)}" cannot patch resource')
        equal(env.data("a"), None, "a")
        grant(env)
    env.ready()
    equal(env.data("a"), {"color": "blue"}, "a")
    check_callers(env, "configmaps/a", {account(env)})
    env.delete("ServiceAccount", "robot")
    env.delete("Kustomization", "app")
    env.wait_gone("Kustomization", "app")
    equal(env.data("a"), {"color": "blue"}, "a once the account is gone")


@scenario("a ServiceAccount releases what it may", private=True,
          world={"authorization": "RBAC"})
def account_releases(env):
    make_account(env)
    env.commit(CHART)
    env.source()
    release(env, serviceAccountName="robot")
    if has_rights(env):
        env.ready("HelmRelease", status="False", reason="StateError",
                  message=f'User "{account(env)}" cannot list resource')
        grant(env)
    wait_color(env, "blue")
    check_callers(env, "configmaps/app-cm", {account(env)})
    check_callers(env, "secrets/sh.helm", {account(env)})
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    equal(env.data("app-cm"), None, "app-cm")


def without_files(path):
    """The kubeconfig with what it names by path: paths are not followed."""
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    parts = [c["cluster"] for c in config["clusters"]]
    parts += [u["user"] for u in config["users"]]
    for part in parts:
        for key in ("certificate-authority", "client-certificate",
                    "client-key"):
            if key in part:
                part[f"{key}-data"] = base64.b64encode(
                    Path(part.pop(key)).read_bytes()).decode()
    return yaml.safe_dump(config)


@scenario("a kubeconfig names the cluster")
def kubeconfig(env):
    env.apply({"kind": "Secret", "metadata": {"name": "cluster"},
               "stringData": {"value.yaml": without_files(
                   env.world.backend.kubeconfig)}})
    remote = {"kubeConfig": {"secretRef": {"name": "cluster"}}}
    env.commit({**CHART, "objects/a.yaml": config_map("a")})
    env.source()
    env.kustomization(path="./objects", **remote)
    release(env, **remote)
    env.ready()
    wait_color(env, "blue")
    env.merge("ConfigMap", "a", {"data": {"color": "edited"}})
    env.wait_data("a", {"color": "blue"})
    env.merge("HelmRelease", "app", {"spec": {"values": {"color": "green"}}})
    wait_color(env, "green")
    env.delete("Kustomization", "app")
    env.delete("HelmRelease", "app")
    for kind in ("Kustomization", "HelmRelease"):
        env.wait_gone(kind, "app")
    equal([env.data("a"), env.data("app-cm")], [None, None], "data")
    left = [s["metadata"]["name"] for s in env.kube.list(
        "Secret", env.namespace) if s.get("type") == "helm.sh/release.v1"]
    check(not left, f"revisions are left: {left}")
