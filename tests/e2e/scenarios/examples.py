"""The examples, as a new user runs them."""

import os
import shutil
import subprocess

from harness.git_servers import free_port
from harness.processes import Program, answers
from harness.scenario import check, equal, scenario
from harness.sinks import Sink
from harness.world import REPOSITORY

EXAMPLES = REPOSITORY / "examples"


NOTIFYING = """apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: flux-system}
data: {color: blue}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: hook, namespace: flux-system}
spec: {type: generic, address: SINK}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: all, namespace: flux-system}
spec:
  providerRef: {name: hook}
  eventSeverity: info
  eventSources: [{kind: Kustomization, name: "*"}]
"""


def up(env, folder, *arguments, expected="HelmRelease/flux-system/greeter"):
    """`weir up --once` with an API server of its own."""
    data = env.world.folder / f"up-{folder.name}"
    done = subprocess.run(
        [str(env.world.programs.bin / "weir"), "up", *map(str, arguments),
         "--data", str(data), "--once", "--timeout", "90s"],
        text=True, capture_output=True, check=False, timeout=120)
    said = done.stdout + done.stderr
    equal(done.returncode, 0, f"{folder}: {said}")
    check(f"{expected} Ready=True" in said, said)


@scenario("examples become ready", only="embedded")
def examples(env):
    copy = env.world.folder / "example"
    shutil.copytree(EXAMPLES, copy)
    for command in (("init", "-q", "-b", "main"), ("add", "."),
                    ("-c", "user.name=e2e", "-c", "user.email=e2e@localhost",
                     "commit", "-qm", "examples")):
        subprocess.run(["git", "-C", str(copy), *command], check=True)
    up(env, copy, "--git", copy)

    address = f"127.0.0.1:{free_port()}"
    folder = env.world.folder / "chart-in-registry"
    shutil.copytree(EXAMPLES / "chart-in-registry", folder)
    source = folder / "manifests" / "source.yaml"
    source.write_text(source.read_text(encoding="utf-8").replace(
        "127.0.0.1:5055", address), encoding="utf-8")
    registry = Program("registry", [EXAMPLES / "registry", folder / "chart",
                                    address.rpartition(":")[2]],
                       env.world.folder, dict(os.environ)).start()
    try:
        env.until("the registry up", lambda: answers(address, "/v2/"))
        up(env, folder, folder / "manifests")
    finally:
        registry.kill()


@scenario("weir up tells its own events, the last one too", only="embedded")
def up_notifies(env):
    sink = env.world.serve(Sink())
    folder = env.world.folder / "notifying"
    folder.mkdir()
    manifests = NOTIFYING.replace("SINK", sink.url)
    # The first time the Alert may come too late for what brought it.
    for color in ("blue", "green"):
        (folder / "all.yaml").write_text(manifests.replace("blue", color),
                                         encoding="utf-8")
        sink.clear()
        up(env, folder, folder, expected="Kustomization/flux-system/notifying")
    check(sink.events(reason="ReconciliationSucceeded"),
          f"told: {sink.events()}")


@scenario("examples are rendered without a cluster", only="embedded")
def examples_offline(env):
    def weir(*arguments):
        done = subprocess.run(
            [str(env.world.programs.bin / "weir"), *map(str, arguments)],
            text=True, capture_output=True, check=False, timeout=60)
        equal(done.returncode, 0, f"{arguments}: {done.stderr}")
        return done.stdout
    for folder in ("hello", "chart-in-git", "chart-in-registry/manifests",
                   "."):
        weir("build", EXAMPLES / folder)
    text = weir("template", EXAMPLES / "chart-in-git" / "release.yaml",
                "--source", EXAMPLES)
    equal(text.count("kind: Deployment"), 1, text)
    equal("hello from a chart in Git" in text, True, text)
    text = weir("template",
                EXAMPLES / "chart-in-registry" / "manifests" / "release.yaml",
                "--source", EXAMPLES / "chart-in-registry" / "chart")
    equal("hello from a chart in a registry" in text, True, text)
