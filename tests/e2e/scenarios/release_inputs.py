"""What a release depends on: other releases, values, rights, the API server,
and the state of its objects."""

import time

from harness.charts import below, chart_files
from harness.helm import release, released, stored, wait_color
from harness.scenario import check, condition, equal, scenario

WATCHED = {"reconcile.fluxcd.io/watch": "Enabled"}


def commit_chart(env, version="1.0.0", **more):
    env.commit(below("chart", chart_files(version, **more)))
    env.source()


@scenario("releases in the order of their dependencies")
def dependencies(env):
    commit_chart(env)
    release(env, "third", dependsOn=[{"name": "second"}])
    release(env, "second", dependsOn=[{
        "name": "first", "readyExpr":
        "dep.status.history[0].chartVersion == '1.0.0' && "
        "dep.metadata.labels['stage'] == self.spec.values.stage"}],
        values={"stage": "green"})
    env.failed("HelmRelease", "second", reason="DependencyNotReady")
    env.failed("HelmRelease", "third", reason="DependencyNotReady")
    release(env, "first")
    released(env, "first")
    time.sleep(1)
    env.failed("HelmRelease", "second", reason="DependencyNotReady")
    equal(stored(env, "second"), {}, "second")
    env.merge("HelmRelease", "first", {"metadata": {"labels": {
        "stage": "green"}}})
    released(env, "second", timeout=15)
    released(env, "third", timeout=45)
    release(env, "bad", dependsOn=[{"name": "first", "readyExpr": "dep."}])
    obj = env.failed("HelmRelease", "bad", reason="InvalidCELExpression")
    equal(condition(obj, "Stalled")["status"], "True", "stalled")


@scenario("values of ConfigMaps and Secrets, and their changes")
def values_change(env):
    commit_chart(env, size=1)

    def sources(color, size, watched=True):
        labels = WATCHED if watched else {}
        env.apply({"kind": "ConfigMap", "metadata": {
            "name": "values", "labels": labels}, "data": {
                "values.yaml": f"color: {color}\n"}},
            {"kind": "Secret", "metadata": {
                "name": "values", "labels": labels},
             "stringData": {"size": f"{size}"}})
    release(env, valuesFrom=[
        {"kind": "ConfigMap", "name": "values"},
        {"kind": "Secret", "name": "values", "valuesKey": "size",
         "targetPath": "size"},
        {"kind": "Secret", "name": "absent", "optional": True}])
    env.failed("HelmRelease", reason="ValuesError",
               message="could not resolve ConfigMap chart values reference")
    sources("red", 2)
    wait_color(env, "red")
    obj = released(env)
    digest = obj["status"]["lastAttemptedConfigDigest"]
    sources("green", 2)
    wait_color(env, "green")
    obj = released(env, revision=2)
    check(obj["status"]["lastAttemptedConfigDigest"] != digest, "digest")
    sources("green", 3)
    released(env, revision=3)
    # Unlabelled they are read at the interval, or on request.
    sources("black", 3, watched=False)
    env.kube.request_reconcile("HelmRelease", "app", env.namespace, "1")
    wait_color(env, "black")
    env.delete("ConfigMap", "values")
    env.kube.request_reconcile("HelmRelease", "app", env.namespace, "2")
    env.failed("HelmRelease", reason="ValuesError")
    equal(env.data("app-cm")["color"], "black", "color")


@scenario("drift is corrected, told of, or none of our business")
def drift(env):
    commit_chart(env)
    ignore = [{"paths": ["/data/color"], "target": {"kind": "ConfigMap"}}]
    for name, spec in (("corrects", {"mode": "enabled"}),
                       ("warns", {"mode": "warn"}),
                       ("ignores", {"mode": "enabled", "ignore": ignore}),
                       ("off", {"mode": "disabled"})):
        release(env, name, driftDetection=spec)
    for name in ("corrects", "warns", "ignores", "off"):
        released(env, name)
        env.merge("ConfigMap", f"{name}-cm", {"data": {"color": "edited"}})
    wait_color(env, "blue", "corrects-cm")
    obj = env.wait("HelmRelease", "warns", "drifted", lambda o: condition(
        o, "Drifted").get("status") == "True")
    check("ConfigMap" in condition(obj, "Drifted")["message"] and
          "changed (0 additions, 1 changes, 0 removals)" in condition(
              obj, "Drifted")["message"], condition(obj, "Drifted"))
    equal(condition(obj, "Ready")["status"], "True", "ready")
    time.sleep(2)
    for name in ("warns", "ignores", "off"):
        equal(env.data(f"{name}-cm")["color"], "edited", name)
    env.merge("ConfigMap", "ignores-cm", {"data": {"revision": "edited"}})
    env.wait("ConfigMap", "ignores-cm", "corrected but for its color",
             lambda o: o["data"] == {"color": "edited", "revision": "1"})
    # What is deleted comes back; and there is no new revision for it.
    env.delete("ConfigMap", "corrects-cm")
    wait_color(env, "blue", "corrects-cm")
    equal(stored(env, "corrects"), {1: "deployed"}, "revisions")
    said = [e["reason"] for e in env.world.files.events(env.namespace)
            if e["involvedObject"]["name"] == "corrects"]
    check("DriftDetected" in said and "DriftCorrected" in said,
          f"events: {said}")
    # One that says so itself is left alone.
    env.merge("ConfigMap", "corrects-cm", {"metadata": {"annotations": {
        "helm.toolkit.fluxcd.io/driftDetection": "disabled"}},
        "data": {"color": "edited"}})
    time.sleep(2)
    equal(env.data("corrects-cm")["color"], "edited", "color")


@scenario("a service account without rights, and with them", only="real",
          private=True, world={"authorization": "RBAC"})
def without_rights(env):
    commit_chart(env)
    env.apply({"kind": "ServiceAccount", "metadata": {"name": "deployer"}})
    release(env, serviceAccountName="deployer")
    obj = env.failed("HelmRelease", message="forbidden")
    check(f"system:serviceaccount:{env.namespace}:deployer" in condition(
        obj, "Ready")["message"], condition(obj, "Ready"))
    equal(env.data("app-cm"), None, "data")
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}
    role = {"kind": "Role", "metadata": {"name": "deployer"}, "rules": [rule]}
    env.apply(role, {"kind": "RoleBinding", "metadata": {"name": "deployer"},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io",
                                 "kind": "Role", "name": "deployer"},
                     "subjects": [{"kind": "ServiceAccount",
                                   "name": "deployer"}]})
    # It may store releases, and nothing else.
    env.failed("HelmRelease", reason="InstallFailed", timeout=60)
    env.apply(dict(role, rules=[rule, {
        "apiGroups": [""], "resources": ["configmaps"], "verbs": ["*"]}]))
    env.kube.annotate("HelmRelease", "app", env.namespace, **{
        "reconcile.fluxcd.io/requestedAt": "1",
        "reconcile.fluxcd.io/forceAt": "1"})
    released(env, timeout=60)
    wait_color(env, "blue")


@scenario("API server restarted in the middle of releases", private=True)
def restart_mid_release(env):
    count = 200
    commit_chart(env, templates={"many.yaml": f"""
{{{{ range until {count} }}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: "{{{{ $.Release.Name }}}}-{{{{ . }}}}"}}
data: {{color: {{{{ $.Values.color }}}}}}
{{{{ end }}}}
"""})
    env.ready("GitRepository")

    def colors():
        return [o["data"]["color"] for o in env.kube.list(
            "ConfigMap", env.namespace) if "color" in o.get("data", {})]
    for step, color in enumerate(("red", "green", "black")):
        release(env, values={"color": color}, timeout="60s",
                install={"remediation": {"retries": 5}},
                upgrade={"remediation": {"retries": 5}})
        env.until("a part applied", lambda: colors().count(color) > 20, 60)
        env.world.backend.restart(kill=step != 1)
        wait_color(env, color, timeout=60)
        released(env, timeout=60)
        env.until("all applied", lambda: colors() == [color] * (count + 1),
                  60)
        found = stored(env)
        equal(found.pop(max(found)), "deployed", f"newest of {found}")
        check(set(found.values()) <= {"superseded", "failed"},
              f"revisions: {found}")
    env.delete("HelmRelease", "app")
    env.until("a part deleted", lambda: len(colors()) < count, 60)
    env.world.backend.restart()
    env.wait_gone("HelmRelease", "app", 90)
    equal(colors(), [], "objects")
    equal(stored(env), {}, "revisions")
