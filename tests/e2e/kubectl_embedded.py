#!/usr/bin/env python3
"""The real kubectl against `weir apiserver`: what people type works.

    tests/e2e/kubectl_embedded.py --build build/dev [--kubectl PATH]
                                  [--program PATH] [--filter SUBSTR]

Exits 0 when nothing failed or kubectl is absent (it says so), 1 otherwise.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness.world import kubectl_path  # noqa: E402

CHECKS = []

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: main, image: "nginx:1.25", ports: [{containerPort: 80}]}
"""

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {tier: front}}
data: {color: blue}
"""

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Size, type: integer, jsonPath: .spec.size}
    - name: Ready
      type: string
      jsonPath: '.status.conditions[?(@.type=="Ready")].status'
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, minimum: 1}
              color: {type: string, default: red}
          status: {type: object, x-kubernetes-preserve-unknown-fields: true}
"""

WIDGET = """
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {size: 3}
"""


def check(function):
    CHECKS.append(function)
    return function


class Kubectl:
    """kubectl with one kubeconfig and one namespace."""

    def __init__(self, program, kubeconfig, cache, namespace):
        self.command = [program, f"--kubeconfig={kubeconfig}",
                        f"--cache-dir={cache}", f"--namespace={namespace}"]

    def run(self, *arguments, data=None, code=0):
        """Runs it; its standard output. Any other exit code is a failure."""
        done = subprocess.run([*self.command, *arguments], input=data,
                              text=True, capture_output=True, timeout=120,
                              check=False)
        if done.returncode != code:
            raise AssertionError(
                f"kubectl {' '.join(arguments)}: exit {done.returncode}: "
                f"{done.stdout}{done.stderr}")
        return done.stdout

    def fail(self, *arguments, data=None):
        """Runs what must fail; its standard error."""
        done = subprocess.run([*self.command, *arguments], input=data,
                              text=True, capture_output=True, timeout=120,
                              check=False)
        if done.returncode == 0:
            raise AssertionError(f"kubectl {' '.join(arguments)} worked")
        return done.stderr

    def get(self, *arguments):
        return json.loads(self.run("get", *arguments, "-o", "json"))


def has(text, *parts):
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in {text!r}")


def equal(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


@check
def version_and_resources(kubectl):
    has(kubectl.run("version"), "Server Version: v1.34")
    text = kubectl.run("api-resources")
    has(text, "deployments", "deploy", "apps/v1", "customresourcedefinitions")
    has(kubectl.run("api-versions"), "apps/v1", "events.k8s.io/v1")


@check
def apply_on_the_client_s_side(kubectl):
    has(kubectl.run("apply", "-f", "-", data=CONFIG_MAP), "created")
    has(kubectl.run("apply", "-f", "-", data=CONFIG_MAP), "unchanged")
    changed = CONFIG_MAP.replace("blue", "red")
    diff = kubectl.run("diff", "-f", "-", data=changed, code=1)
    has(diff, "-  color: blue", "+  color: red")
    has(kubectl.run("apply", "-f", "-", data=changed), "configured")
    equal(kubectl.get("cm", "settings")["data"], {"color": "red"})
    kubectl.run("diff", "-f", "-", data=changed)
    # What is left out is removed.
    kubectl.run("apply", "-f", "-",
                data=CONFIG_MAP.replace("color: blue", "shape: round"))
    equal(kubectl.get("cm", "settings")["data"], {"shape": "round"})


@check
def apply_on_the_server_s_side(kubectl):
    ssa = ("apply", "--server-side", "-f", "-")
    has(kubectl.run(*ssa, data=CONFIG_MAP), "serverside-applied")
    version = kubectl.get("cm", "settings")["metadata"]["resourceVersion"]
    kubectl.run(*ssa, data=CONFIG_MAP)
    equal(kubectl.get("cm", "settings")["metadata"]["resourceVersion"],
          version)
    has(kubectl.fail(*ssa, "--field-manager=other",
                     data=CONFIG_MAP.replace("blue", "red")),
        "conflict with \"kubectl\"", ".data.color")
    kubectl.run(*ssa, "--field-manager=other", "--force-conflicts",
                data=CONFIG_MAP.replace("blue", "red"))
    equal(kubectl.get("cm", "settings")["data"], {"color": "red"})
    # From one mode to the other and back.
    kubectl.run("apply", "-f", "-", data=CONFIG_MAP)
    kubectl.run(*ssa, data=CONFIG_MAP)
    has(kubectl.run("diff", "--server-side", "-f", "-", code=1,
                    data=CONFIG_MAP.replace("blue", "green")), "green")


@check
def mistakes_are_told(kubectl):
    has(kubectl.fail("apply", "-f", "-",
                     data=CONFIG_MAP.replace("\ndata:", "\ndat:")),
        "unknown field \"dat\"")
    kubectl.run("apply", "-f", "-", "--validate=false",
                data=CONFIG_MAP.replace("\ndata:", "\ndat:"))
    has(kubectl.fail("get", "cm", "none"), "NotFound",
        'configmaps "none" not found')
    has(kubectl.fail("get", "nonsense"), "doesn't have a resource type")
    has(kubectl.fail("apply", "-n", "nowhere", "-f", "-", data=CONFIG_MAP),
        'namespaces "nowhere" not found')


@check
def rollout(kubectl):
    kubectl.run("apply", "-f", "-", data=DEPLOYMENT)
    has(kubectl.run("rollout", "status", "deploy/web", "--timeout=30s"),
        "successfully rolled out")
    kubectl.run("wait", "--for=condition=Available", "deploy/web",
                "--timeout=30s")
    kubectl.run("scale", "deploy/web", "--replicas=3")
    kubectl.run("rollout", "status", "deploy/web", "--timeout=30s")
    equal(kubectl.get("deploy", "web")["status"]["readyReplicas"], 3)
    kubectl.run("set", "image", "deploy/web", "main=nginx:1.26")
    kubectl.run("rollout", "status", "deploy/web", "--timeout=30s")
    has(kubectl.run("rollout", "history", "deploy/web"), "1", "2")
    kubectl.run("rollout", "undo", "deploy/web")
    kubectl.run("rollout", "status", "deploy/web", "--timeout=30s")
    spec = kubectl.get("deploy", "web")["spec"]["template"]["spec"]
    equal(spec["containers"][0]["image"], "nginx:1.25")
    kubectl.run("rollout", "restart", "deploy/web")
    kubectl.run("rollout", "status", "deploy/web", "--timeout=30s")
    has(kubectl.run("get", "deploy", "web"), "UP-TO-DATE", "3/3")
    has(kubectl.run("get", "deploy", "web", "-o", "wide"), "IMAGES",
        "nginx:1.25", "app=web")
    has(kubectl.run("get", "all"), "pod/web-", "replicaset.apps/web-")
    has(kubectl.run("describe", "deploy", "web"), "3 desired",
        "NewReplicaSet:", "MinimumReplicasAvailable")
    # Pods of the old set may still be going.
    new_set, = [item["metadata"]["name"]
                for item in kubectl.get("rs", "-l", "app=web")["items"]
                if item["spec"]["replicas"] == 3]
    pod = next(item["metadata"]["name"]
               for item in kubectl.get("pods", "-l", "app=web")["items"]
               if item["metadata"]["ownerReferences"][0]["name"] == new_set)
    has(kubectl.run("describe", "pod", pod),
        f"Controlled By:  ReplicaSet/{new_set}", "nginx:1.25")
    has(kubectl.run("logs", pod), "simulated")
    kubectl.run("delete", "-f", "-", data=DEPLOYMENT)
    kubectl.run("wait", "--for=delete", "pod", "-l", "app=web",
                "--timeout=30s")
    equal(kubectl.get("rs")["items"], [])


@check
def failing_workloads(kubectl):
    broken = DEPLOYMENT.replace(
        "labels: {app: web}}\nspec:\n  replicas: 2",
        "annotations: {weir.dev/simulate: fail}}\nspec:\n  replicas: 1\n"
        "  progressDeadlineSeconds: 1")
    kubectl.run("apply", "-f", "-", data=broken)
    has(kubectl.fail("rollout", "status", "deploy/web", "--timeout=30s"),
        "exceeded its progress deadline")
    has(kubectl.run("get", "pods"), "CrashLoopBackOff", "0/1")


@check
def edits(kubectl):
    kubectl.run("apply", "-f", "-", data=CONFIG_MAP)
    kubectl.run("label", "cm", "settings", "a=b")
    kubectl.run("annotate", "cm", "settings", "c=d")
    metadata = kubectl.get("cm", "settings")["metadata"]
    equal(metadata["labels"], {"tier": "front", "a": "b"})
    equal(metadata["annotations"]["c"], "d")
    kubectl.run("label", "cm", "settings", "a-")
    kubectl.run("patch", "cm", "settings", "-p", '{"data":{"x":"1"}}')
    kubectl.run("patch", "cm", "settings", "--type=merge", "-p",
                '{"data":{"color":null}}')
    kubectl.run("patch", "cm", "settings", "--type=json", "-p",
                '[{"op":"add","path":"/data/y","value":"2"}]')
    equal(kubectl.get("cm", "settings")["data"], {"x": "1", "y": "2"})
    kubectl.run("replace", "-f", "-", data=CONFIG_MAP)
    equal(kubectl.get("cm", "settings")["data"], {"color": "blue"})


@check
def selections(kubectl):
    kubectl.run("apply", "-f", "-", data=CONFIG_MAP)
    kubectl.run("apply", "-f", "-",
                data=CONFIG_MAP.replace("settings", "other")
                .replace("front", "back"))
    equal(kubectl.run("get", "cm", "-l", "tier=front", "-o", "name").split(),
          ["configmap/settings"])
    equal(kubectl.run("get", "cm", "-l", "tier in (back,front)", "-o",
                      "name").split(),
          ["configmap/other", "configmap/settings"])
    equal(kubectl.run("get", "cm", "--field-selector",
                      "metadata.name=other", "-o", "name").split(),
          ["configmap/other"])
    has(kubectl.run("get", "cm", "-A"), "NAMESPACE", "kube-root-ca.crt")
    has(kubectl.run("get", "cm", "settings", "-o", "yaml"),
        "kind: ConfigMap", "color: blue")
    kubectl.run("delete", "cm", "-l", "tier")
    equal(kubectl.run("get", "cm", "-l", "tier", "-o", "name"), "")


@check
def pages(kubectl):
    text = "---".join(CONFIG_MAP.replace("settings", f"m{i}")
                      for i in range(5))
    kubectl.run("apply", "-f", "-", data=text)
    equal(len(kubectl.run("get", "cm", "-l", "tier=front", "--chunk-size=2",
                          "-o", "name").split()), 5)


@check
def watching(kubectl):
    watch = subprocess.Popen(
        [*kubectl.command, "get", "cm", "-w", "--output-watch-events", "-l",
         "tier=front"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    try:
        time.sleep(0.5)
        kubectl.run("apply", "-f", "-", data=CONFIG_MAP)
        kubectl.run("annotate", "cm", "settings", "x=y")
        kubectl.run("delete", "cm", "settings")
        lines = []
        while len(lines) < 4:  # A head line, then three events.
            lines.append(watch.stdout.readline().split())
        equal([line[0] for line in lines],
              ["EVENT", "ADDED", "MODIFIED", "DELETED"])
    finally:
        watch.kill()
        watch.communicate()


@check
def custom_kinds(kubectl):
    kubectl.run("apply", "-f", "-", data=CRD)
    kubectl.run("wait", "--for=condition=Established",
                "crd/widgets.example.com", "--timeout=30s")
    kubectl.run("apply", "-f", "-", data=WIDGET)
    has(kubectl.run("apply", "-f", "-", data=WIDGET), "unchanged")
    equal(kubectl.get("wd", "w")["spec"], {"size": 3, "color": "red"})
    has(kubectl.run("explain", "widget.spec"), "size", "<integer>")
    has(kubectl.fail("apply", "-f", "-", data=WIDGET.replace("3", "0")),
        "spec.size", "should be greater than or equal to 1")
    kubectl.run("patch", "wd", "w", "--subresource=status", "--type=merge",
                "-p", '{"status":{"conditions":[{"type":"Ready",'
                      '"status":"True"}]}}')
    has(kubectl.run("get", "widgets"), "SIZE", "READY", "True")
    kubectl.run("wait", "--for=condition=Ready", "wd/w", "--timeout=30s")
    kubectl.run("apply", "--server-side", "-f", "-", data=WIDGET)
    kubectl.run("delete", "crd", "widgets.example.com")
    kubectl.fail("get", "widgets")


@check
def explained(kubectl):
    has(kubectl.run("explain", "deployment.spec.strategy"), "rollingUpdate")
    has(kubectl.run("explain", "pod.spec.containers", "--recursive"),
        "image", "<string>")


@check
def events(kubectl):
    kubectl.run("create", "-f", "-", data="""
apiVersion: events.k8s.io/v1
kind: Event
metadata: {name: happened}
eventTime: "2025-01-01T00:00:00.000000Z"
action: Doing
reason: Because
note: something happened
type: Normal
reportingController: example.com/c
reportingInstance: c-1
regarding: {kind: ConfigMap, name: settings, namespace: %s, apiVersion: v1}
""" % kubectl.command[-1].split("=")[1])
    has(kubectl.run("get", "events"), "Because", "something happened",
        "configmap/settings")
    has(kubectl.run("events"), "Because")
    kubectl.run("apply", "-f", "-", data=CONFIG_MAP)


@check
def namespaces(kubectl):
    kubectl.run("apply", "-f", "-", data="""
apiVersion: v1
kind: Namespace
metadata: {name: passing}
""")
    has(kubectl.run("get", "ns", "passing"), "Active")
    kubectl.run("apply", "-n", "passing", "-f", "-", data=CONFIG_MAP)
    kubectl.run("delete", "ns", "passing", "--timeout=60s")
    kubectl.fail("get", "ns", "passing")


@check
def jobs_and_pods(kubectl):
    kubectl.run("apply", "-f", "-", data="""
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}
""")
    kubectl.run("wait", "--for=condition=Complete", "job/once",
                "--timeout=30s")
    has(kubectl.run("get", "job", "once"), "Complete", "1/1")
    kubectl.run("run", "bare", "--image=nginx")
    kubectl.run("wait", "--for=condition=Ready", "pod/bare", "--timeout=30s")
    kubectl.run("delete", "pod", "bare", "--timeout=30s")


def start(program, folder):
    """The server; it prints a line when it is ready."""
    process = subprocess.Popen(
        [program, "apiserver", "--data", folder / "data", "--listen",
         "127.0.0.1:0", "--kubeconfig-out", folder / "kubeconfig"],
        stdout=subprocess.PIPE, text=True)
    if not process.stdout.readline():
        raise RuntimeError("weir apiserver did not start")
    return process


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default="build/dev", type=Path)
    parser.add_argument("--program", help="instead of <build>/bin/weir")
    parser.add_argument("--kubectl")
    parser.add_argument("--filter", default="")
    arguments = parser.parse_args()
    kubectl = arguments.kubectl or kubectl_path()
    if not kubectl:
        print("skipped: there is no kubectl here")
        return 0
    program = arguments.program or arguments.build / "bin" / "weir"
    failed = 0
    with tempfile.TemporaryDirectory(prefix="weir-kubectl-") as name:
        folder = Path(name)
        server = start(program, folder)
        try:
            for function in CHECKS:
                if arguments.filter not in function.__name__:
                    continue
                namespace = function.__name__.replace("_", "-")
                own = Kubectl(kubectl, folder / "kubeconfig",
                              folder / "cache", namespace)
                own.run("apply", "-f", "-", data=json.dumps(
                    {"apiVersion": "v1", "kind": "Namespace",
                     "metadata": {"name": namespace}}))
                started = time.monotonic()
                verdict = "ok"
                try:
                    function(own)
                except Exception:  # Each check reports on its own.
                    traceback.print_exc()
                    verdict = "FAIL"
                    failed += 1
                print(f"{verdict:<4} {time.monotonic() - started:5.1f} s  "
                      f"{function.__name__}", flush=True)
        finally:
            server.terminate()
            server.wait()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
