"""A commit reaches the cluster, and leaves it again."""

import time

from harness.scenario import (check, condition, config_map, deployment,
                              equal, scenario)


@scenario("install, update, prune")
def install_update_prune(env):
    first = env.install({"a.yaml": config_map("a"),
                         "sub/b.yaml": config_map("b")})
    a = env.get("ConfigMap", "a")
    equal(a["data"], {"color": "blue"}, "ConfigMap/a")
    equal(a["metadata"]["labels"], {
        "kustomize.toolkit.fluxcd.io/name": "app",
        "kustomize.toolkit.fluxcd.io/namespace": env.namespace}, "labels")
    status = env.get("Kustomization", "app")["status"]
    equal(status["lastAppliedRevision"], f"main@sha1:{first}", "revision")
    equal(sorted(e["id"] for e in status["inventory"]["entries"]),
          [f"{env.namespace}_a__ConfigMap", f"{env.namespace}_b__ConfigMap"],
          "inventory")
    second = env.push({"a.yaml": config_map("a", "red")}, ["sub/b.yaml"])
    equal(env.data("a"), {"color": "red"}, "ConfigMap/a")
    env.wait_gone("ConfigMap", "b")
    status = env.get("Kustomization", "app")["status"]
    equal([e["id"] for e in status["inventory"]["entries"]],
          [f"{env.namespace}_a__ConfigMap"], "inventory")
    equal(status["lastAppliedRevision"], f"main@sha1:{second}", "revision")
    equal(a["metadata"]["uid"],
          env.get("ConfigMap", "a")["metadata"]["uid"], "uid")


@scenario("events are posted")
def events_are_posted(env):
    env.install({"a.yaml": config_map("a")})

    def seen(kind, reason):
        return [e for e in env.events(kind, "app") if e["reason"] == reason]
    env.until("NewArtifact posted",
              lambda: seen("GitRepository", "NewArtifact"))
    done = env.until("success posted", lambda: seen(
        "Kustomization", "ReconciliationSucceeded"))
    equal(done[0]["severity"], "info", "severity")
    equal(done[0]["reportingController"], "kustomize-controller", "reporter")
    env.until("a Kubernetes Event", lambda: [
        e for e in env.kube.list("Event", env.namespace)
        if e["reason"] == "ReconciliationSucceeded"])


@scenario("nothing changed, nothing written")
def nothing_changed(env):
    env.install({"a.yaml": config_map("a")})
    before = env.get("ConfigMap", "a")["metadata"]
    env.reconcile()
    env.reconcile()
    after = env.get("ConfigMap", "a")["metadata"]
    equal(after["resourceVersion"], before["resourceVersion"], "version")
    equal(after["managedFields"], before["managedFields"], "managedFields")


@scenario("drift of a changed object")
def drift_changed(env):
    env.install({"a.yaml": config_map("a")})
    env.merge("ConfigMap", "a", {"data": {"color": "green", "own": "1"}},
              manager="editor")
    # What Git does not set stays.
    env.wait_data("a", {"color": "blue", "own": "1"}, timeout=10)


@scenario("drift of a deleted object")
def drift_deleted(env):
    env.install({"a.yaml": config_map("a"), "b.yaml": config_map("b")})
    started = time.monotonic()
    env.delete("ConfigMap", "a")
    env.wait_data("a", {"color": "blue"}, timeout=10)
    check(time.monotonic() - started < 10, "it took too long")
    env.ready()


@scenario("ignored field left alone")
def ignored_field(env):
    env.install({"web.yaml": deployment("web", replicas=2)}, ignore=[{
        "target": {"kind": "Deployment"}, "paths": ["/spec/replicas"]}])
    env.merge("Deployment", "web", {"spec": {"replicas": 5}},
              manager="autoscaler")
    env.reconcile()
    env.push({"a.yaml": config_map("a")})
    equal(env.get("Deployment", "web")["spec"]["replicas"], 5, "replicas")


@scenario("objects with reconcile disabled or set once are left alone")
def left_alone(env):
    key = "kustomize.toolkit.fluxcd.io/"
    env.install({
        "off.yaml": config_map("off"),
        "once.yaml": config_map("once", annotations={
            key + "ssa": "IfNotPresent"})})
    env.merge("ConfigMap", "off", {
        "metadata": {"annotations": {key + "reconcile": "disabled"}},
        "data": {"color": "mine"}}, manager="editor")
    env.merge("ConfigMap", "once", {"data": {"color": "mine"}},
              manager="editor")
    env.reconcile()
    env.push({"off.yaml": config_map("off", "red"),
              "once.yaml": config_map("once", "red", annotations={
                  key + "ssa": "IfNotPresent"})})
    equal(env.data("off"), {"color": "mine"}, "reconcile: disabled")
    equal(env.data("once"), {"color": "mine"}, "ssa: IfNotPresent")


@scenario("conflict with another manager")
def conflict(env):
    env.apply({"kind": "ConfigMap", "metadata": {"name": "a"},
               "data": {"color": "theirs", "size": "L"}}, manager="other")
    env.install({"a.yaml": config_map("a")})
    a = env.get("ConfigMap", "a")
    equal(a["data"], {"color": "blue", "size": "L"}, "data")
    owners = {f["manager"]: list(f["fieldsV1"].get("f:data", {}))
              for f in a["metadata"]["managedFields"]}
    equal(owners, {"kustomize-controller": ["f:color"],
                   "other": ["f:size"]}, "owners")


@scenario("fields that kubectl applied are taken over")
def take_over(env):
    env.world.kubectl("apply", "-f", "-", namespace=env.namespace, data=(
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},'
        '"data":{"color":"theirs","old":"1"}}'))
    env.install({"a.yaml": config_map("a")})
    a = env.get("ConfigMap", "a")
    equal(a["data"], {"color": "blue"}, "data")
    equal(a["metadata"].get("annotations"), None, "annotations")
    equal([f["manager"] for f in a["metadata"]["managedFields"]],
          ["kustomize-controller"], "managers")


@scenario("immutable field without force")
def immutable_without_force(env):
    frozen = {**config_map("a"), "immutable": True}
    env.install({"a.yaml": frozen})
    uid = env.get("ConfigMap", "a")["metadata"]["uid"]
    commit = env.commit({"a.yaml": {**config_map("a", "red"),
                                    "immutable": True}})
    env.fetch()
    env.failed(reason="ReconciliationFailed", revision=commit,
               message="immutable")
    a = env.get("ConfigMap", "a")
    equal((a["metadata"]["uid"], a["data"]["color"]), (uid, "blue"), "a")


@scenario("immutable field with force")
def immutable_with_force(env):
    env.install({"a.yaml": {**config_map("a"), "immutable": True}},
                force=True)
    uid = env.get("ConfigMap", "a")["metadata"]["uid"]
    env.push({"a.yaml": {**config_map("a", "red"), "immutable": True}})
    a = env.get("ConfigMap", "a")
    equal(a["data"]["color"], "red", "color")
    check(a["metadata"]["uid"] != uid, "it was not made anew")


@scenario("healthy Deployment")
def healthy_deployment(env):
    env.install({"web.yaml": deployment("web")}, wait=True)
    obj = env.get("Kustomization", "app")
    equal(condition(obj, "Healthy").get("status"), "True", "Healthy")
    web = env.get("Deployment", "web")
    equal(web["status"]["readyReplicas"], 1, "readyReplicas")


@scenario("failing Deployment while the worker serves others")
def failing_deployment(env):
    # More Kustomizations wait for health than there are workers (4).
    count = 6
    files = {f"slow{i}/web.yaml": deployment(f"slow{i}", "hang")
             for i in range(count)}
    env.commit({**files, "fast/a.yaml": config_map("fast")})
    env.source()
    for i in range(count):
        env.kustomization(f"slow{i}", path=f"./slow{i}", wait=True,
                          timeout="30s")
    for i in range(count):
        env.wait("Kustomization", f"slow{i}", "checking health",
                 lambda o: "health checks" in condition(
                     o, "Reconciling").get("message", ""))
    started = time.monotonic()
    env.kustomization("fast", path="./fast")
    env.ready(name="fast", timeout=15)
    check(time.monotonic() - started < 10, "the others waited for health")


@scenario("stalled Deployment fails early")
def stalled_deployment(env):
    env.commit({"web.yaml": deployment("web", "hang", deadline=2)})
    env.source()
    env.kustomization(wait=True, timeout="1m")
    obj = env.failed(reason="HealthCheckFailed", timeout=25)
    check("Deployment/" in condition(obj, "Ready")["message"], "message")
    equal(condition(obj, "Healthy").get("status"), "False", "Healthy")


@scenario("dependsOn chain of ten")
def chain_of_ten(env):
    env.commit({f"{i}/a.yaml": config_map(f"link{i}") for i in range(10)})
    env.source()
    env.ready("GitRepository")
    started = time.monotonic()
    for i in reversed(range(10)):
        env.kustomization(f"link{i}", path=f"./{i}", dependsOn=[
            {"name": f"link{i - 1}"}] if i else None)
    env.ready(name="link9", timeout=30)
    seconds = time.monotonic() - started
    # Ten hops, and less than one period of polling.
    check(seconds < 10, f"it took {seconds:.1f} s")
    commit = env.commit({f"{i}/a.yaml": config_map(f"link{i}", "red")
                         for i in range(10)})
    env.fetch()
    started = time.monotonic()
    env.ready(name="link9", revision=commit, timeout=30)
    seconds = time.monotonic() - started
    check(seconds < 10, f"the update took {seconds:.1f} s")
    for i in range(10):
        equal(env.data(f"link{i}"), {"color": "red"}, f"link{i}")


@scenario("dependency that is missing, then there")
def missing_dependency(env):
    env.commit({"a/a.yaml": config_map("a"), "b/b.yaml": config_map("b")})
    env.source()
    env.kustomization("second", path="./b", dependsOn=[{"name": "first"}])
    env.failed(name="second", reason="DependencyNotReady",
               message="first' not found")
    equal(env.data("b"), None, "ConfigMap/b")
    env.kustomization("first", path="./a")
    env.ready(name="second", timeout=15)


@scenario("suspend and resume")
def suspend_and_resume(env):
    env.install({"a.yaml": config_map("a")})
    env.merge("Kustomization", "app", {"spec": {"suspend": True}})
    env.commit({"a.yaml": config_map("a", "red")})
    env.fetch()
    env.merge("ConfigMap", "a", {"data": {"color": "green"}})
    env.stays(1.5, lambda: equal(env.data("a"), {"color": "green"}, "a"))
    env.merge("Kustomization", "app", {"spec": {"suspend": False}})
    env.wait_data("a", {"color": "red"})
    env.ready()
    env.merge("GitRepository", "app", {"spec": {"suspend": True}})
    commit = env.commit({"a.yaml": config_map("a", "white")})
    env.kube.request_reconcile("GitRepository", "app", env.namespace, "now")
    env.stays(1.5, lambda: check(
        commit not in env.get("GitRepository", "app")["status"]["artifact"][
            "revision"], "a suspended source was fetched"))
    env.merge("GitRepository", "app", {"spec": {"suspend": False}})
    env.wait_data("a", {"color": "white"})


@scenario("deletion under every policy")
def deletion_policies(env):
    names = {"mirror": ("MirrorPrune", True, True),
             "kept": ("MirrorPrune", False, False),
             "delete": ("Delete", False, True),
             "wait": ("WaitForTermination", True, True),
             "orphan": ("Orphan", True, False)}
    env.commit({f"{n}/a.yaml": config_map(n) for n in names})
    env.source()
    for name, (policy, prune, _) in names.items():
        env.kustomization(name, path=f"./{name}", prune=prune,
                          deletionPolicy=policy)
    for name in names:
        env.ready(name=name)
    env.merge("ConfigMap", "wait", {"metadata": {
        "finalizers": ["example.com/hold"]}}, manager="holder")
    for name in names:
        env.delete("Kustomization", name)
    for name, (_, _, goes) in names.items():
        if name == "wait":
            continue
        env.wait_gone("Kustomization", name)
        if goes:
            env.wait_gone("ConfigMap", name)
        else:
            equal(env.data(name), {"color": "blue"}, name)
    check(env.find("Kustomization", "wait"), "it did not wait")
    env.merge("ConfigMap", "wait", {"metadata": {"finalizers": None}},
              manager="holder")
    env.wait_gone("Kustomization", "wait")
    env.wait_gone("ConfigMap", "wait")


@scenario("deleting a suspended Kustomization leaves its objects")
def delete_suspended(env):
    env.install({"a.yaml": config_map("a")})
    env.merge("Kustomization", "app", {"spec": {"suspend": True}})
    env.delete("Kustomization", "app")
    env.wait_gone("Kustomization", "app")
    equal(env.data("a"), {"color": "blue"}, "a")


@scenario("two Kustomizations that claim one object")
def two_claims(env):
    env.commit({"one/a.yaml": config_map("a", "one"),
                "two/a.yaml": config_map("a", "two")})
    env.source()
    env.kustomization("one", path="./one")
    env.ready(name="one")
    uid = env.get("ConfigMap", "a")["metadata"]["uid"]
    env.kustomization("two", path="./two")
    env.ready(name="two")
    env.wait_data("a", {"color": "two"})
    # The one that lost it must neither fight for it nor delete it.
    time.sleep(1)
    env.delete("Kustomization", "one")
    env.wait_gone("Kustomization", "one")
    a = env.get("ConfigMap", "a")
    equal(a["metadata"]["uid"], uid, "uid")
    equal(a["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"], "two",
          "owner")


@scenario("an object moves to another Kustomization")
def moved(env):
    env.commit({"one/a.yaml": config_map("a"), "one/x.yaml": config_map("x"),
                "two/y.yaml": config_map("y")})
    env.source()
    env.kustomization("one", path="./one")
    env.kustomization("two", path="./two")
    env.ready(name="one")
    env.ready(name="two")
    uid = env.get("ConfigMap", "a")["metadata"]["uid"]
    commit = env.commit({"two/a.yaml": config_map("a")}, ["one/a.yaml"])
    env.fetch()
    env.ready(name="one", revision=commit)
    env.ready(name="two", revision=commit)
    a = env.wait("ConfigMap", "a", "owned by two", lambda o: o and o[
        "metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"] == "two")
    del uid, a  # It may be made anew, when the first one prunes first.


@scenario("kubectl sees what the controllers do", seconds=60)
def kubectl_view(env):
    env.install({"a.yaml": config_map("a")})
    kubectl = env.world.kubectl
    out = kubectl("get", "kustomizations,gitrepositories",
                  namespace=env.namespace).stdout
    check("Applied revision: main@sha1:" in out, out)
    check("stored artifact for revision" in out, out)
    kubectl("wait", "kustomization/app", "--for=condition=Ready",
            "--timeout=10s", namespace=env.namespace)
    out = kubectl("get", "configmap", "a", "-o", "jsonpath={.data.color}",
                  namespace=env.namespace).stdout
    equal(out, "blue", "color")
    out = kubectl("describe", "kustomization", "app",
                  namespace=env.namespace).stdout
    check("ReconciliationSucceeded" in out, out[-800:])
    kubectl("annotate", "kustomization", "app", "--overwrite",
            "reconcile.fluxcd.io/requestedAt=kubectl",
            namespace=env.namespace)
    env.wait("Kustomization", "app", "handled", lambda o: o["status"].get(
        "lastHandledReconcileAt") == "kubectl")
    kubectl("delete", "kustomization", "app", namespace=env.namespace)
    env.wait_gone("ConfigMap", "a")
