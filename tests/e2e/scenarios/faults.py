"""Kills, restarts and full disks: nothing is lost, nothing stays broken."""

import hashlib
import http.client
import random
import resource
import signal
import time

from harness.kube import ApiError
from harness.scenario import (Env, check, condition, config_map, equal,
                              scenario)

UNREACHABLE = (OSError, http.client.HTTPException, ApiError)


def outcome(env):
    """What a user sees of a namespace, without times and versions."""
    def plain(text):
        return text.replace(env.namespace, "<ns>")
    app, source = env.get("Kustomization", "app"), env.get("GitRepository",
                                                           "app")
    return {
        "objects": {o["metadata"]["name"]: [o["data"], sorted(
            plain(v) for v in o["metadata"]["labels"].values())]
            for o in env.kube.list("ConfigMap", env.namespace)
            if o["metadata"].get("labels")},
        "inventory": sorted(plain(e["id"]) for e in app["status"][
            "inventory"]["entries"]),
        "conditions": [[c["type"], c["status"], c["reason"], c["message"]]
                       for o in (app, source)
                       for c in o["status"]["conditions"]],
        "revisions": [app["status"]["lastAppliedRevision"],
                      source["status"]["artifact"]["revision"]],
    }


def check_artifact(env):
    """The published file is whole."""
    artifact = env.get("GitRepository", "app")["status"]["artifact"]
    data = (env.world.storage / artifact["path"]).read_bytes()
    equal("sha256:" + hashlib.sha256(data).hexdigest(), artifact["digest"],
          "digest of the artifact")


@scenario("API server restarted in the middle of an apply", private=True)
def restart_mid_apply(env):
    count = 300
    env.commit({"all.yaml": [config_map(f"c{i}") for i in range(count)]})
    env.source()
    env.ready("GitRepository")
    for color in ("blue", "red"):
        commit = env.commit({"all.yaml": [config_map(f"c{i}", color)
                                          for i in range(count)]})
        env.kube.request_reconcile("GitRepository", "app", env.namespace,
                                   color)
        env.kustomization()
        env.until("a part applied", lambda: len([
            o for o in env.kube.list("ConfigMap", env.namespace)
            if o.get("data", {}).get("color") == color]) > 20, 60)
        env.world.backend.restart()
        env.ready(revision=commit, timeout=60)
        colors = [o["data"]["color"] for o in env.kube.list(
            "ConfigMap", env.namespace) if o["metadata"].get("labels")]
        equal(colors, [color] * count, "colors")


@scenario("a hundred kills at random moments", private=True)
def hundred_kills(env):
    pick = random.Random(4711)
    world, calm = env.world, Env(env.world, env.namespace + "-calm")

    def files(step):
        return {f"part{i}/{name}.yaml": config_map(
            f"{name}{i}", f"color{step}") for i in range(4)
            for name in ("a", "b", f"only{step % 3}")}

    def change(where, step):
        where.commit(files(step), replace=True)
        where.kube.request_reconcile("GitRepository", "app", where.namespace,
                                     f"step{step}")

    env.install(files(0))
    killed = {"source": 0, "kustomize": 0, "server": 0}
    for number in range(100):
        if number % 10 == 9:
            try:
                change(env, number // 10 + 1)
            except UNREACHABLE:
                pass  # The interval finds it, or the next request.
        time.sleep(pick.uniform(0, 0.2))
        kinds = ["source", "kustomize"]
        # A real control plane takes seconds to come back.
        if world.backend.name == "embedded" or number % 25 == 24:
            kinds.append("server")
        victim = "server" if number % 25 == 24 else pick.choice(kinds)
        killed[victim] += 1
        if victim == "server":
            world.backend.restart()
        else:
            program = getattr(world, victim)
            program.kill()
            program.start(wait=False)
    check(min(killed.values()) > 3, f"killed: {killed}")
    world.source.await_ready()
    world.kustomize.await_ready()
    last = 11
    change(env, last)
    env.ready(revision=env.repo().head(), timeout=60)
    # The same commits without a disturbance.
    calm.install(files(0))
    for step in range(1, last + 1):
        calm.commit(files(step), replace=True)
    calm.fetch()
    calm.ready(revision=calm.repo().head())
    env.until("the same as without kills",
              lambda: outcome(env) == outcome(calm) or time.sleep(0.2), 15)
    check_artifact(env)


@scenario("disk full while storing", private=True)
def disk_full(env):
    env.install({"a.yaml": config_map("a")})
    first = env.get("GitRepository", "app")["status"]["artifact"]
    source = env.world.source

    def no_space():
        # As on a full disk, writes fail; this one fails at 256 KiB a file.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))
    source.stop()
    source.preexec = no_space
    source.start()
    noise = random.Random(1).randbytes(3 << 20)
    commit = env.commit({"a.yaml": config_map("a", "red"), "noise": noise})
    env.fetch(ok=False)
    obj = env.failed("GitRepository")
    check(condition(obj, "Ready")["message"], "no message")
    equal(obj["status"]["artifact"], first, "the artifact before")
    check_artifact(env)
    env.reconcile()
    equal(env.data("a"), {"color": "blue"}, "a")
    check(source.is_running(), "source-controller ended")
    source.stop()
    source.preexec = None
    source.start()
    env.fetch()
    env.ready(revision=commit)
    equal(env.data("a"), {"color": "red"}, "a")
    check_artifact(env)
    left = [p.name for p in (env.world.storage / first["path"]).parent.iterdir()
            if not p.name.endswith((".tar.gz", ".lock"))]
    equal(left, [], "left behind")
