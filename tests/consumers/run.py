#!/usr/bin/env python3
"""Runs examples/consumers against our controllers.

Generates the stubs and starts an API server and three controllers:
source-controller emits its events to notification-controller over HTTP,
kustomize-controller over gRPC. Checks that each program prints an event of
both and an artifact, also of what happens after a restart.

    tests/consumers/run.py --build build/dev [--filter python|go]

Exits 0 when nothing failed, 1 otherwise, 77 when all was skipped: Python's
grpcio, or Go, is not here.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples" / "consumers"
sys.path.insert(0, str(REPOSITORY / "tests" / "e2e"))

from harness.processes import Program  # noqa: E402
from harness.scenario import Env  # noqa: E402
from harness.world import Programs, World  # noqa: E402

WORD = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "word"}}


class Skip(Exception):
    """The program cannot run here; says why."""


def command(*arguments, cwd=None, env=None):
    done = subprocess.run([str(a) for a in arguments], cwd=cwd,
                          capture_output=True, text=True, check=False,
                          env=dict(os.environ, **(env or {})))
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Skip(f"{program} is not installed")


def python_with_grpc():
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        if subprocess.run([python, "-c", "import google.protobuf, grpc"],
                          capture_output=True, check=False).returncode == 0:
            return python
    raise Skip("python3-grpcio is not installed")


def make_python(folder):
    need("protoc", "grpc_python_plugin")
    python = python_with_grpc()
    stubs = folder / "stubs"
    command(EXAMPLES / "python" / "generate", stubs)
    return [python, EXAMPLES / "python" / "follow.py", "--stubs", stubs]


def make_go(folder):
    need("protoc", "go")
    work = folder / "go"
    shutil.copytree(EXAMPLES / "go", work,
                    ignore=shutil.ignore_patterns("gen"))
    # Without a network nothing can be said of the program.
    try:
        command("go", "mod", "download", cwd=work)
    except RuntimeError as error:
        raise Skip(f"its modules cannot be fetched: {error}") from error
    command(work / "generate", cwd=work,
            env={"WEIR_API": str(REPOSITORY / "api")})
    command("go", "vet", "./...", cwd=work)
    if command("gofmt", "-l", "main.go", cwd=work).strip():
        raise RuntimeError("gofmt would change main.go")
    command("go", "build", "-o", work / "follow", ".", cwd=work)
    return [work / "follow"]


CONSUMERS = {"python": make_python, "go": make_go}


def expect(program, *starts, after=0, seconds=30):
    """Waits for lines that begin so, in any order; returns the log's size."""
    deadline = time.monotonic() + seconds
    while True:
        text = program.log_path.read_text(encoding="utf-8")
        lines = text[after:].splitlines()
        missing = [s for s in starts
                   if not any(line.startswith(s) for line in lines)]
        if not missing:
            return len(text)
        if time.monotonic() > deadline or not program.is_running():
            raise RuntimeError(f"no line starts with {missing}:\n{text}")
        time.sleep(0.05)


def emit_to(controller, address):
    arguments = controller.arguments
    arguments[:] = [a for a in arguments if not a.startswith("--events-addr")]
    arguments.append(f"--events-addr={address}")


def make_world(build, folder):
    """The world, and where events and artifacts are told."""
    world = World(Programs(build), "embedded", folder)
    world.start(controllers=False)
    events = world.events_grpc_address
    artifacts = next(a for a in world.source.arguments
                     if a.startswith("--grpc-addr=")).partition("=")[2]
    emit_to(world.source, f"http://{world.events_address}/")
    emit_to(world.kustomize, f"grpc://{events}")
    world.helm = None
    for controller in reversed(world.controllers):
        controller.start()
    return world, [events, artifacts]


def follow(world, env, addresses, name, arguments):
    namespace = env.namespace
    program = Program(name, [*arguments, *addresses], world.folder).start()
    try:
        size = expect(
            program,
            f"event info GitRepository/{namespace}/app NewArtifact: ",
            f"event info Kustomization/{namespace}/app ReconciliationSucceeded",
            f"artifact GitRepository/{namespace}/app main@sha1:")
        # The streams break; what comes then is told once they are back.
        for controller in (world.source, world.notification):
            controller.stop()
            controller.start()
        commit = env.commit({"word.yaml": dict(WORD, data={"for": name})})
        env.kube.request_reconcile("GitRepository", "app", namespace, name)
        expect(program,
               f"event info GitRepository/{namespace}/app NewArtifact: ",
               f"event info Kustomization/{namespace}/app Reconciliation",
               f"artifact GitRepository/{namespace}/app main@sha1:{commit} ",
               after=size)
    finally:
        program.stop()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", default="build/dev",
                        help="build tree with bin/ and deploy/crds/")
    parser.add_argument("--filter", default="", choices=("", *CONSUMERS))
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="weir-consumers-"))
    ready, passed, failed, skipped = {}, 0, 0, 0
    for name, make in CONSUMERS.items():
        if options.filter not in ("", name):
            continue
        try:
            ready[name] = make(folder)
        except Skip as why:
            skipped += 1
            print(f"skip {name}: {why}")
        except RuntimeError as error:
            failed += 1
            print(f"FAIL {name}: {error}")
    if ready:
        world, addresses = make_world(options.build, folder / "world")
        try:
            env = Env(world, "consumers")
            env.commit({"word.yaml": WORD})
            env.source()
            env.kustomization()
            for name, arguments in ready.items():
                try:
                    follow(world, env, addresses, name, arguments)
                    passed += 1
                    print(f"ok   {name}")
                except RuntimeError as error:
                    failed += 1
                    print(f"FAIL {name}: {error}")
        finally:
            for problem in world.stop() or []:
                failed += 1
                print(f"FAIL {problem}")
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0 if passed else 77


if __name__ == "__main__":
    sys.exit(main())
