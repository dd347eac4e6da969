#!/usr/bin/env python3
"""Measures notification-controller: events in, notifications out, webhooks.

    tests/benchmarks/measure_notifications.py [--build build/release]
        [--backend embedded|real] [--events 50000] [--hooks 5000]

50 Alerts of 10 Providers, of which each event concerns two; all Providers lead
to one server. Events differ, so that none is a duplicate. Webhooks are signed
as GitHub does; the controller may use one core then. CPU is the controller's
own, the API server, the load and the server take theirs beside it. Prints a
table with the targets.
"""

import argparse
import os
import statistics
import sys
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "e2e"))

from harness.scenario import Env, config_map, is_ready  # noqa: E402
from harness.world import Programs, World  # noqa: E402
from http_load import CountingServer, load  # noqa: E402
from scenarios.notifications import provider, settle  # noqa: E402
from scenarios.webhooks import (hook, receiver, ready_source,  # noqa: E402
                                signature)

IDLE = 15  # Ten seconds after the last work memory is given back.
OBJECTS, ALERTS, PROVIDERS = 100, 50, 10
HOOK_BODY = b'{"ref":"refs/heads/main"}'


def say(what, target, value):
    print(f"| {what} | {target} | {value} |", flush=True)


def cpu_seconds(program):
    stat = Path(f"/proc/{program.pid}/stat").read_text(encoding="utf-8")
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def mib(program, key="VmRSS"):
    return f"{program.memory(key) / 1024:.1f} MiB"


def keep_to_cores(program, cores):
    for task in Path(f"/proc/{program.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), cores)


def counter(program, name):
    """The sum of a counter over its labels."""
    text = urllib.request.urlopen(f"http://{program.metrics}/metrics",
                                  timeout=10).read().decode()
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
               if line.startswith((name + "{", name + " ")))


class Busy:
    """What a program costs between two moments."""

    def __init__(self, program):
        self.program = program
        program.reset_peak()
        self.started, self.cpu = time.monotonic(), cpu_seconds(program)

    def cost(self):
        """(seconds, CPU seconds) since then."""
        return (time.monotonic() - self.started,
                cpu_seconds(self.program) - self.cpu)


def make_alerts(env, sink):
    for number in range(PROVIDERS):
        provider(env, f"p{number}", f"http://{sink.address}/{number}")
    for number in range(ALERTS):
        env.apply({"kind": "Alert", "metadata": {"name": f"a{number}"},
                   "spec": {
                       "providerRef": {"name": f"p{number % PROVIDERS}"},
                       "eventSeverity": "info", "eventSources": [
                           {"kind": "Kustomization", "name": f"app{i}"}
                           for i in range(OBJECTS)
                           if number in (i % ALERTS, (i + 1) % ALERTS)]}})


class Served:
    """A CountingServer as scenarios.settle wants it."""

    def __init__(self, server):
        self._server, self._before = server, 0

    def count(self):
        return self._server.count - self._before

    def clear(self):
        self._before = self._server.count


def event_maker(address, namespace):
    """make(i): a request that posts an event unlike the others."""
    def make(number):
        body = (
            '{"involvedObject":{"kind":"Kustomization","namespace":"'
            f'{namespace}","name":"app{number % OBJECTS}","uid":"c8a8a9c5-'
            '0000-4000-8000-000000000000","apiVersion":'
            '"kustomize.toolkit.fluxcd.io/v1","resourceVersion":"42"},'
            '"severity":"info","timestamp":"2026-01-01T10:00:00Z","message":'
            f'"Reconciliation finished in {number} ms, next run in 10m0s",'
            '"reason":"ReconciliationSucceeded","metadata":{'
            '"kustomize.toolkit.fluxcd.io/revision":"main@sha1:'
            f'{number:040x}"}},"reportingController":"kustomize-controller",'
            '"reportingInstance":"kustomize-controller-0"}')
        return (f"POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: "
                "application/json\r\nContent-Length: "
                f"{len(body)}\r\n\r\n{body}").encode()
    return make


def await_quiet(server, seconds=60):
    """Until it was not asked for a while; returns when it last was."""
    count, last = -1, time.monotonic()
    deadline = last + seconds
    while time.monotonic() < deadline and time.monotonic() - last < 1:
        if server.count != count:
            count, last = server.count, time.monotonic()
        time.sleep(0.05)
    return last


def measure_events(env, count):
    program, server = env.world.notification, CountingServer()
    try:
        make_alerts(env, server)
        settle(env, Served(server), "app0")
        await_quiet(server)
        address = env.world.events_address
        before = server.count
        busy = Busy(program)
        seconds, codes = load(address, event_maker(address, env.namespace),
                              count)
        last = await_quiet(server)
        _, cpu = busy.cost()
        told = server.count - before
        say("events taken", "5,000/s", f"{count / seconds:,.0f}/s {codes}")
        say("notifications delivered, two of an event", "-",
            f"{told / (last - busy.started):,.0f}/s, {told:,} of "
            f"{2 * count:,}")
        say("notifications dropped, as more than 5,000 of a Provider waited",
            "-", f"{counter(program, 'weir_notifications_dropped_total'):,.0f}"
            )
        say("CPU of an event and its notifications", "-",
            f"{cpu / count * 1e6:,.0f} µs")
        say("most resident memory", "60 MiB", mib(program, "VmHWM"))
    finally:
        server.stop()


def hook_maker(address, path, body, headers):
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = (f"POST {path} HTTP/1.1\r\nHost: {address}\r\n{head}"
               f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    return lambda number: request


def github(body):
    return {"X-Hub-Signature-256": signature(body), "X-GitHub-Event": "push",
            "Content-Type": "application/json"}


def measure_hooks(env, count):
    """The GitRepository is suspended: its reconciles are not the matter."""
    program, address = env.world.notification, env.world.receiver_address
    ready_source(env)
    path = receiver(env, "github", {"token": "s3cret"}, events=["push"])
    env.merge("GitRepository", "app", {"spec": {"suspend": True}})
    time.sleep(1)
    cores = os.sched_getaffinity(0)
    keep_to_cores(program, {min(cores)})
    for what, target, headers in (
            ("webhooks that wake an object", "1,000/s", github(HOOK_BODY)),
            ("webhooks with a wrong signature", "-", github(b"other"))):
        busy = Busy(program)
        seconds, codes = load(address, hook_maker(
            address, path, HOOK_BODY, headers), count)
        _, cpu = busy.cost()
        say(f"{what}, on one core", target,
            f"{count / seconds:,.0f}/s {codes}; CPU {cpu / count * 1e6:,.0f} "
            "µs each")
    say("most resident memory", "60 MiB", mib(program, "VmHWM"))
    keep_to_cores(program, cores)


def measure_latency(env, rounds=10):
    env.install({"a.yaml": config_map("a")})
    path = receiver(env, "github", {"token": "s3cret"}, events=["push"])
    times = []
    for number in range(rounds):
        commit = env.commit({"a.yaml": config_map("a", f"c{number}")})
        started = time.monotonic()
        hook(env, path, HOOK_BODY, github(HOOK_BODY))
        env.wait("Kustomization", "app", f"at {commit}", lambda o: (
            is_ready(o) and commit in o["status"]["lastAppliedRevision"]))
        times.append(time.monotonic() - started)
    say("push hook to Ready of the Kustomization, median (most)", "2 s",
        f"{statistics.median(times):.3f} s ({max(times):.3f} s)")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--backend", default="embedded")
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--hooks", type=int, default=5_000)
    options = parser.parse_args()
    programs = Programs(options.build)
    missing = programs.missing(options.backend)
    if missing:
        raise SystemExit("measure_notifications: not built: " +
                         ", ".join(missing))
    world = World(programs, options.backend, simulate="off")
    world.start()
    try:
        program = world.notification
        print("| what | target | measured |\n|---|---|---|")
        time.sleep(IDLE)
        say("idle, after the start: resident", "20 MiB",
            mib(program))
        measure_latency(Env(world, "bench-latency"))
        measure_events(Env(world, "bench-events"), options.events)
        measure_hooks(Env(world, "bench-hooks"), options.hooks)
        time.sleep(IDLE)
        say("idle, after the work: resident", "20 MiB",
            mib(program))
    finally:
        problems = world.stop()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
