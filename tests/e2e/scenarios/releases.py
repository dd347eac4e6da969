"""HelmReleases beside the real `helm`: both work on the same releases."""

import json
import random
import time

from harness.charts import BROKEN, HOOK, below, chart_files, write_files
from harness.helm import (helm_here, helm_history as history, release, stored,
                          wait_color as wait_cm)
from harness.scenario import check, equal, scenario

CHART = below("chart", chart_files(templates={
    "NOTES.txt": "It is {{ .Values.color }}.\n"}))


def wait_color(env, color):
    wait_cm(env, color)
    env.ready("HelmRelease")


@scenario("helm knows our releases")
def helm_reads(env):
    env.commit(CHART)
    env.source()
    release(env, values={"color": "red"})
    env.ready("HelmRelease")
    listed = json.loads(helm_here(env, "list", "-o", "json"))
    equal([[r["name"], r["revision"], r["status"], r["chart"]]
           for r in listed], [["app", "1", "deployed", "web-1.0.0"]], "list")
    equal(json.loads(helm_here(env, "get", "values", "app", "-o", "json")),
          {"color": "red"}, "values")
    check("color: red" in helm_here(env, "get", "manifest", "app"),
          "the manifest lacks the value")
    equal(helm_here(env, "get", "notes", "app").strip(), "NOTES:\nIt is red.",
          "notes")
    env.merge("HelmRelease", "app", {"spec": {"values": {"color": "green"}}})
    wait_color(env, "green")
    equal(history(env), [[1, "superseded"], [2, "deployed"]], "history")


@scenario("a rollback by helm is brought back")
def helm_rolls_back(env):
    env.commit(CHART)
    env.source()
    release(env)
    wait_color(env, "blue")
    env.merge("HelmRelease", "app", {"spec": {"values": {"color": "red"}}})
    wait_color(env, "red")
    helm_here(env, "rollback", "app", "1", "--force-conflicts")
    env.wait("ConfigMap", "app-cm", "of revision 4", lambda o: o and
             o["data"] == {"color": "red", "revision": "4"})
    env.ready("HelmRelease")
    equal(history(env)[-1], [4, "deployed"], "history")


@scenario("a release of helm is taken over, and given back")
def helm_gives(env):
    env.commit(CHART)
    env.source()
    folder = env.world.folder / f"chart-{env.namespace}"
    write_files(folder, CHART)
    helm_here(env, "install", "app", folder / "chart", "--set", "color=red")
    before = env.get("ConfigMap", "app-cm")
    release(env)
    wait_color(env, "blue")
    after = env.get("ConfigMap", "app-cm")
    equal(after["metadata"]["uid"], before["metadata"]["uid"], "uid")
    equal(history(env), [[1, "superseded"], [2, "deployed"]], "history")
    env.merge("HelmRelease", "app", {"spec": {"suspend": True}})
    helm_here(env, "upgrade", "app", folder / "chart", "--set", "color=green",
              "--force-conflicts")
    equal(env.data("app-cm"), {"color": "green", "revision": "3"}, "data")
    env.merge("HelmRelease", "app", {"spec": {"suspend": False}})
    wait_color(env, "blue")
    equal(history(env)[-1], [4, "deployed"], "history")


@scenario("a commit to a chart is an upgrade, a deletion uninstalls")
def chart_in_git(env):
    env.commit(CHART)
    env.source()
    release(env)
    wait_color(env, "blue")
    env.commit({"chart/Chart.yaml": CHART["chart/Chart.yaml"].replace(
        "1.0.0", "1.1.0"), "chart/values.yaml": "color: green\n"})
    env.kube.request_reconcile("GitRepository", "app", env.namespace, "1")
    wait_color(env, "green")
    env.wait("HelmRelease", "app", "at 1.1.0", lambda o:
             o["status"]["lastAttemptedRevision"] == "1.1.0")
    env.ready("HelmRelease")
    env.merge("ConfigMap", "app-cm", {"data": {"color": "edited"}})
    env.delete("HelmRelease", "app")
    env.wait_gone("HelmRelease", "app")
    env.wait_gone("ConfigMap", "app-cm")
    equal(json.loads(helm_here(env, "list", "-o", "json")), [],
          "list")


@scenario("two hundred kills of helm-controller at random moments",
          private=True, seconds=900)
def two_hundred_kills(env):
    pick = random.Random(815)
    env.commit({**CHART, "chart/templates/broken.yaml": BROKEN, **{
        f"chart/templates/{hook}.yaml": HOOK.replace("HOOK", hook)
        for hook in ("pre-install", "post-upgrade", "test")}})
    env.source()
    program, step = env.world.helm, 0

    def disturb(kills):
        for _ in range(kills):
            time.sleep(pick.uniform(0, 0.3))
            program.kill()
            program.start(wait=False)

    while step < 40:
        step += 1
        # Every third upgrade fails and is rolled back.
        values = {"color": f"c{step}", "broken": step % 3 == 0}
        release(env, values=values, test={"enable": True},
                upgrade={"remediation": {"retries": 0,
                                         "remediateLastFailure": True}})
        disturb(5)
        program.await_ready()
        wanted = f"c{step - 1}" if values["broken"] else f"c{step}"
        env.wait("ConfigMap", "app-cm", f"that is {wanted}", lambda o: o and
                 o["data"].get("color") == wanted, 60)
        if values["broken"]:
            env.wait("HelmRelease", "app", "stalled", lambda o: any(
                c["type"] == "Stalled" for c in o["status"]["conditions"]), 60)
        else:
            env.ready("HelmRelease", timeout=60)
        found = stored(env)
        equal(found.pop(max(found)), "deployed", f"newest of {found}")
        check(set(found.values()) <= {"superseded", "failed"},
              f"revisions: {found}")
    env.delete("HelmRelease", "app")
    disturb(5)
    program.await_ready()
    env.wait_gone("HelmRelease", "app", 60)
    env.wait_gone("ConfigMap", "app-cm")
    equal(stored(env), {}, "revisions")
