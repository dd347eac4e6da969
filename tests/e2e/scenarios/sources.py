"""GitRepository: every kind of reference, transport and credential."""

import gzip
import io
import tarfile
import time
import urllib.request

from harness.scenario import (check, condition, config_map, equal, scenario)


def artifact_entries(env, name="app"):
    """{name: TarInfo} of a GitRepository's artifact, read over HTTP."""
    url = env.get("GitRepository", name)["status"]["artifact"]["url"]
    if "://" not in url:
        url = "http://" + url
    with urllib.request.urlopen(url, timeout=10) as answer:
        data = gzip.decompress(answer.read())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {m.name: m for m in archive.getmembers()}


@scenario("branch, tag, semver, name, commit")
def references(env):
    first = env.commit({"a.yaml": config_map("a")}, tag="v1.0.0")
    second = env.commit({"a.yaml": config_map("a", "red")}, tag="v1.2.0",
                        annotated=True)
    third = env.commit({"a.yaml": config_map("a", "white")}, tag="v2.0.0")
    side = env.commit({"b.yaml": config_map("b")}, branch="feature/x")
    cases = {
        "branch": ({"branch": "main"}, f"main@sha1:{third}"),
        "slash": ({"branch": "feature/x"}, f"feature/x@sha1:{side}"),
        "tag": ({"tag": "v1.0.0"}, f"v1.0.0@sha1:{first}"),
        "annotated": ({"tag": "v1.2.0"}, f"v1.2.0@sha1:{second}"),
        "semver": ({"semver": "1.x"}, f"v1.2.0@sha1:{second}"),
        "name": ({"name": "refs/tags/v2.0.0"},
                 f"refs/tags/v2.0.0@sha1:{third}"),
        "commit": ({"branch": "main", "commit": first},
                   f"main@sha1:{first}"),
    }
    for name, (ref, _) in cases.items():
        env.source(name, ref=ref)
    for name, (_, revision) in cases.items():
        found = env.ready("GitRepository", name, timeout=45)
        equal(found["status"]["artifact"]["revision"], revision, name)


@scenario("force-push")
def force_push(env):
    env.install({"a.yaml": config_map("a"), "b.yaml": config_map("b")})
    env.push({"c.yaml": config_map("c")})
    commit = env.push({"a.yaml": config_map("a", "rewritten")}, orphan=True,
                      replace=True)
    equal(env.data("a"), {"color": "rewritten"}, "a")
    env.wait_gone("ConfigMap", "b")
    env.wait_gone("ConfigMap", "c")
    del commit


@scenario("branch deleted")
def branch_deleted(env):
    env.commit({"a.yaml": config_map("a")})
    env.commit({"a.yaml": config_map("a", "live")}, branch="live", base="main")
    env.source(ref={"branch": "live"})
    env.kustomization()
    env.ready()
    env.repo().delete_branch("live")
    env.fetch(ok=False)
    obj = env.failed("GitRepository", reason="GitOperationFailed")
    check("artifact" in obj["status"], "the last artifact is gone")
    equal(env.data("a"), {"color": "live"}, "a")
    env.commit({"a.yaml": config_map("a", "back")}, branch="live",
               base="main")
    env.fetch()
    env.wait_data("a", {"color": "back"})


@scenario("Git server down and back")
def server_down(env):
    env.install({"a.yaml": config_map("a")})
    behaviour = env.git_server.behaviour(env.namespace)
    behaviour.status = 503
    commit = env.commit({"a.yaml": config_map("a", "red")})
    env.fetch(ok=False)
    env.failed("GitRepository", reason="GitOperationFailed")
    env.reconcile()
    equal(env.data("a"), {"color": "blue"}, "a")
    behaviour.status = None
    # It comes back by itself: backoff, no interval, no request.
    env.ready("GitRepository", revision=commit, timeout=30)
    env.wait_data("a", {"color": "red"})


@scenario("credential wrong, then right")
def credentials(env):
    behaviour = env.git_server.behaviour(env.namespace)
    behaviour.auth, behaviour.bearer = "user:right", "token"
    env.commit({"a.yaml": config_map("a")})
    env.apply({"kind": "Secret", "metadata": {"name": "cred"}, "stringData":
               {"username": "user", "password": "wrong-password"}})
    env.source(secretRef={"name": "cred"})
    obj = env.failed("GitRepository", reason="GitOperationFailed")
    check("wrong-password" not in str(obj), "the password is in the status")
    env.apply({"kind": "Secret", "metadata": {"name": "cred"}, "stringData":
               {"username": "user", "password": "right"}})
    env.fetch(ok=False)
    env.ready("GitRepository")
    env.apply({"kind": "Secret", "metadata": {"name": "bearer"},
               "stringData": {"bearerToken": "token"}})
    env.source("other", secretRef={"name": "bearer"})
    env.ready("GitRepository", "other")


@scenario("SSH with known hosts")
def ssh(env):
    server = env.world.ssh
    commit = env.commit({"a.yaml": config_map("a")})
    env.apply(server.secret("ssh"),
              server.secret("stranger", key="other"),
              server.secret("imposter",
                            known_hosts=server.known_hosts("other")))
    url = server.url(env.namespace)
    for name in ("ssh", "stranger", "imposter"):
        env.source(name, url=url, secretRef={"name": name})
    env.ready("GitRepository", "ssh", revision=commit)
    env.failed("GitRepository", "stranger")
    env.failed("GitRepository", "imposter")
    second = env.commit({"a.yaml": config_map("a", "red")})
    env.fetch("ssh")
    env.ready("GitRepository", "ssh", revision=second)


@scenario("HTTPS with a CA, and with client certificates")
def https(env):
    tls = env.world.certificates
    texts = {name: (tls / name).read_text(encoding="utf-8") for name in
             ("ca.crt", "client.crt", "client.key")}
    env.commit({"a.yaml": config_map("a")})
    env.apply(
        {"kind": "Secret", "metadata": {"name": "ca"},
         "stringData": {"ca.crt": texts["ca.crt"]}},
        {"kind": "Secret", "metadata": {"name": "mutual"}, "stringData": {
            "ca.crt": texts["ca.crt"], "tls.crt": texts["client.crt"],
            "tls.key": texts["client.key"]}})
    server = env.world.tls_git()
    strict = env.world.tls_git(client_ca=True)
    env.source("plain", url=server.url(env.namespace))
    env.source("ca", url=server.url(env.namespace), secretRef={"name": "ca"})
    env.source("strict", url=strict.url(env.namespace),
               secretRef={"name": "ca"})
    env.source("mutual", url=strict.url(env.namespace),
               secretRef={"name": "mutual"})
    env.ready("GitRepository", "ca")
    env.ready("GitRepository", "mutual")
    env.failed("GitRepository", "plain", message="certificate")
    env.failed("GitRepository", "strict")


@scenario("ignore, sparse checkout, include")
def contents(env):
    env.commit({"keep/a.yaml": config_map("a"), "keep/pic.png": "png",
                "drop/b.yaml": config_map("b"), "run.sh":
                {"text": "#!/bin/sh\n", "mode": 0o755},
                "link": {"link": "keep/a.yaml"}})
    env.commit({"lib/c.yaml": config_map("c")}, repo="other")
    env.source("other", repo="other")
    env.source("plain")
    env.source("ignore", ignore="drop/\n")
    env.source("sparse", sparseCheckout=["keep"])
    env.ready("GitRepository", "other")
    env.source("include", include=[{
        "repository": {"name": "other"}, "fromPath": "lib",
        "toPath": "from-other"}])
    for name in ("plain", "ignore", "sparse", "include"):
        env.ready("GitRepository", name)
    plain = artifact_entries(env, "plain")
    check("keep/pic.png" not in plain, "default ignore rules")
    check("link" not in plain, "symlinks are dropped")
    equal(oct(plain["run.sh"].mode), oct(0o700), "mode of run.sh")
    equal(plain["run.sh"].mtime, 0, "time")
    check("drop/b.yaml" not in artifact_entries(env, "ignore"), "ignore")
    sparse = artifact_entries(env, "sparse")
    check("keep/a.yaml" in sparse and "run.sh" not in sparse, "sparse")
    check("from-other/c.yaml" in artifact_entries(env, "include"), "include")


@scenario("unchanged interval fetches nothing")
def unchanged(env):
    env.commit({"a.yaml": config_map("a")})
    env.source()
    before = env.ready("GitRepository")
    count = len(env.git_server.log(env.namespace))
    after = env.fetch()
    log = env.git_server.log(env.namespace)[count:]
    check(not [e for e in log if e["method"] == "POST" and
               e["path"].endswith("git-upload-pack")] or len(log) <= 2,
          f"requests: {log}")
    equal(after["status"]["artifact"], before["status"]["artifact"],
          "artifact")


@scenario("deleting a source deletes its artifacts")
def delete_source(env):
    env.install({"a.yaml": config_map("a")})
    folder = env.world.storage / "gitrepository" / env.namespace / "app"
    check(folder.is_dir(), f"{folder} is not there")
    env.delete("GitRepository", "app")
    env.wait_gone("GitRepository", "app")
    check(not folder.exists(), f"{folder} is still there")
    equal(env.data("a"), {"color": "blue"}, "a")


@scenario("garbage collection", private=True, world={
    "source_flags": ["--artifact-retention-ttl=1s",
                     "--artifact-retention-records=2"]})
def garbage(env):
    env.commit({"a.yaml": config_map("a")})
    env.source()
    env.ready("GitRepository")
    for color in ("b", "c", "d"):
        commit = env.commit({"a.yaml": config_map("a", color)})
        env.fetch()
        env.ready("GitRepository", revision=commit)
    folder = env.world.storage / "gitrepository" / env.namespace / "app"

    def archives():
        return [p.name for p in folder.iterdir()
                if p.name.endswith(".tar.gz")]
    check(len(archives()) <= 3, f"kept: {archives()}")
    time.sleep(1.1)  # Files grow older than the TTL: the clock is theirs.
    env.fetch()
    equal(archives(), [f"{commit}.tar.gz"], "archives")


@scenario("artifacts are adopted after a restart", private=True)
def adopted(env):
    env.install({"a.yaml": config_map("a")})
    before = env.get("GitRepository", "app")["status"]["artifact"]
    count = len(env.git_server.log(env.namespace))
    env.world.source.stop()
    env.world.source.start()
    after = env.fetch()
    equal(after["status"]["artifact"], before, "artifact")
    log = env.git_server.log(env.namespace)[count:]
    check(len(log) <= 4, f"requests after the restart: {len(log)}")
    # A damaged file is noticed and made anew.
    path = env.world.storage / before["path"]
    env.world.source.stop()
    path.write_bytes(b"damaged")
    env.world.source.start()
    env.fetch()
    env.until("made anew", lambda: path.stat().st_size > 7)
    env.reconcile()
    equal(condition(env.get("Kustomization", "app"), "Ready")["status"],
          "True", "Ready")


