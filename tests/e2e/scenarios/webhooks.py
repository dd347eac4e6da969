"""A push to a forge or a registry wakes what it concerns, and only a true one."""

import dataclasses
import hashlib
import hmac
import http.client
import json
import shutil
import time

from harness.scenario import (Skip, check, config_map, equal, is_ready,
                              scenario)
from harness.sinks import Issuer, base64url

TOKEN = "s3cret"
REQUESTED = "reconcile.fluxcd.io/requestedAt"
JSON = {"Content-Type": "application/json"}


def hook(env, path, body=b"{}", headers=None):
    """The code of the answer."""
    connection = http.client.HTTPConnection(env.world.receiver_address,
                                            timeout=20)
    try:
        connection.request("POST", path, body, {**JSON, **(headers or {})})
        answer = connection.getresponse()
        equal(answer.read(), b"", "body of the answer")
        return answer.status
    finally:
        connection.close()


def signature(body, algorithm="sha256", token=TOKEN, prefix=True):
    digest = hmac.new(token.encode(), body, algorithm).hexdigest()
    return f"{algorithm}={digest}" if prefix else digest


def signed(name, algorithm="sha256", prefix=True, **more):
    """Good and bad headers of senders that sign the body."""
    def good(body):
        return {name: signature(body, algorithm, prefix=prefix), **more}

    def bad(body):
        right = signature(body, algorithm, prefix=prefix)
        other = "0" if right[-1] != "0" else "1"
        return [dict(more), {name: "", **more}, {name: "x", **more},
                {name: right[:-1] + other, **more},
                {name: signature(body + b" ", algorithm, prefix=prefix),
                 **more},
                {name: signature(body, algorithm, "other", prefix), **more}]
    return good, bad


def told(name, **more):
    """Of senders that send the token itself."""
    return (lambda body: {name: TOKEN, **more},
            lambda body: [dict(more), {name: "other", **more},
                          {name: TOKEN + "x", **more}])


NOTHING = (lambda body: {}, lambda body: [])
GITHUB = signed("X-Hub-Signature-256", **{"X-GitHub-Event": "push"})
BITBUCKET = signed("X-Hub-Signature",
                   **{"X-Event-Key": "repo:refs_changed"})
CDEVENT = {
    "context": {"version": "0.4.1", "id": "1", "source": "/forge",
                "type": "dev.cdevents.change.merged.0.2.0",
                "timestamp": "2026-01-01T00:00:00Z"},
    "subject": {"id": "1", "type": "change", "content": {}}}
NEXUS = {"timestamp": "2026-01-01T00:00:00Z", "nodeId": "n",
         "initiator": "admin/127.0.0.1", "repositoryName": "app",
         "action": "CREATED"}


@dataclasses.dataclass
class Case:
    """How a sender proves itself, and what does not do."""

    type: str
    body: dict
    headers: tuple = NOTHING
    events: tuple = ()
    # Deliveries that are signed as they should be, and yet are not wanted.
    bad_bodies: tuple = ()
    other_event: dict = dataclasses.field(default_factory=dict)


CASES = [
    Case("generic", {"a": 1}),
    Case("generic-hmac", {"a": 1}, signed("X-Signature")),
    Case("github", {"ref": "refs/heads/main"}, GITHUB, ("push", "ping"),
         (), {"X-GitHub-Event": "issues"}),
    Case("gitlab", {"ref": "refs/heads/main"},
         told("X-Gitlab-Token", **{"X-Gitlab-Event": "Push Hook"}),
         ("Push Hook",), (), {"X-Gitlab-Event": "Job Hook"}),
    Case("bitbucket", {"ref": "refs/heads/main"}, BITBUCKET,
         ("repo:refs_changed",), (), {"X-Event-Key": "pr:opened"}),
    Case("harbor", {"type": "PUSH_ARTIFACT"}, told("Authorization")),
    Case("dockerhub", {"push_data": {"tag": "v1"},
                       "repository": {"repo_url": "https://r.example/app"}},
         bad_bodies=(b"{", b"[]", b'{"push_data":1}')),
    Case("quay", {"docker_url": "quay.example/app", "updated_tags": ["v1"]},
         bad_bodies=(b"{", b"[]", b'{"updated_tags":1}')),
    Case("nexus", NEXUS,
         signed("X-Nexus-Webhook-Signature", "sha1", prefix=False)),
    Case("acr", {"action": "push",
                 "target": {"repository": "app", "tag": "v1"}},
         bad_bodies=(b"{", b"[]", b'{"action":1}')),
    Case("cdevents", CDEVENT,
         (lambda body: {"Ce-Type": "cd.change.merged.v1"}, lambda body: []),
         ("cd.change.merged.v1",), (b"{}", b'{"context":{}}'),
         {"Ce-Type": "cd.change.created.v1"}),
]


def requested_at(env):
    return env.get("GitRepository", "app")["metadata"].get(
        "annotations", {}).get(REQUESTED)


def receiver(env, kind, secret=None, **spec):
    """Makes one for the GitRepository; returns its path."""
    if secret is not None:
        env.apply({"kind": "Secret", "metadata": {"name": "hook"},
                   "type": "Opaque", "stringData": secret})
        spec["secretRef"] = {"name": "hook"}
    env.apply({"kind": "Receiver", "metadata": {"name": "hook"}, "spec": {
        "type": kind, "resources": [
            {"kind": "GitRepository", "name": "app"}], **spec}})
    obj = env.ready("Receiver", "hook")
    secret_token = (secret or {}).get("token", "")
    path = "/hook/" + hashlib.sha256(
        f"{secret_token}hook{env.namespace}".encode()).hexdigest()
    equal(obj["status"]["webhookPath"], path, "path")
    # The status may be read before the watch told the server of it.
    env.until("the path known", lambda: hook(env, path) != 404)
    return path


def refused(env, path, body, headers, code=400):
    """It is answered so, and nobody is woken."""
    before = requested_at(env)
    equal(hook(env, path, body, headers), code, f"answer to {headers}")
    equal(requested_at(env), before, REQUESTED)


def woken(env, path, body, headers):
    """A commit that nobody knows of yet is fetched."""
    before = requested_at(env)
    commit = env.commit({"a.yaml": config_map("a", f"c{time.monotonic()}")})
    equal(hook(env, path, body, headers), 200, f"answer to {headers}")
    mark = requested_at(env)
    check(mark and mark != before, f"{REQUESTED} is {mark}")
    env.wait("GitRepository", "app", f"at {commit}", lambda o: (
        o["status"].get("lastHandledReconcileAt") == mark and
        commit in o["status"]["artifact"]["revision"]))


def ready_source(env):
    env.commit({"a.yaml": config_map("a")})
    env.source()
    env.ready("GitRepository")


def try_case(env, case):
    ready_source(env)
    path = receiver(env, case.type, {"token": TOKEN},
                    **({"events": list(case.events)} if case.events else {}))
    body = json.dumps(case.body).encode()
    good, bad = case.headers
    for headers in bad(body):
        refused(env, path, body, headers)
    for other in case.bad_bodies:
        refused(env, path, other, good(other))
    if case.other_event:
        refused(env, path, body, {**good(body), **case.other_event})
    refused(env, path[:-1], body, good(body), 404)
    refused(env, path + "?x", body, good(body), 404)
    woken(env, path, body, good(body))
    env.merge("Receiver", "hook", {"spec": {"suspend": True}})
    env.until("503 while suspended", lambda: hook(
        env, path, body, good(body)) == 503)


def add_case(case):
    @scenario(f"Receiver of type {case.type}")
    def run(env):
        try_case(env, case)


for one in CASES:
    add_case(one)


@scenario("Receiver of type generic-oidc")
def generic_oidc(env):
    if not shutil.which("openssl"):
        raise Skip("no openssl to sign with")
    issuer = env.world.serve(Issuer(env.world.folder / "issuer"))
    ready_source(env)
    path = receiver(env, "generic-oidc", oidcProviders=[{
        "issuerURL": issuer.url, "variables": [
            {"name": "who", "expression": "claims.sub"}],
        "validations": [{"expression": "vars.who == 'robot'",
                         "message": "not the robot"}]}])
    past = int(time.time()) - 3600

    def bearer(token):
        return {"Authorization": f"Bearer {token}"}
    token = issuer.token()
    head, claims, proof = token.split(".")
    other = base64url({"iss": issuer.url, "sub": "robot", "exp": past * 2,
                       "aud": "notification-controller"})
    unsigned = base64url({"alg": "none"})
    for headers in ({}, bearer(""), {"Authorization": token}, bearer("x.y.z"),
                    bearer(f"{head}.{other}.{proof}"),
                    bearer(f"{unsigned}.{claims}."),
                    bearer(issuer.token(aud="another")),
                    bearer(issuer.token(exp=past)),
                    bearer(issuer.token(iss="http://127.0.0.1:1")),
                    bearer(issuer.token(sub="mallory"))):
        refused(env, path, b"{}", headers)
    woken(env, path, b"{}", bearer(token))
    issuer.rotate()
    # Keys are asked for anew when one is unknown, though not all the time.
    env.until("the new key known", lambda: hook(
        env, path, b"{}", bearer(issuer.token())) == 200, 30)


@scenario("Receiver of type gcr refuses what Google did not sign")
def gcr(env):
    ready_source(env)
    path = receiver(env, "gcr", {"token": TOKEN, "email": "a@b.example",
                                 "audience": "me"})
    claims = {"iss": "accounts.google.com", "aud": "me",
              "email": "a@b.example", "email_verified": True,
              "exp": int(time.time()) + 300}
    unsigned = (f"{base64url({'alg': 'none', 'typ': 'JWT'})}."
                f"{base64url(claims)}.")
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"},
                    {"Authorization": f"Bearer {unsigned}"}):
        refused(env, path, b"{}", headers)


@scenario("a push hook to Ready of the Kustomization", private=True)
def hook_to_ready(env):
    env.install({"a.yaml": config_map("a")})
    path = receiver(env, "github", {"token": TOKEN}, events=["push"])
    body = b'{"ref":"refs/heads/main"}'
    times = []
    for number in range(5):
        commit = env.commit({"a.yaml": config_map("a", f"c{number}")})
        started = time.monotonic()
        equal(hook(env, path, body, GITHUB[0](body)), 200, "answer")
        env.wait("Kustomization", "app", f"at {commit}", lambda o: (
            is_ready(o) and commit in o["status"]["lastAppliedRevision"]))
        times.append(time.monotonic() - started)
        equal(env.data("a"), {"color": f"c{number}"}, "a")
    times.sort()
    print(f"hook to Ready: median {times[2]:.3f} s, at most "
          f"{times[-1]:.3f} s", flush=True)
    check(times[-1] < 5, f"it took {times[-1]:.1f} s")
