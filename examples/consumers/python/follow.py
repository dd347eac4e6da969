#!/usr/bin/env python3
"""Follows events and artifacts, and prints a line for each.

    follow.py EVENTS_ADDRESS [ARTIFACTS_ADDRESS] [--stubs DIR]

Both services are on source-controller's --grpc-addr; an address of its own is
for events of another controller.
"""

import argparse
import pathlib
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("events")
parser.add_argument("artifacts", nargs="?")
parser.add_argument("--stubs", default=str(HERE / "gen"))
options = parser.parse_args()
sys.path.insert(0, options.stubs)

import grpc  # noqa: E402
from weir.artifact.v1 import artifact_service_pb2 as artifact  # noqa: E402
from weir.artifact.v1 import artifact_service_pb2_grpc as artifact_grpc  # noqa: E402
from weir.event.v1 import event_service_pb2 as event  # noqa: E402
from weir.event.v1 import event_service_pb2_grpc as event_grpc  # noqa: E402


PRINTING = threading.Lock()


def say(line, to=sys.stdout):
    """Prints a line whole: print() writes its end apart, and two threads of
    this program could join theirs."""
    with PRINTING:
        print(line, file=to, flush=True)


def keep(address, watch):
    """Calls `watch` with a channel, and again whenever the stream breaks."""
    while True:
        with grpc.insecure_channel(address) as channel:
            try:
                watch(channel)
            except grpc.RpcError as error:
                say(f"{address}: {error.code().name}", to=sys.stderr)
        time.sleep(1)


class Events:
    """Resumes after the last event it saw: none is missed in silence."""

    def __init__(self):
        self.request = event.WatchRequest(
            min_severity=event.SEVERITY_INFO, after_sequence=0)

    def watch(self, channel):
        for answer in event_grpc.EventServiceStub(channel).Watch(self.request):
            self.request.after_sequence = answer.sequence
            self.request.epoch = answer.epoch
            if answer.missed:
                say(f"missed {answer.missed} events")
            e, of = answer.event, answer.event.involved_object
            severity = event.Severity.Name(e.severity)[len("SEVERITY_"):]
            say(f"event {severity.lower()} {of.kind}/{of.namespace}/"
                f"{of.name} {e.reason}: {e.message}")


class Artifacts:
    """Is told the whole state first, then what changes."""

    def __init__(self):
        self.request = artifact.WatchRequest()

    def watch(self, channel):
        stub = artifact_grpc.ArtifactServiceStub(channel)
        for change in stub.Watch(self.request):
            self.request.after_version = change.version
            if change.type == artifact.WatchResponse.TYPE_PUT:
                of, what = change.entry.source, change.entry.artifact
                say(f"artifact {of.kind}/{of.namespace}/{of.name} "
                    f"{what.revision} {what.digest}")


threading.Thread(target=keep, daemon=True, args=(
    options.artifacts or options.events, Artifacts().watch)).start()
try:
    keep(options.events, Events().watch)
except KeyboardInterrupt:
    pass
