#!/usr/bin/env python3
"""Measures source-controller with large indexes of Helm repositories.

    tests/benchmarks/measure_indexes.py [--build build/release]
        [--repositories 1] [--charts 100] [--controllers DIR]

Each repository's index has 500 charts of 170 versions, 51 MB. All
HelmRepositories are applied at once, then the HelmCharts, of as many charts of
the first one. Prints wall times, the most memory that was resident, and how
often an index was fetched. --controllers: a folder with upstream's programs,
to measure them in the same way.
"""

import argparse
import gzip
import http.server
import io
import sys
import tarfile
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "e2e"))

from harness.kube import is_ready  # noqa: E402
from harness.world import Programs, World  # noqa: E402

NAMESPACE = "indexes"
VERSION = """  - apiVersion: v2
    appVersion: 1.{version}.0
    created: "2024-01-02T03:04:05.678901234Z"
    description: A chart with all that service {chart} of the company needs
    digest: {digest:064x}
    home: https://example.com/charts/chart-{chart}
    keywords: [database, sql, {chart}]
    maintainers:
    - email: someone@example.com
      name: Some One
    name: chart-{chart}
    sources:
    - https://github.com/example/chart-{chart}
    - https://example.com/the/documentation/of/chart-{chart}
    type: application
    urls:
    - chart-{chart}-1.{version}.0.tgz
    version: 1.{version}.0
"""


def make_index():
    parts = ["apiVersion: v1\nentries:\n"]
    for chart in range(500):
        parts.append(f"  chart-{chart}:\n")
        for version in range(170):
            parts.append(VERSION.format(chart=chart, version=version,
                                        digest=chart * 1000 + version))
    parts.append('generated: "2024-01-02T03:04:05Z"\n')
    return "".join(parts).encode()


def make_chart(name, version):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        data = f"apiVersion: v2\nname: {name}\nversion: {version}\n".encode()
        member = tarfile.TarInfo(f"{name}/Chart.yaml")
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return gzip.compress(raw.getvalue(), mtime=0)


class Server:
    """The repositories, at /0, /1, ..., and how often each path was asked."""

    def __init__(self, index):
        self.asked = asked = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

            def do_GET(self):  # pylint: disable=invalid-name
                asked[self.path] = asked.get(self.path, 0) + 1
                file = self.path.rpartition("/")[2]
                if file == "index.yaml":
                    body = index
                else:
                    body = make_chart(*file[:-len(".tgz")].rsplit("-", 1))
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"


def say(what, value):
    print(f"{what:<58} {value}", flush=True)


def resident(controller, key):
    """key: VmRSS, now, or VmHWM, the most so far."""
    return f"{controller.memory(key) / 1024:.1f} MiB"


def apply_all(world, kind, specs, patience=1200):
    """Until all are Ready; returns the seconds."""
    started = time.monotonic()
    names = [f"{kind.lower()}-{i}" for i in range(len(specs))]
    for name, spec in zip(names, specs):
        world.kube.apply({"apiVersion": "source.toolkit.fluxcd.io/v1",
                          "kind": kind, "spec": spec, "metadata": {
                              "name": name, "namespace": NAMESPACE}})
    for name in names:
        world.kube.wait(kind, name, NAMESPACE, "ready", is_ready, patience)
    return f"{time.monotonic() - started:.1f} s"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build/release", type=Path)
    parser.add_argument("--controllers")
    parser.add_argument("--repositories", default=1, type=int)
    parser.add_argument("--charts", default=100, type=int)
    options = parser.parse_args()
    index = make_index()
    server = Server(index)
    programs = Programs(options.build, options.controllers)
    world = World(programs, "embedded", simulate="off")
    world.start()
    try:
        source = world.source
        world.kube.create({"kind": "Namespace",
                           "metadata": {"name": NAMESPACE}})
        say("size of an index", f"{len(index) / 1e6:.1f} MB")
        say("idle: resident", resident(source, "VmRSS"))
        say(f"{options.repositories} HelmRepositories Ready", apply_all(
            world, "HelmRepository",
            [{"interval": "1h", "timeout": "10m",
              "url": f"http://{server.address}/{i}"}
             for i in range(options.repositories)]))
        say("  most resident so far", resident(source, "VmHWM"))
        say(f"{options.charts} HelmCharts Ready", apply_all(
            world, "HelmChart",
            [{"interval": "1h", "chart": f"chart-{i}", "version": ">=1.0.0",
              "sourceRef": {"kind": "HelmRepository",
                            "name": "helmrepository-0"}}
             for i in range(options.charts)]))
        say("  most resident so far", resident(source, "VmHWM"))
        say("fetches of indexes", sum(
            times for path, times in server.asked.items()
            if path.endswith("/index.yaml")))
    finally:
        problems = world.stop()
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
