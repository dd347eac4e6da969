"""What is done to releases: where they go, when they fail, and how they end."""

from harness.charts import (BROKEN, BROKEN_UPGRADE, HOOK, below, chart_files)
from harness.helm import release, released, stalled, stored, wait_color
from harness.scenario import Env, check, condition, equal, scenario


def commit_chart(env, version="1.0.0", **more):
    env.commit(below("chart", chart_files(version, **more)))
    env.source()


def set_values(env, name="app", **values):
    env.merge("HelmRelease", name, {"spec": {"values": values}})


@scenario("another release name, another release")
def renamed(env):
    commit_chart(env)
    release(env, releaseName="one")
    wait_color(env, "blue", "one-cm")
    released(env)
    release(env, releaseName="two")
    wait_color(env, "blue", "two-cm")
    obj = released(env)
    env.wait_gone("ConfigMap", "one-cm")
    equal(stored(env, "one"), {}, "one")
    equal(stored(env, "two"), {1: "deployed"}, "two")
    equal([h["name"] for h in obj["status"]["history"]], ["two"], "history")


@scenario("another target namespace, and another storage namespace")
def moved(env):
    other = Env(env.world, env.namespace + "-other")
    commit_chart(env)
    release(env, releaseName="app")
    released(env)
    release(env, releaseName="app", targetNamespace=other.namespace)
    wait_color(other, "blue")
    released(env)
    env.wait_gone("ConfigMap", "app-cm")
    equal(stored(env), {1: "deployed"}, "the old storage")
    release(env, releaseName="app", targetNamespace=other.namespace,
            storageNamespace=other.namespace)
    env.until("stored elsewhere", lambda: stored(env) == {} and stored(
        env, namespace=other.namespace) == {1: "deployed"})
    obj = released(env)
    equal(obj["status"]["storageNamespace"], other.namespace, "status")
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    other.wait_gone("ConfigMap", "app-cm")
    equal(stored(env, namespace=other.namespace), {}, "the end")


@scenario("an uninstalled release may keep its history")
def keeps_history(env):
    commit_chart(env)
    release(env, uninstall={"keepHistory": True})
    released(env)
    set_values(env, color="red")
    released(env, revision=2)
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    env.wait_gone("ConfigMap", "app-cm")
    equal(stored(env), {1: "superseded", 2: "uninstalled"}, "revisions")
    # Its name is not free, unless that is asked for.
    release(env)
    env.failed("HelmRelease", reason="InstallFailed",
               message="cannot reuse a name")
    release(env, install={"replace": True})
    released(env, revision=3)


@scenario("a suspended HelmRelease that is deleted leaves its release")
def suspended_deletion(env):
    commit_chart(env)
    release(env)
    released(env)
    env.merge("HelmRelease", "app", {"spec": {"suspend": True}})
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    equal(env.data("app-cm"), {"color": "blue", "revision": "1"}, "data")
    equal(stored(env), {1: "deployed"}, "revisions")
    # Somebody may take it up again.
    release(env, values={"color": "red"})
    released(env, revision=2)
    wait_color(env, "red")


@scenario("an upgrade that fails is rolled back")
def rolled_back(env):
    commit_chart(env, templates={"broken.yaml": BROKEN})
    release(env, upgrade={"remediation": {"remediateLastFailure": True}})
    released(env)
    set_values(env, color="red", broken=True)
    obj = stalled(env)
    equal(condition(obj, "Remediated")["reason"], "RollbackSucceeded",
          "remediated")
    equal(condition(obj, "Ready")["reason"], "RollbackSucceeded", "ready")
    check("Failed to upgrade after 1 attempt(s)" in condition(
        obj, "Stalled")["message"], condition(obj, "Stalled"))
    equal(obj["status"]["upgradeFailures"], 1, "failures")
    equal(env.data("app-cm")["color"], "blue", "color")
    equal(stored(env), {1: "superseded", 2: "failed", 3: "deployed"},
          "revisions")
    set_values(env, color="green", broken=False)
    obj = released(env, revision=4)
    wait_color(env, "green")
    check(not obj["status"].get("upgradeFailures"), "failures are counted on")


@scenario("an upgrade that fails is uninstalled, and installed anew")
def uninstalled(env):
    commit_chart(env, templates={"broken.yaml": BROKEN_UPGRADE})
    release(env, upgrade={"remediation": {"strategy": "uninstall",
                                          "remediateLastFailure": True}})
    released(env)
    uid = env.get("ConfigMap", "app-cm")["metadata"]["uid"]
    set_values(env, color="red", broken=True)
    wait_color(env, "red", timeout=60)
    obj = released(env, revision=1, timeout=60)
    check(env.get("ConfigMap", "app-cm")["metadata"]["uid"] != uid, "uid")
    equal([h["action"] for h in obj["status"]["history"]], ["install"],
          "history")
    equal(stored(env), {1: "deployed"}, "revisions")


@scenario("an upgrade that fails is tried again, as often as it may be")
def retried(env):
    commit_chart(env, templates={"broken.yaml": BROKEN})
    release(env, maxHistory=20, upgrade={"remediation": {"retries": 2}})
    released(env)
    set_values(env, color="red", broken=True)
    obj = stalled(env, timeout=60)
    equal(condition(obj, "Stalled")["reason"], "RetriesExceeded", "stalled")
    equal(obj["status"]["upgradeFailures"], 3, "failures")
    failed = [s for s in stored(env).values() if s == "failed"]
    equal(len(failed), 3, f"failed of {stored(env)}")
    equal(env.data("app-cm")["color"], "blue", "color")
    count = len(stored(env))
    env.kube.request_reconcile("HelmRelease", "app", env.namespace, "1")
    env.wait("HelmRelease", "app", "handled", lambda o: o["status"].get(
        "lastHandledReconcileAt") == "1")
    equal(len(stored(env)), count, "a request alone tries once more")
    env.kube.annotate("HelmRelease", "app", env.namespace, **{
        "reconcile.fluxcd.io/requestedAt": "2",
        "reconcile.fluxcd.io/resetAt": "2"})
    env.until("tried again", lambda: len(
        [s for s in stored(env).values() if s == "failed"]) > 3 or len(
            stored(env)) > count)


@scenario("an upgrade is retried until what it lacks is there")
def retry_on_failure(env):
    lacking = f"{env.namespace}-late"
    commit_chart(env, templates={"late.yaml": f"""
{{{{ if .Values.late }}}}
apiVersion: v1
kind: ConfigMap
metadata: {{name: late, namespace: {lacking}}}
{{{{ end }}}}
"""})
    release(env, upgrade={"strategy": {"name": "RetryOnFailure",
                                       "retryInterval": "1s"}})
    released(env)
    set_values(env, color="red", late=True)
    env.wait("HelmRelease", "app", "failed twice", lambda o: o["status"].get(
        "upgradeFailures", 0) >= 2, 60)
    Env(env.world, lacking)
    released(env, timeout=60)
    wait_color(env, "red")
    equal(env.get("HelmRelease", "app")["status"].get("upgradeFailures"),
          None, "failures")


@scenario("an installation that fails is taken away and tried again")
def install_retried(env):
    commit_chart(env, templates={"broken.yaml": BROKEN})
    release(env, values={"broken": True},
            install={"remediation": {"retries": 1,
                                     "remediateLastFailure": True}})
    obj = stalled(env, timeout=60)
    equal(obj["status"]["installFailures"], 2, "failures")
    equal(condition(obj, "Remediated")["reason"], "UninstallSucceeded",
          "remediated")
    equal(env.data("app-cm"), None, "data")
    equal(stored(env), {}, "revisions")
    set_values(env, broken=False)
    released(env, revision=1)


@scenario("tests of a release pass, fail, and are ignored")
def tests_run(env):
    commit_chart(env, templates={
        "test.yaml": HOOK.replace("HOOK", "test")})
    for name, spec in (
            ("passes", {"test": {"enable": True}}),
            ("fails", {"test": {"enable": True},
                       "values": {"outcome": "fail"}}),
            ("ignored", {"test": {"enable": True, "ignoreFailures": True},
                         "values": {"outcome": "fail"}}),
            ("filtered", {"test": {"enable": True, "filters": [
                {"name": "filtered-test", "exclude": True}]},
                "values": {"outcome": "fail"}})):
        release(env, name, **spec)
    obj = released(env, "passes")
    equal([h["phase"] for h in obj["status"]["history"][0][
        "testHooks"].values()], ["Succeeded"], "phases")
    check("1 test hook completed" in condition(
        obj, "TestSuccess")["message"], condition(obj, "TestSuccess"))
    obj = env.failed("HelmRelease", "fails", reason="TestFailed")
    equal([h["phase"] for h in obj["status"]["history"][0][
        "testHooks"].values()], ["Failed"], "phases")
    equal(stored(env, "fails"), {1: "deployed"}, "revisions")
    obj = released(env, "ignored")
    equal(condition(obj, "TestSuccess")["status"], "False", "ignored")
    obj = released(env, "filtered")
    equal(obj["status"]["history"][0].get("testHooks"), {}, "filtered")


@scenario("a failed test rolls the upgrade back")
def test_rolls_back(env):
    commit_chart(env, templates={
        "test.yaml": HOOK.replace("HOOK", "test")})
    release(env, test={"enable": True}, upgrade={"remediation": {
        "remediateLastFailure": True}})
    released(env)
    set_values(env, color="red", outcome="fail")
    obj = stalled(env)
    equal(condition(obj, "Ready")["reason"], "RollbackSucceeded", "ready")
    wait_color(env, "blue")
    equal(stored(env), {1: "superseded", 2: "superseded", 3: "deployed"},
          "revisions")


PHASES = ("pre-install", "post-install", "pre-upgrade", "post-upgrade",
          "pre-rollback", "post-rollback", "pre-delete", "post-delete")
NOTE = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-HOOK
  annotations:
    helm.sh/hook: HOOK
    helm.sh/hook-weight: "WEIGHT"
    helm.sh/hook-delete-policy: POLICY
data: {revision: "{{ .Release.Revision }}"}
"""


@scenario("hooks of all phases, and what becomes of them")
def all_hooks(env):
    def note(hook, policy="before-hook-creation", weight=0):
        return NOTE.replace("HOOK", hook).replace("POLICY", policy).replace(
            "WEIGHT", str(weight))
    commit_chart(env, templates={
        "broken.yaml": BROKEN, **{f"{p}.yaml": note(p) for p in PHASES},
        "gone.yaml": note("post-install", "hook-succeeded").replace(
            "-post-install", "-gone", 1)})
    release(env, upgrade={"remediation": {"remediateLastFailure": True}})
    released(env)
    equal(env.data("app-pre-install"), {"revision": "1"}, "pre-install")
    equal(env.data("app-post-install"), {"revision": "1"}, "post-install")
    equal(env.data("app-gone"), None, "a hook that succeeded")
    equal(env.data("app-pre-upgrade"), None, "pre-upgrade")
    set_values(env, color="red")
    released(env, revision=2)
    for hook in ("pre-upgrade", "post-upgrade"):
        equal(env.data(f"app-{hook}"), {"revision": "2"}, hook)
    set_values(env, color="green", broken=True)
    stalled(env)
    for hook in ("pre-rollback", "post-rollback"):
        check(env.data(f"app-{hook}"), hook)
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    for hook in ("pre-delete", "post-delete"):
        check(env.data(f"app-{hook}"), hook)
    env.wait_gone("ConfigMap", "app-cm")
    # Hooks are no part of the release: they stay.
    check(env.data("app-post-upgrade"), "post-upgrade is gone")


def definition(env, column):
    group = f"{env.namespace}.example.com"
    return f"""apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Thing, plural: things}}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns:
    - {{name: {column}, type: string, jsonPath: .spec.a}}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def column_of(env):
    crd = env.kube.get("CustomResourceDefinition",
                       f"things.{env.namespace}.example.com")
    return crd["spec"]["versions"][0]["additionalPrinterColumns"][0]["name"]


@scenario("definitions in crds/: created, replaced, skipped, and kept")
def definitions(env):
    thing = f"""apiVersion: {env.namespace}.example.com/v1
kind: Thing
metadata: {{name: {{{{ .Release.Name }}}}}}
spec: {{a: {{{{ .Values.color }}}}}}
"""

    def publish(version, column):
        commit_chart(env, version, templates={
            "thing.yaml": thing, "crds/thing.yaml": definition(env, column)})
        env.fetch()
    publish("1.0.0", "first")
    # Without them the kind is unknown.
    release(env, "lacks", install={"crds": "Skip"}, upgrade={"crds": "Skip"})
    env.failed("HelmRelease", "lacks", reason="InstallFailed",
               message="ensure CRDs are installed first")
    release(env, install={"crds": "Create"}, upgrade={"crds": "Skip"})
    released(env)
    released(env, "lacks", timeout=60)
    equal(column_of(env), "first", "installed")
    publish("1.1.0", "second")
    released(env, chart_version="1.1.0")
    equal(column_of(env), "first", "skipped")
    release(env, install={"crds": "Create"},
            upgrade={"crds": "CreateReplace"})
    publish("1.2.0", "third")
    released(env, chart_version="1.2.0")
    env.until("replaced", lambda: column_of(env) == "third")
    for name in ("app", "lacks"):
        env.delete("HelmRelease", name)
        env.wait_gone("HelmRelease", name)
    equal(column_of(env), "third", "kept")
    equal([o["metadata"]["name"] for o in env.kube.list(
        "Thing", env.namespace, f"{env.namespace}.example.com/v1")], [],
        "things")
