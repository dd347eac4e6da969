"""What comes from outside stays inside of its folder."""

import json
import tarfile

from harness.artifacts import archive, device, link, publish_artifact
from harness.scenario import check, condition, config_map, equal, scenario

GATE = {"kustomize_flags": ["--feature-gates=ExternalArtifact=true"]}


def publish(env, name, data, digest=None):
    """An ExternalArtifact, and a Kustomization of it."""
    publish_artifact(env, name, data, digest)
    env.kustomization(name, sourceRef={"kind": "ExternalArtifact",
                                       "name": name})


@scenario("artifacts that reach out of their folder", private=True,
          world=GATE)
def escaping_artifacts(env):
    outside = env.world.folder / "outside"
    outside.mkdir()
    (outside / "secret.yaml").write_text(json.dumps(
        config_map("leaked")), encoding="utf-8")
    good = ("a.yaml", json.dumps(config_map("a")))
    evil = {name: json.dumps(config_map(f"evil-{name}"))
            for name in ("parent", "absolute", "dotdot", "symlink")}
    target = str(outside / "written.yaml")
    publish(env, "good", archive([good]))
    env.ready(name="good")
    equal(env.data("a"), {"color": "blue"}, "a")
    cases = {
        "parent": [good, ("../../../../../../.." + target,
                          evil["parent"])],
        "absolute": [good, (target, evil["absolute"])],
        "dotdot": [good, ("x/../../../escaped.yaml", evil["dotdot"])],
        "symlink": [good, link("sub", str(outside)),
                    ("sub/written.yaml", evil["symlink"])],
        "read": [good, link("secret.yaml", str(outside / "secret.yaml"))],
        "hard": [good, link("hard.yaml", str(outside / "secret.yaml"),
                            tarfile.LNKTYPE)],
        "device": [good, device("null.yaml")],
    }
    for name, entries in cases.items():
        publish(env, name, archive(entries))
    # Each is refused, or applied without what reaches out.
    for name in cases:
        obj = env.wait("Kustomization", name, "decided", lambda o: condition(
            o, "Ready").get("status") in ("True", "False"))
        found = condition(obj, "Ready")
        # A link is left out; what went through it is then in the folder.
        wanted = "True" if name in ("symlink", "read", "hard") else "False"
        check(found["status"] == wanted and found["reason"] in (
            "ReconciliationSucceeded", "ArtifactFailed"), f"{name}: {found}")
    equal(sorted(p.name for p in outside.iterdir()), ["secret.yaml"],
          "outside")
    found = [p for p in env.world.folder.rglob("escaped.yaml")]
    equal(found, [], "escaped")
    for name in ("parent", "absolute", "dotdot"):
        equal(env.data(f"evil-{name}"), None, name)
    equal(env.data("leaked"), None, "leaked")


@scenario("artifacts that are not what they say", private=True, world=GATE)
def wrong_artifacts(env):
    data = archive([("a.yaml", json.dumps(config_map("a")))])
    publish(env, "digest", data, "sha256:" + "0" * 64)
    publish(env, "garbage", b"not an archive" * 100)
    publish(env, "cut", data[:len(data) // 2])
    publish(env, "bomb", archive([("zeros", "\0" * 50_000_000)]) * 1)
    for name in ("digest", "garbage", "cut"):
        env.failed(name=name, reason="ArtifactFailed")
    equal(env.data("a"), None, "a")
    check(env.world.kustomize.is_running(), "it ended")
    used = env.world.kustomize.memory("VmHWM") / 1024
    check(used < 200, f"kustomize-controller took {used:.0f} MB")


@scenario("git trees that reach out of their folder")
def escaping_trees(env):
    repo = env.repo()
    env.commit({"a.yaml": config_map("a")})
    good = repo.blob(json.dumps(config_map("a")).encode())
    evil = repo.blob(json.dumps(config_map("evil")).encode())
    inner = repo.raw_tree([("100644", "escaped.yaml", evil)])
    trees = {
        "dotdot": [("40000", "..", inner), ("100644", "a.yaml", good)],
        "slash": [("100644", "../escaped.yaml", evil),
                  ("100644", "a.yaml", good)],
        "absolute": [("100644", "/tmp/escaped.yaml", evil),
                     ("100644", "a.yaml", good)],
        "gitdir": [("40000", ".git", inner), ("100644", "a.yaml", good)],
    }
    for name, entries in trees.items():
        repo.commit_tree(repo.raw_tree(entries), name)
        env.source(name, ref={"branch": name})
        env.kustomization(name, sourceRef={"kind": "GitRepository",
                                           "name": name})
    for name in trees:
        env.wait("GitRepository", name, "decided", lambda o: condition(
            o, "Ready").get("status") in ("True", "False"))
    env.source()
    env.ready("GitRepository")
    equal(list(env.world.folder.rglob("escaped.yaml")), [], "escaped")
    equal(env.data("evil"), None, "evil")
    check(env.world.source.is_running(), "source-controller ended")


@scenario("paths of a Kustomization stay in the artifact")
def escaping_paths(env):
    name = f"outside-{env.namespace}.yaml"
    (env.world.folder / name).write_text(json.dumps(config_map("leaked")),
                                         encoding="utf-8")
    target = str(env.world.folder / name)
    up = "../" * 12 + target.lstrip("/")
    cases = {
        "absolute": f"resources: [{target}]\n",
        "parent": f"resources: [{up}]\n",
        "generator": "configMapGenerator:\n- name: leaked\n"
                     f"  files: [{up}]\n",
        "patch": f"resources: [a.yaml]\npatches:\n- path: {up}\n",
        "base": "resources: [../../../../../../..]\n",
    }
    env.commit({f"{case}/{path}": content for case, text in cases.items()
                for path, content in (("kustomization.yaml", text),
                                      ("a.yaml", config_map("a")))})
    env.source()
    env.ready("GitRepository")
    for case in cases:
        env.kustomization(case, path=f"./{case}")
    env.kustomization("root", path="../../../../" + "../" * 8)
    for case in cases:
        obj = env.failed(name=case, reason="BuildFailed")
        check("leaked" not in condition(obj, "Ready")["message"], case)
    # Such a path means the root of the artifact, whose parts do not build.
    env.wait("Kustomization", "root", "decided", lambda o: condition(
        o, "Ready").get("status") in ("True", "False"))
    leaked = [o["metadata"]["name"] for o in env.kube.list(
        "ConfigMap", env.namespace) if "leaked" in o["metadata"]["name"]]
    equal(leaked, [], "leaked")
