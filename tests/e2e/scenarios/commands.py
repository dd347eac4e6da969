"""`weir get`, `reconcile`, `suspend` and `resume` of releases and of every
kind of source."""

from harness.charts import (ChartIndex, MemoryRegistry, BROKEN, below,
                            chart_files, registry_source, repository_source)
from harness.helm import release, released, stalled, stored, weir
from harness.scenario import check, equal, scenario


def run(env, *arguments, code=0):
    done = weir(env, *arguments, "-n", env.namespace, "--timeout", "30s")
    equal(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
    return done


def rows(env, *arguments, code=0):
    """A table's cells, its header apart."""
    lines = run(env, "get", *arguments, code=code).stdout.splitlines()
    cells = [[cell.strip() for cell in line.split("\t")] for line in lines]
    return cells[0], [row[:len(cells[0])] for row in cells[1:]]


@scenario("weir get, reconcile, suspend and resume of a release")
def release_commands(env):
    env.commit(below("chart", chart_files(templates={
        "broken.yaml": BROKEN})))
    env.source()
    release(env)
    released(env)
    header, found = rows(env, "hr")
    equal(header, ["NAME", "REVISION", "SUSPENDED", "READY", "MESSAGE"],
          "header")
    message = (f"Helm install succeeded for release {env.namespace}/app.v1 "
               "with chart web@1.0.0")
    equal(found, [["app", "1.0.0", "False", "True", message]], "rows")
    header, found = rows(env, "helmreleases", "app", "--show-source")
    equal(found[0][:3], ["app", f"GitRepository/{env.namespace}/app",
                         "1.0.0"], "with source")
    equal(rows(env, "helmrelease", "-A")[0][0], "NAMESPACE", "all")
    run(env, "get", "hr", "absent", code=1)
    check("no HelmRelease" not in run(env, "get", "hr", "--status-selector",
                                      "ready=true").stderr, "selector")
    run(env, "get", "hr", "--status-selector", "ready=false", code=1)

    run(env, "suspend", "helmrelease", "app")
    equal(rows(env, "hr")[1][0][2], "True", "suspended")
    check("suspended" in run(env, "reconcile", "hr", "app", code=1).stderr,
          "a suspended one is not reconciled")
    check("applied revision 1.0.0" in run(env, "resume", "hr",
                                          "app").stderr, "resumed")
    equal(run(env, "suspend", "hr", "absent").returncode, 0, "absent")

    env.commit(below("chart", chart_files("1.1.0", templates={
        "broken.yaml": BROKEN})))
    done = run(env, "reconcile", "hr", "app", "--with-source")
    check("applied revision 1.1.0" in done.stderr, done.stderr)
    run(env, "reconcile", "hr", "app")
    equal(max(stored(env)), 2, "revisions")
    run(env, "reconcile", "hr", "app", "--force")
    equal(max(stored(env)), 3, "forced")
    env.merge("HelmRelease", "app", {"spec": {"values": {"broken": True}}})
    stalled(env)
    newest = max(stored(env))
    run(env, "reconcile", "hr", "app", "--reset", code=1)
    check(max(stored(env)) > newest, "tried once more")


@scenario("weir get, reconcile, suspend and resume of every kind of source")
def source_commands(env):
    index = ChartIndex(env)
    index.publish("1.0.0")
    env.commit(below("chart", chart_files()))
    env.source()
    repository_source(env, index)
    env.apply({"kind": "HelmRepository", "metadata": {"name": "static"},
               "spec": {"type": "oci", "url": "oci://127.0.0.1/charts"}})
    env.apply({"kind": "HelmChart", "metadata": {"name": "web"}, "spec": {
        "interval": "1h", "chart": "web",
        "sourceRef": {"kind": "HelmRepository", "name": "charts"}}})
    with MemoryRegistry() as registry:
        registry.push("latest", "1.0.0")
        registry_source(env, registry)
        sources = {"git": ("GitRepository", "app"),
                   "helm": ("HelmRepository", "charts"),
                   "chart": ("HelmChart", "web"),
                   "oci": ("OCIRepository", "web")}
        for noun, (kind, name) in sources.items():
            env.ready(kind, name)
            header, found = rows(env, "sources", noun, name)
            equal(header, ["NAME", "REVISION", "SUSPENDED", "READY",
                           "MESSAGE"], noun)
            equal((found[0][0], found[0][2:4]), (name, ["False", "True"]),
                  noun)
            check(found[0][1], f"{noun} has no revision")
            done = run(env, "reconcile", "source", noun, name)
            check("fetched revision" in done.stderr, done.stderr)
            run(env, "suspend", "source", noun, name)
            equal(rows(env, "source", noun, name)[1][0][2], "True", noun)
            run(env, "reconcile", "source", noun, name, code=1)
            run(env, "resume", "source", noun, name)
            check(not env.get(kind, name)["spec"].get("suspend"), noun)
        run(env, "reconcile", "source", "chart", "web", "--with-source")
        equal(rows(env, "sources", "helm", "static")[1][0][3:],
              ["True", "Helm repository is Ready"], "static")
        check("not supported" in run(env, "reconcile", "source", "helm",
                                     "static").stderr, "static")
        names = run(env, "get", "sources", "all").stdout
        for kind, name in sources.values():
            check(f"{kind.lower()}/{name}" in names, names)
        run(env, "get", "sources", "bucket", code=1)
        run(env, "get", "sources", "external", code=1)
        run(env, "get", "all")
