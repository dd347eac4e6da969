"""What happens in the cluster reaches people and machines, come what may."""

import http.client
import json
import random
import socket
import threading
import time

from harness.git_servers import free_port
from harness.scenario import (Skip, check, config_map, deployment, equal,
                              scenario)
from harness.sinks import Forge, Silent, Sink

GROUP = "kustomize.toolkit.fluxcd.io"
MEMORY_MIB = 60
PROBE = "f" * 40


def revision(commit):
    return {f"{GROUP}/revision": f"main@sha1:{commit}"}


class Poster:
    """Posts events as an emitter does, over one connection."""

    def __init__(self, env, what="event"):
        self.env, self.what = env, what
        self.number = 0
        self._connection = None

    def event(self, name="app", message=None, severity="info", **more):
        """An event that was not there before."""
        self.number += 1
        return {"involvedObject": {
            "kind": "Kustomization", "namespace": self.env.namespace,
            "name": name, "uid": f"uid-{name}",
            "apiVersion": f"{GROUP}/v1", "resourceVersion": "1"},
            "severity": severity, "timestamp": "2026-01-01T00:00:00Z",
            "message": message or f"{self.what} {self.number}",
            "reason": "ReconciliationSucceeded",
            "reportingController": "kustomize-controller", **more}

    def try_post(self, *args, **more):
        """As post; 0 when there is nobody."""
        try:
            return self.post(*args, **more)
        except (OSError, http.client.HTTPException):
            return 0

    def post(self, name="app", message=None, **more):
        """Posts one; returns the code of the answer."""
        body = json.dumps(self.event(name, message, **more))
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                self.env.world.events_address, timeout=5)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP,
                                             socket.TCP_NODELAY, 1)
        try:
            self._connection.request("POST", "/", body, {
                "Content-Type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self._connection = None
            raise


def provider(env, name, address, kind="generic", secret=None, **spec):
    if secret is not None:
        make_secret(env, name, **secret)
        spec["secretRef"] = {"name": name}
    env.apply({"kind": "Provider", "metadata": {"name": name},
               "spec": {"type": kind, "address": address, **spec}})


def make_secret(env, name, **data):
    env.apply({"kind": "Secret", "metadata": {"name": name},
               "type": "Opaque", "stringData": data})


def alert(env, name, sources=("Kustomization",), labels=None, **spec):
    """An Alert of the Provider with the same name."""
    source = {"name": "*", **({"matchLabels": labels} if labels else {})}
    env.apply({"kind": "Alert", "metadata": {"name": name}, "spec": {
        "providerRef": {"name": name}, "eventSeverity": "info",
        "eventSources": [{"kind": k, **source} for k in sources], **spec}})


def tell(env, name, sink, path="", **more):
    """A Provider and its Alert; returns once both are known."""
    provider(env, name, sink.url + path, **more)
    alert(env, name)
    settle(env, sink)


def settle(env, sink, name="probe"):
    """Until an event arrives: the watches of both kinds take their time."""
    probes = Poster(env, "probe")

    def known():
        probes.try_post(name, severity="error", metadata=revision(PROBE))
        time.sleep(0.1)
        return sink.count()
    env.until("known", known)
    time.sleep(0.3)  # The last one is on its way.
    sink.clear()


def warnings(env, name):
    """Messages of Warning Events on an Alert."""
    return [e["message"] for e in env.kube.list("Event", env.namespace)
            if e["involvedObject"]["kind"] == "Alert" and
            e["involvedObject"]["name"] == name and
            e["type"] == "Warning" and
            e["reason"] == "NotificationDispatchFailed"]


def messages(sink):
    return [e["message"] for e in sink.events()]


def check_memory(env):
    """Peak resident memory is within the budget."""
    peak = env.world.notification.memory("VmHWM") / 1024
    print(f"notification-controller: at most {peak:.1f} MiB", flush=True)
    check(peak < MEMORY_MIB, f"{peak:.1f} MiB of memory")


# ------------------------------------------------------- from commit to forge

def broken_and_fixed(env):
    hook, forge = env.world.serve(Sink()), env.world.serve(Forge())
    tell(env, "hook", hook)
    tell(env, "forge", forge, "/org/repo", kind="gitea",
         secret={"token": "s3cret"})
    env.install({"web.yaml": deployment("web", deadline=2)}, wait=True)

    bad = env.commit({"web.yaml": deployment("web", "hang", deadline=2)})
    env.fetch()
    env.failed(reason="HealthCheckFailed", timeout=30)
    event = env.until("the webhook told", lambda: [
        e for e in hook.events(severity="error", reason="HealthCheckFailed")
        if bad in e["metadata"].get("revision", "")])[0]
    equal(event["involvedObject"]["name"], "app", "object")
    check("Deployment/" in event["message"], event["message"])
    env.until("failure set", lambda: "failure" in forge.states(bad))
    status = forge.statuses(bad)[0]
    equal(status["description"], "health check failed", "description")
    uid = env.get("Provider", "forge")["metadata"]["uid"]
    equal(status["context"], f"kustomization/app/{uid.split('-')[0]}",
          "context")
    check("success" not in forge.states(bad), "success of the bad commit")

    good = env.push({"web.yaml": deployment("web", image="example.com/web:2",
                                            deadline=2)})
    env.until("the webhook told", lambda: [
        e for e in hook.events(severity="info",
                               reason="ReconciliationSucceeded")
        if good in e["metadata"].get("revision", "")])
    env.until("success set", lambda: "success" in forge.states(good))
    equal(forge.states(good)[-1], "success", "the last word")
    for delivery in forge.deliveries():
        equal(delivery.headers.get("authorization"), "token s3cret", "token")


@scenario("a broken Deployment and its fix reach a webhook and a forge",
          private=True, world={"events": "http"})
def breaks_http(env):
    broken_and_fixed(env)


@scenario("a broken Deployment and its fix are told over gRPC too",
          private=True, world={"events": "grpc"})
def breaks_grpc(env):
    if not env.world.use_grpc:
        raise Skip("these controllers have no gRPC")
    broken_and_fixed(env)


# ------------------------------------------------------------- stops and kills

def check_order(events, what):
    """Numbers at the end of messages rise, for each object."""
    last = {}
    for event in events:
        name = event["involvedObject"]["name"]
        number = int(event["message"].rsplit(" ", 1)[1])
        check(number > last.get(name, 0), f"{what}: {name}: {number} after "
              f"{last.get(name)}")
        last[name] = number


@scenario("queued events are delivered before the end", private=True)
def drains(env):
    slow = env.world.serve(Sink(delay=0.1))
    tell(env, "slow", slow)
    poster = Poster(env)
    for number in range(60):
        equal(poster.post(f"app{number % 12}"), 202, "answer")
    check(slow.count() < 40, "nothing waited")
    equal(env.world.notification.stop(), 0, "exit code")
    equal(len(set(messages(slow))), 60, "delivered")
    equal(slow.count(), 60, "deliveries")
    check_order(slow.events(), "slow")
    slow.delay = 0
    slow.clear()
    # What is taken in the first moment is told: before Alerts are known,
    # nothing is.
    env.world.notification.start(wait=False)
    env.until("taken", lambda: poster.try_post() == 202)
    env.until("told", lambda: f"event {poster.number}" in messages(slow))


@scenario("events of a time without notification-controller come later",
          private=True, world={"events": "http"})
def emitters_wait(env):
    hook = env.world.serve(Sink())
    tell(env, "hook", hook)
    env.install({"a.yaml": config_map("a")})
    env.world.notification.stop()
    commit = env.push({"a.yaml": config_map("a", "red")})
    env.world.notification.start()
    env.until("told", lambda: [
        e for e in hook.events(reason="ReconciliationSucceeded")
        if commit in e["metadata"].get("revision", "")], 30)


@scenario("notification-controller killed at random moments", private=True)
def killed(env):
    hook = env.world.serve(Sink())
    tell(env, "hook", hook)
    pick, poster, done = random.Random(4711), Poster(env), threading.Event()

    def flow():
        while not done.wait(0.005):
            poster.try_post(f"app{poster.number % 10}")
    thread = threading.Thread(target=flow, daemon=True)
    thread.start()
    program = env.world.notification
    try:
        for _ in range(20):
            time.sleep(pick.uniform(0.02, 0.4))
            program.kill()
            program.start(wait=False)
        program.await_ready()
        before = hook.count()
        env.until("more events", lambda: hook.count() > before + 20)
    finally:
        done.set()
        thread.join()
    env.until("the last one told", lambda: Poster(env).post(
        message="the last one") and "the last one" in messages(hook))


# -------------------------------------------------------------- dead receivers

@scenario("ten thousand events with dead providers and one alive",
          private=True)
def dead_providers(env):
    alive, silent = env.world.serve(Sink()), env.world.serve(Silent())
    tell(env, "alive", alive)
    for name, address in (("refuses", f"http://127.0.0.1:{free_port()}"),
                          ("hangs", silent.url)):
        provider(env, name, address, timeout="3s")
        alert(env, name)
    poster, count, objects = Poster(env), 10_000, 100
    started = time.monotonic()
    for number in range(count):
        # As fast as this sink can take them, and no faster.
        while number - alive.count() > 2000:
            time.sleep(0.01)
        equal(poster.post(f"app{number % objects}"), 202, "answer")
    posted = time.monotonic() - started
    env.until("all told", lambda: alive.count() >= count, 20)
    print(f"{count} events posted in {posted:.1f} s, told in "
          f"{time.monotonic() - started:.1f} s", flush=True)
    events = alive.events()
    equal(len({e["message"] for e in events}), count, "told")
    equal(len(events), count, "deliveries")
    check_order(events, "alive")
    for name in ("refuses", "hangs"):
        found = env.until(f"a Warning on {name}",
                          lambda name=name: warnings(env, name))
        check(f"Kustomization/{env.namespace}/app" in found[0], found[0])
    equal(warnings(env, "alive"), [], "Warnings")
    check_memory(env)


# ------------------------------------------------------------------- Secrets

@scenario("a provider's Secret changes, goes and comes back")
def secret_changes(env):
    forge = env.world.serve(Forge())
    commit = "1" * 40
    tell(env, "forge", forge, "/org/repo", kind="gitea",
         secret={"token": "first"})
    poster = Poster(env)
    pid = env.world.notification.pid

    def post(message):
        poster.post(message=message, severity="error", reason=message,
                    metadata=revision(commit))

    def told(reason, token):
        post(reason)
        status = env.until(f"{reason} told", lambda: [
            d for d in forge.deliveries() if d.method == "POST" and
            reason.lower() in d.json["description"].replace(" ", "")])[0]
        equal(status.headers.get("authorization"), f"token {token}", reason)
    told("BuildFailed", "first")
    make_secret(env, "forge", token="second")
    time.sleep(1)  # The watch tells of it in a moment.
    told("ApplyFailed", "second")
    env.delete("Secret", "forge")
    time.sleep(1)
    equal(warnings(env, "forge"), [], "Warnings")
    post("PruneFailed")
    found = env.until("a Warning", lambda: warnings(env, "forge"))
    check("not found" in found[0], found[0])
    for text in found:
        check("first" not in text and "second" not in text, "a token")
    make_secret(env, "forge", token="third")
    time.sleep(1)
    told("HealthCheckFailed", "third")
    equal(env.world.notification.pid, pid, "process")


# ------------------------------------------------------------ cost and manners

def asked_by_us(entries):
    """Requests of notification-controller, but Events that it writes."""
    return [f"{e['method']} {e['path']}?{e['query']}" for e in entries
            if e["userAgent"].startswith("notification-controller") and
            not (e["path"].endswith("/events") and e["method"] == "POST")]


@scenario("an event costs no request to the API server", private=True,
          only="embedded")
def no_requests(env):
    plain, signed = env.world.serve(Sink()), env.world.serve(Sink())
    for number in range(10):
        env.apply({"kind": "Kustomization", "metadata": {
            "name": f"app{number}", "labels": {"team": "a"}}, "spec": {
                "interval": "1h", "prune": True, "suspend": True,
                "sourceRef": {"kind": "GitRepository", "name": "app"}}})
    provider(env, "signed", signed.url, kind="generic-hmac",
             secret={"token": "s3cret"})
    alert(env, "signed", labels={"team": "a"})
    settle(env, signed, "app0")
    tell(env, "plain", plain)
    time.sleep(1)
    signed.clear()
    poster = Poster(env)
    for number in range(10):  # Watches begin with the first question.
        poster.post(f"app{number}")
    env.until("warm", lambda: signed.count() == 10 and plain.count() == 10)
    time.sleep(1)
    entries, offset = env.world.backend.requests()
    check(asked_by_us(entries), "the log does not tell who asks")
    for number in range(200):
        equal(poster.post(f"app{number % 10}"), 202, "answer")
    env.until("told", lambda: signed.count() == 210 and plain.count() == 210)
    entries, _ = env.world.backend.requests(offset)
    equal(asked_by_us(entries), [], "requests")


def as_go_sends(address, body):
    """One request, to the byte as Go's HTTP client writes it."""
    return (f"POST / HTTP/1.1\r\nHost: {address}\r\n"
            "User-Agent: Go-http-client/1.1\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Content-Type: application/json\r\n"
            "Accept-Encoding: gzip\r\n\r\n").encode() + body


@scenario("events are taken as Flux's own controllers post them")
def stock_emitters(env):
    hook = env.world.serve(Sink())
    tell(env, "hook", hook)
    # As encoding/json has it: escaped, in the order of the struct.
    body = (
        '{"involvedObject":{"kind":"Kustomization","namespace":"'
        f'{env.namespace}","name":"app","uid":"c8a8a9c5-0000-4000-8000-'
        f'000000000000","apiVersion":"{GROUP}/v1","resourceVersion":"42"}},'
        '"severity":"info","timestamp":"2026-01-01T10:00:00Z","message":'
        '"a \\u003cb\\u003e \\u0026 \\u2028 ü",'
        '"reason":"ReconciliationSucceeded","metadata":{'
        f'"event.toolkit.fluxcd.io/team":"x","{GROUP}/checksum":"y",'
        f'"{GROUP}/revision":"main@sha1:{"2" * 40}",'
        '"other.example/key":"z"},'
        '"reportingController":"kustomize-controller",'
        '"reportingInstance":"kustomize-controller-0"}').encode()
    address = env.world.events_address
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        def ask():
            connection.sendall(as_go_sends(address, body))
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.read()
            return answer
        first, second = ask(), ask()  # Go keeps its connection.
    equal(first.status, 202, "answer")
    equal(first.headers["X-RateLimit-Limit"], "1", "X-RateLimit-Limit")
    equal(first.headers["X-RateLimit-Remaining"], "0", "remaining")
    equal(second.status, 429, "the same again")
    check(second.headers["Retry-After"], "no Retry-After")
    env.until("told", hook.count)
    equal(hook.count(), 1, "deliveries")
    got = hook.events()[0]
    wanted = json.loads(body)
    wanted["metadata"] = {"revision": f"main@sha1:{'2' * 40}", "team": "x"}
    equal(got, wanted, "event")
    equal(hook.deliveries()[0].headers["gotk-component"],
          "kustomize-controller", "gotk-component")
