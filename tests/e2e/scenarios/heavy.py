"""Big inputs: they pass, or end in a clear error, in bounded memory."""

from harness.scenario import check, condition, config_map, equal, scenario


def megabytes(program):
    return program.memory("VmHWM") / 1024


@scenario("a file of 300 MB in the repository", private=True)
def big_file(env):
    line = b"0123456789abcdef" * 64 + b"\n"
    env.commit({"a.yaml": config_map("a"),
                "kustomization.yaml": "resources: [a.yaml]\n",
                "data.bin": line * (300_000_000 // len(line))})
    env.source(timeout="2m")
    env.ready("GitRepository", timeout=90)
    env.kustomization(timeout="1m")
    env.ready(timeout=60)
    equal(env.data("a"), {"color": "blue"}, "a")
    used = megabytes(env.world.source), megabytes(env.world.kustomize)
    # A blob of git is in memory as a whole, but once.
    check(used[0] < 450, f"source-controller took {used[0]:.0f} MB")
    check(used[1] < 150, f"kustomize-controller took {used[1]:.0f} MB")


@scenario("10,000 objects in one build", private=True, seconds=240)
def ten_thousand(env):
    # All are built; one in ten is applied, so that it takes seconds.
    ignored = {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}

    def part(number, color="blue"):
        return [config_map(f"c{number * 100 + i}", color,
                           annotations=ignored if i % 10 else None)
                for i in range(100)]
    env.commit({f"{number:02}.yaml": part(number) for number in range(100)})
    env.source()
    env.ready("GitRepository")
    env.kustomization(timeout="4m")
    env.ready(timeout=200)
    applied = [o for o in env.kube.list("ConfigMap", env.namespace)
               if o["metadata"].get("labels")]
    equal(len(applied), 1000, "applied")
    used = megabytes(env.world.kustomize)
    check(used < 300, f"kustomize-controller took {used:.0f} MB")
    # A few objects change: the others are left alone.
    before = {o["metadata"]["name"]: o["metadata"]["resourceVersion"]
              for o in applied}
    env.push({"07.yaml": part(7, "red")}, timeout=60)
    after = {o["metadata"]["name"]: o["metadata"]["resourceVersion"]
             for o in env.kube.list("ConfigMap", env.namespace)
             if o["metadata"].get("labels")}
    equal(sorted(n for n in after if after[n] != before[n]),
          [f"c{700 + i}" for i in range(0, 100, 10)], "changed")


def bomb(levels, width=10):
    lines = ["apiVersion: v1", "kind: ConfigMap", "metadata: {name: bomb}",
             "x0: &x0 [" + ", ".join(["boom"] * width) + "]"]
    for level in range(1, levels):
        lines.append(f"x{level}: &x{level} [" + ", ".join(
            [f"*x{level - 1}"] * width) + "]")
    return "\n".join(lines) + "\n"


@scenario("YAML alias bombs", private=True)
def alias_bombs(env):
    deep = "a: " + "[" * 100_000 + "]" * 100_000 + "\n"
    cases = {
        "object": {"bomb.yaml": bomb(9)},
        "listed": {"kustomization.yaml": "resources: [bomb.yaml]\n",
                   "bomb.yaml": bomb(9)},
        "config": {"kustomization.yaml": "resources: []\n" + "\n".join(
            bomb(9).splitlines()[3:]) + "\n"},
        "patch": {"kustomization.yaml": "resources: [a.yaml]\npatches:\n"
                  "- path: patch.yaml\n", "a.yaml": config_map("a"),
                  "patch.yaml": bomb(9)},
        "deep": {"deep.yaml": deep},
    }
    env.commit({f"{name}/{path}": content for name, files in cases.items()
                for path, content in files.items()})
    env.commit({"good/a.yaml": config_map("good")})
    env.source()
    env.ready("GitRepository")
    for name in [*cases, "good"]:
        env.kustomization(name, path=f"./{name}")
    env.ready(name="good")
    for name in cases:
        obj = env.failed(name=name, reason="BuildFailed")
        message = condition(obj, "Ready")["message"]
        check((".yaml" in message or "excessive aliasing" in message) and
              len(message) < 2000, f"{name}: {message[:300]}")
    used = megabytes(env.world.kustomize)
    check(used < 200, f"kustomize-controller took {used:.0f} MB")
