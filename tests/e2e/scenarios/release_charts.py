"""Where charts of releases come from: versions, tags, and registries in
trouble."""

from harness.charts import (ChartIndex, MemoryRegistry, registry_source,
                            repository_source)
from harness.helm import release, released, stored, wait_color
from harness.scenario import check, condition, equal, scenario


def from_registry(env, registry, **spec):
    registry_source(env, registry)
    release(env, chartRef={"kind": "OCIRepository", "name": "web"}, **spec)


def look_again(env, kind, name, mark):
    """Has a source reconciled now; waits until that is done."""
    env.kube.request_reconcile(kind, name, env.namespace, mark)
    return env.wait(kind, name, f"handled ({mark})", lambda o: o.get(
        "status", {}).get("lastHandledReconcileAt") == mark, 45)


@scenario("a chart version in range is taken when it appears")
def version_in_range(env):
    index = ChartIndex(env)
    index.publish("1.0.0")
    index.publish("2.0.0", color="red")
    repository_source(env, index)
    release(env, chart={"spec": {
        "chart": "web", "version": "1.x", "interval": "1h",
        "sourceRef": {"kind": "HelmRepository", "name": "charts"}}})
    released(env, chart_version="1.0.0")
    index.publish("1.1.0", color="green")
    index.publish("2.1.0", color="red")
    env.kube.request_reconcile("HelmRepository", "charts", env.namespace, "1")
    wait_color(env, "green")
    obj = released(env, chart_version="1.1.0", revision=2)
    equal(obj["status"]["lastAttemptedRevision"], "1.1.0", "attempted")
    equal(stored(env), {1: "superseded", 2: "deployed"}, "revisions")


@scenario("a tag of a registry that moves is an upgrade")
def tag_moves(env):
    with MemoryRegistry() as registry:
        first = registry.push("latest", "1.0.0")
        from_registry(env, registry)
        version = "1.0.0+" + first.partition(":")[2][:12]
        obj = released(env, chart_version=version)
        equal(obj["status"]["lastAttemptedRevisionDigest"], first, "digest")
        second = registry.push("latest", "1.0.0", color="green")
        look_again(env, "OCIRepository", "web", "moved")
        version = "1.0.0+" + second.partition(":")[2][:12]
        released(env, chart_version=version, revision=2)
        wait_color(env, "green")
        # The same again is none.
        look_again(env, "OCIRepository", "web", "again")
        equal(stored(env), {1: "superseded", 2: "deployed"}, "revisions")


@scenario("releases while their registry is down, and when it is back")
def registry_is_down(env):
    with MemoryRegistry() as registry:
        registry.push("latest", "1.0.0")
        from_registry(env, registry)
        released(env, revision=1)
        registry.stop()
        look_again(env, "OCIRepository", "web", "down")
        env.failed("OCIRepository", "web")
        # What is installed goes on, and is upgraded with the chart it has.
        env.merge("HelmRelease", "app", {"spec": {"values": {"color":
                                                             "red"}}})
        released(env, revision=2)
        wait_color(env, "red")
        registry.push("latest", "1.1.0", color="green")
        registry.start()
        released(env, revision=3, timeout=60)


FAULTS = {
    "unauthorized": ("OCIArtifactPullFailed", "401"),
    "limited": ("OCIArtifactPullFailed", "429"),
    "other bytes": ("OCIArtifactLayerOperationFailed", "has digest"),
    "truncated": ("OCIArtifactLayerOperationFailed", ""),
}


@scenario("registries that refuse, cut short and lie")
def registry_lies(env):
    for fault, (reason, text) in FAULTS.items():
        name = fault.replace(" ", "-")
        with MemoryRegistry() as registry:
            registry.push("latest", "1.0.0")
            registry.fault = fault
            registry_source(env, registry, name)
            release(env, name, chartRef={"kind": "OCIRepository",
                                         "name": name})
            obj = env.failed("OCIRepository", name, timeout=60)
            found = condition(obj, "Ready")
            equal(found["reason"], reason, f"{fault}: {found}")
            check(text in found["message"], f"{fault}: {found}")
            waits = env.failed("HelmRelease", name)
            equal(condition(waits, "Ready")["reason"], "SourceNotReady",
                  fault)
            equal(stored(env, name), {}, fault)
            registry.fault = ""
            released(env, name, revision=1, timeout=90)


@scenario("a web repository down, and an index that is none")
def index_is_none(env):
    index = ChartIndex(env)
    index.publish("1.0.0")
    repository_source(env, index)
    release(env, chart={"spec": {
        "chart": "web", "interval": "1h",
        "sourceRef": {"kind": "HelmRepository", "name": "charts"}}})
    released(env, revision=1)
    good = index.files.pop(f"{index.path}/index.yaml")
    look_again(env, "HelmRepository", "charts", "gone")
    env.failed("HelmRepository", "charts")
    index.files[f"{index.path}/index.yaml"] = b"no: [index"
    look_again(env, "HelmRepository", "charts", "none")
    env.failed("HelmRepository", "charts")
    env.ready("HelmRelease")
    index.files[f"{index.path}/index.yaml"] = good
    index.publish("1.1.0", color="green")
    released(env, chart_version="1.1.0", revision=2, timeout=60)
