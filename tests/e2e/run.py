#!/usr/bin/env python3
"""End-to-end tests: the real controllers, real git servers, an API server.

One list of scenarios (scenarios/*.py), two back ends with equal outcomes:
`embedded` is `weir apiserver`, `real` is etcd, kube-apiserver and
kube-controller-manager (scripts/control-plane). Each scenario has a namespace
of its own; those that break things have a world of their own.

    tests/e2e/run.py --build build/dev [--backend embedded|real|both]
                     [--filter SUBSTR] [--list] [--jobs N]

Exits 0 when nothing failed, 1 otherwise, 2 on wrong use.
"""

import argparse
import concurrent.futures
import re
import sys
import threading
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scenarios  # noqa: F401, E402  (registers all scenarios)
from harness.kube import ApiError  # noqa: E402
from harness.scenario import SCENARIOS, Env, Skip  # noqa: E402
from harness.world import Programs, RealBackend, World  # noqa: E402


class Tally:
    """Counts and prints results; safe to use from many threads."""

    def __init__(self, verbose):
        self.passed = self.failed = self.skipped = 0
        # Names of scenarios to run again alone; None: failures are final.
        self.again = []
        self.verbose = verbose
        self._lock = threading.Lock()

    def add(self, verdict, backend, name, seconds, why=""):
        with self._lock:
            if verdict == "FAIL" and self.again is not None:
                self.again.append(name)
                verdict = "slow"
            elif verdict == "ok":
                self.passed += 1
            elif verdict == "skip":
                self.skipped += 1
            else:
                self.failed += 1
            print(f"{verdict:<4} {backend:<8} {seconds:6.1f} s  {name}"
                  + (f": {why}" if why else ""), flush=True)


def namespace_of(name):
    words = re.findall("[a-z0-9]+", name.lower())
    return ("e2e-" + "-".join(words))[:50].rstrip("-")


def run_in(world, scenario, tally, backend):
    """Runs one scenario in a world that is up."""
    started = time.monotonic()
    try:
        scenario.run(Env(world, namespace_of(scenario.name)))
        verdict, why = "ok", ""
    except Skip as skip:
        verdict, why = "skip", str(skip)
    except (AssertionError, ApiError) as error:
        verdict, why = "FAIL", str(error) or traceback.format_exc(limit=-2)
        if tally.verbose:
            why += "\n" + traceback.format_exc()
    except Exception as error:  # A broken scenario must not end the run.
        verdict = "FAIL"
        why = f"{error!r}\n{traceback.format_exc(limit=-4)}"
    return verdict, why, time.monotonic() - started


def run_private(programs, scenario, tally, backend):
    started = time.monotonic()
    try:
        world = World(programs, backend, **scenario.world)
        world.start()
    except Skip as skip:
        tally.add("skip", backend, scenario.name, 0, str(skip))
        return
    except Exception as error:
        tally.add("FAIL", backend, scenario.name,
                  time.monotonic() - started,
                  f"the world did not start: {error}")
        return
    verdict, why, seconds = run_in(world, scenario, tally, backend)
    problems = world.stop()
    if problems and verdict == "ok":
        verdict, why = "FAIL", "; ".join(problems)
    tally.add(verdict, backend, scenario.name, seconds, why)


def run_shared(programs, chosen, tally, backend, jobs):
    """All scenarios that get along in one world."""
    if not chosen:
        return
    try:
        world = World(programs, backend).start()
    except Skip as skip:
        for scenario in chosen:
            tally.add("skip", backend, scenario.name, 0, str(skip))
        return
    except Exception as error:
        for scenario in chosen:
            tally.add("FAIL", backend, scenario.name, 0,
                      f"the world did not start: {error}")
        return

    def one(scenario):
        verdict, why, seconds = run_in(world, scenario, tally, backend)
        tally.add(verdict, backend, scenario.name, seconds, why)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, chosen))
    started = time.monotonic()
    problems = world.stop()
    tally.add("FAIL" if problems else "ok", backend,
              "everything still runs and stops when told",
              time.monotonic() - started, "; ".join(problems))


def run_backend(programs, chosen, tally, backend, jobs):
    missing = programs.missing(backend)
    if missing:
        raise SystemExit("e2e: not built: " + ", ".join(missing))
    if backend == "real":
        try:
            RealBackend(programs, "/tmp")
        except Skip as skip:
            for scenario in chosen:
                tally.add("skip", backend, scenario.name, 0, str(skip))
            return
    shared = [s for s in chosen if not s.private]
    private = [s for s in chosen if s.private]
    tally.again = []
    run_shared(programs, shared, tally, backend, jobs)
    with concurrent.futures.ThreadPoolExecutor(max(1, jobs // 2)) as pool:
        list(pool.map(lambda s: run_private(programs, s, tally, backend),
                      private))
    # Scenarios have time limits, and a machine that runs many at once may miss
    # one: what failed has to pass alone, or it has failed.
    again, tally.again = tally.again, None
    for name in again:
        scenario = next((s for s in chosen if s.name == name), None)
        if scenario is None:
            tally.add("FAIL", backend, name, 0)
        else:
            run_private(programs, scenario, tally, backend)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/dev",
                        help="build tree with bin/ and deploy/crds/")
    parser.add_argument("--backend", default="embedded",
                        choices=("embedded", "real", "both"))
    parser.add_argument("--filter", default="",
                        help="only scenarios whose name contains this")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--controllers", help="folder of other controllers "
                        "(stock ones), instead of the build tree's")
    parser.add_argument("--crds", help="folder of CRDs, instead of the "
                        "build tree's")
    options = parser.parse_args()

    chosen = [s for s in SCENARIOS if options.filter in s.name]
    if options.list:
        for scenario in chosen:
            print(scenario.name)
        return 0
    if not chosen:
        parser.error(f"no scenario contains {options.filter!r}")
    programs = Programs(options.build, options.controllers, options.crds)
    tally = Tally(options.verbose)
    started = time.monotonic()
    backends = (("embedded", "real") if options.backend == "both"
                else (options.backend,))
    for backend in backends:
        usable = [s for s in chosen if s.only in ("", backend)]
        run_backend(programs, usable, tally, backend, options.jobs)
    print(f"ran for {time.monotonic() - started:.0f} s")
    print(f"{tally.passed} passed, {tally.failed} failed, "
          f"{tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
