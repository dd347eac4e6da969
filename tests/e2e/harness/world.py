"""A world: an API server, the controllers, git servers, an event sink.

Two back ends give the API server: the embedded one (`weir apiserver`), and a
real control plane (scripts/control-plane).
"""

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import yaml

from .git_servers import FileServer, GitHttpServer, SshServer, free_port
from .kube import ApiError, Kube, Watcher, condition
from .processes import Controller, Program

REPOSITORY = Path(__file__).resolve().parents[3]
CONTROL_PLANE = REPOSITORY / "scripts" / "control-plane"


class Skip(Exception):
    """The scenario cannot run here; says why."""


class Programs:
    """Where the programs under test are."""

    def __init__(self, build, controllers=None, crds=None):
        self.build = Path(build).resolve()
        self.bin = self.build / "bin"
        # Stock controllers (another folder) know no gRPC flags.
        self.stock = controllers is not None
        self.controllers = Path(controllers) if controllers else self.bin
        self.crds = Path(crds) if crds else self.build / "deploy" / "crds"

    def missing(self, backend):
        wanted = [self.controllers / name for name in (
            "source-controller", "kustomize-controller", "helm-controller")]
        if backend == "embedded":
            wanted.append(self.bin / "weir")
        lost = [str(path) for path in wanted if not path.exists()]
        if not list(self.crds.glob("*.toolkit.*.yaml")):
            lost.append(f"{self.crds}/*.yaml")
        return lost


def control_plane_bin():
    done = subprocess.run([str(CONTROL_PLANE), "path"], capture_output=True,
                          text=True, check=True)
    return Path(done.stdout.strip())


def kubectl_path():
    """kubectl of the control plane, else the one in PATH, else None."""
    own = control_plane_bin() / "kubectl"
    return str(own) if own.exists() else shutil.which("kubectl")


class EmbeddedBackend:
    """`weir apiserver` with its own data folder.

    simulate: as its flag has it, or "labels": Pods stay pending unless their
    label `fake` says what becomes of them.
    """

    name = "embedded"

    def __init__(self, programs, folder, simulate="pods", authorization=""):
        del authorization  # Whoever asks may do anything.
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kubeconfig = self.folder / "kubeconfig"
        self.audit_log = self.folder / "audit.log"
        self.program = str(programs.bin / "weir")
        self.simulate = simulate
        self.port = 0
        self.process = None

    def start(self):
        self.process = Program("apiserver", [
            self.program, "apiserver", "--data", self.folder / "data",
            "--listen", f"127.0.0.1:{self.port}",
            "--kubeconfig-out", self.kubeconfig,
            *(["--simulate-pods", "labelled"] if self.simulate == "labels"
              else ["--simulate", self.simulate]),
            "--audit-log", self.audit_log], self.folder)
        self._start_and_wait_for_line()
        config = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
        server = config["clusters"][0]["cluster"]["server"]
        self.port = int(server.rsplit(":", 1)[1].strip("/"))
        return self

    def _start_and_wait_for_line(self, seconds=30):
        """It prints one line to standard output when it is ready."""
        process = self.process
        with open(process.log_path, "ab") as log:
            process.process = subprocess.Popen(
                process.arguments, stdout=subprocess.PIPE, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True)
        out = process.process.stdout
        ready, _, _ = select.select([out], [], [], seconds)
        if not ready or not out.readline():
            process.kill()
            raise RuntimeError("weir apiserver did not become ready: " +
                               process.tail())

    def stop(self):
        if self.process:
            code = self.process.stop()
            self.process.process.stdout.close()
            self.process = None
            return code
        return None

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.process.stdout.close()
            self.process = None

    def restart(self, kill=True):
        if kill:
            self.kill()
        else:
            self.stop()
        self.start()

    def requests(self, offset=0):
        """(audit entries from `offset` on, the next offset)."""
        with open(self.audit_log, "rb") as file:
            file.seek(offset)
            data = file.read()
        end = data.rfind(b"\n") + 1
        return ([json.loads(line) for line in data[:end].splitlines()],
                offset + end)


class RealBackend:
    """etcd, kube-apiserver and kube-controller-manager."""

    name = "real"

    def __init__(self, programs, folder, simulate="pods", authorization=""):
        del programs
        self.authorization = authorization
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kubeconfig = self.folder / "kubeconfig"
        self.simulate = simulate
        self.kubelet = None
        if not (control_plane_bin() / "kube-apiserver").exists():
            raise Skip("no real control plane: run `scripts/control-plane`")

    def _run(self, *arguments):
        done = subprocess.run([str(CONTROL_PLANE), *arguments],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"control-plane {arguments}: {done.stderr}")

    def start(self):
        self._run("start", str(self.folder), *(
            ["--authorization", self.authorization]
            if self.authorization else []))
        if self.simulate != "off" and not self.kubelet:
            self.kubelet = FakeKubelet(Kube(self.kubeconfig, "fake-kubelet"))
        return self

    def stop(self):
        if self.kubelet:
            self.kubelet.stop()
            self.kubelet = None
        self._run("stop", str(self.folder), "--kill")

    def kill(self):
        self._run("stop", str(self.folder), "kube-apiserver", "--kill")

    def restart(self, kill=True):
        self._run("stop", str(self.folder), "kube-apiserver",
                  *(["--kill"] if kill else []))
        self._run("start", str(self.folder))


# What becomes of a Pod, asked for in its template's annotations.
OUTCOME = "weir.dev/simulate"


class FakeKubelet:
    """Gives Pods a status, as no node runs them.

    Every Pod becomes Running and Ready (Succeeded where it is not restarted)
    unless its annotation says `hang` or `fail`, or, with `labels`, only when
    its label `fake` says ready, succeed or fail.
    """

    def __init__(self, kube, labels=False):
        self.kube, self.labels = kube, labels
        self.watch = Watcher(kube, "Pod", None, self.on_pod)

    def stop(self):
        self.watch.stop()

    def outcome(self, pod):
        meta = pod["metadata"]
        if self.labels:
            return meta.get("labels", {}).get("fake", "hang")
        wanted = meta.get("annotations", {}).get(OUTCOME, "ready")
        if wanted == "ready" and pod["spec"].get("restartPolicy") in (
                "Never", "OnFailure"):
            return "succeed"
        return wanted

    def on_pod(self, event, pod):
        meta = pod["metadata"]
        if event == "DELETED":
            return
        try:
            if "deletionTimestamp" in meta:
                self.kube.call("DELETE", self.kube.path(
                    "Pod", meta["namespace"], meta["name"],
                    gracePeriodSeconds="0"))
            elif pod.get("status", {}).get("phase", "Pending") == "Pending":
                status = self.status(pod, self.outcome(pod))
                if status:
                    self.kube.merge("Pod", meta["name"], {"status": status},
                                    meta["namespace"], "kubelet", "status")
        except (ApiError, OSError):
            pass  # Gone, or changed: the next event tells.

    @staticmethod
    def status(pod, outcome):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        phases = {"ready": "Running", "succeed": "Succeeded",
                  "fail": "Failed"}
        if outcome not in phases:
            return None
        ready = "True" if outcome == "ready" else "False"
        state = {"running": {"startedAt": now}} if outcome == "ready" else {
            "terminated": {"exitCode": 0 if outcome == "succeed" else 1,
                           "reason": "Completed" if outcome == "succeed"
                           else "Error", "finishedAt": now}}
        return {"phase": phases[outcome], "startTime": now, "conditions": [
            {"type": kind, "status": ready, "lastTransitionTime": now}
            for kind in ("PodScheduled", "Initialized", "ContainersReady",
                         "Ready")],
            "containerStatuses": [
                {"name": c["name"], "image": c["image"], "imageID": "x",
                 "ready": outcome == "ready", "restartCount": 0,
                 "started": outcome == "ready", "state": state}
                for c in pod["spec"]["containers"]]}


BACKENDS = {"embedded": EmbeddedBackend, "real": RealBackend}


def make_certificates(folder):
    """A CA and a certificate for 127.0.0.1, as files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True,
                       capture_output=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes")
    openssl("req", "-x509", *curve, "-days", 3650, "-subj", "/CN=test-ca",
            "-keyout", folder / "ca.key", "-out", folder / "ca.crt")
    for name, usage in (("tls", "serverAuth"), ("client", "clientAuth")):
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout",
                folder / f"{name}.key", "-out", folder / f"{name}.csr")
        (folder / "ext").write_text(
            "subjectAltName=IP:127.0.0.1,DNS:localhost\n"
            f"extendedKeyUsage={usage}\n", encoding="utf-8")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA",
                folder / "ca.crt", "-CAkey", folder / "ca.key",
                "-CAcreateserial", "-days", 3650, "-extfile", folder / "ext",
                "-out", folder / f"{name}.crt")
    return folder


class World:
    """Everything a scenario needs, started once and torn down at the end.

    *_flags: flags beyond the usual ones.
    events: where controllers post events: "sink" is `files`; "http" and
        "grpc" are notification-controller.
    authorization: "RBAC", and rights count, where the back end knows any.
    """

    def __init__(self, programs, backend, folder=None, simulate="pods",
                 source_flags=(), kustomize_flags=(), helm_flags=(),
                 notification_flags=(), use_grpc=True, authorization="",
                 events="sink"):
        self.programs = programs
        self._temporary = None
        if folder is None:
            self._temporary = tempfile.mkdtemp(prefix="weir-e2e-")
            folder = self._temporary
        self.folder = Path(folder)
        self.backend = BACKENDS[backend](programs, self.folder / "api",
                                         simulate, authorization)
        self.source_flags = list(source_flags)
        self.kustomize_flags = list(kustomize_flags)
        self.helm_flags = list(helm_flags)
        self.notification_flags = list(notification_flags)
        self.use_grpc = use_grpc and not programs.stock
        self.events = events
        self.kube = self.git = self.git_tls = self.files = None
        self.source = self.kustomize = self.helm = self.notification = None
        self._ssh = self._certificates = None
        self._servers = []

    # ------------------------------------------------------------ set-up

    def start(self, controllers=True):
        try:
            self.backend.start()
            self.kube = Kube(self.backend.kubeconfig)
            self.install_crds()
            self.git = self.serve(GitHttpServer(self.folder / "git"))
            self.files = self.serve(FileServer())
            self.make_controllers()
            if controllers:
                for controller in self.controllers:
                    controller.start(wait=False)
                for controller in self.controllers:
                    controller.await_ready()
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def controllers(self):
        return [c for c in (
            self.source, self.kustomize, self.helm, self.notification) if c]

    def serve(self, server):
        """Has a server stopped when the world ends."""
        self._servers.append(server)
        return server

    def install_crds(self):
        names = []
        for path in sorted(self.programs.crds.glob("*.toolkit.*.yaml")):
            with open(path, encoding="utf-8") as file:
                for obj in yaml.load_all(file, Loader=yaml.CSafeLoader):
                    if obj and obj["kind"] == "CustomResourceDefinition":
                        self.kube.apply(obj)
                        names.append(obj["metadata"]["name"])
        for name in names:
            self.kube.wait(
                "CustomResourceDefinition", name, None, "established",
                lambda o: condition(o, "Established").get("status") == "True")

    def make_controllers(self):
        folder, kubeconfig = self.folder, self.backend.kubeconfig
        storage = folder / "storage"
        storage.mkdir(exist_ok=True)
        (folder / "tmp").mkdir(exist_ok=True)
        self.storage_address = f"127.0.0.1:{free_port()}"
        env = {"RUNTIME_NAMESPACE": "flux-system", "TMPDIR":
               str(folder / "tmp"), "KUBECONFIG": str(kubeconfig)}
        self.events_address = f"127.0.0.1:{free_port()}"
        self.events_grpc_address = f"127.0.0.1:{free_port()}"
        self.receiver_address = f"127.0.0.1:{free_port()}"
        events_url = {"sink": f"http://{self.files.address}/",
                      "http": f"http://{self.events_address}/",
                      "grpc": f"grpc://{self.events_grpc_address}"}
        ours = [] if self.programs.stock else [f"--kubeconfig={kubeconfig}"]
        common = [f"--events-addr={events_url[self.events]}", *ours]
        source = [f"--storage-path={storage}",
                  f"--storage-addr={self.storage_address}",
                  f"--storage-adv-addr={self.storage_address}"]
        sources = []  # Where controllers hear of artifacts.
        if self.use_grpc:
            address = f"127.0.0.1:{free_port()}"
            source.append(f"--grpc-addr={address}")
            sources.append(f"--source-grpc-addr={address}")
        bin_dir = self.programs.controllers
        self.source = Controller(
            bin_dir / "source-controller", "source-controller",
            [*source, *common, *self.source_flags], folder, env)
        self.kustomize = Controller(
            bin_dir / "kustomize-controller", "kustomize-controller",
            [*sources, *common, *self.kustomize_flags], folder, env)
        if (bin_dir / "helm-controller").exists():  # Stock ones may lack it.
            self.helm = Controller(
                bin_dir / "helm-controller", "helm-controller",
                [*sources, *common, *self.helm_flags], folder, env)
        if (bin_dir / "notification-controller").exists():
            grpc = [f"--grpc-addr={self.events_grpc_address}"]
            self.notification = Controller(
                bin_dir / "notification-controller", "notification-controller",
                [f"--events-addr={self.events_address}",
                 f"--receiverAddr={self.receiver_address}", *ours,
                 *(grpc if self.use_grpc else []),
                 *self.notification_flags], folder, env)

    @property
    def storage(self):
        return self.folder / "storage"

    @property
    def certificates(self):
        if not self._certificates:
            self._certificates = make_certificates(self.folder / "tls")
        return self._certificates

    @property
    def ssh(self):
        if not self._ssh:
            self._ssh = self.serve(SshServer(self.folder / "ssh",
                                               self.folder / "git"))
        return self._ssh

    def tls_git(self, client_ca=False):
        return self.serve(GitHttpServer(self.folder / "git",
                                          self.certificates, client_ca))

    # ------------------------------------------------------------ the end

    def stop(self):
        """Stops everything; returns what went wrong on the way."""
        problems = []
        for program in reversed(self.controllers):
            if program.process:
                crashed = not program.is_running()
                code = program.stop()
                if crashed or code != 0:
                    problems.append(f"{program.name} ended with {code}: "
                                    f"{program.tail(4)}")
        for server in self._servers:
            server.stop()
        try:
            self.backend.stop()
        except (OSError, RuntimeError) as error:
            problems.append(str(error))
        if self._temporary and not os.environ.get("WEIR_E2E_KEEP"):
            shutil.rmtree(self._temporary, ignore_errors=True)
        return problems

    def kubectl(self, *arguments, namespace=None, data=None, check=True):
        """Runs the real kubectl; returns the finished process."""
        program = kubectl_path()
        if not program:
            raise Skip("no kubectl")
        command = [program, f"--kubeconfig={self.backend.kubeconfig}",
                   f"--cache-dir={self.folder}/kubectl-cache"]
        if namespace:
            command.append(f"--namespace={namespace}")
        done = subprocess.run([*command, *arguments], input=data, text=True,
                              capture_output=True, check=False, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: "
                                 f"{done.stdout}{done.stderr}")
        return done
