"""Charts, and what serves them: an index on the web, and a registry.

The registry is one in memory that only reads, with faults on request; what a
real one does is in scenarios/registries.py.
"""

import gzip
import hashlib
import io
import json
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"

# Shows one value and the revision.
CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-cm
data:
  color: {{ .Values.color }}
  revision: "{{ .Release.Revision }}"
"""
# A name that the server refuses, where the values ask for it.
BROKEN = """{{ if .Values.broken }}
apiVersion: v1
kind: ConfigMap
metadata: {name: Bad_Name}
{{ end }}
"""
# The same, of upgrades only.
BROKEN_UPGRADE = BROKEN.replace(".Values.broken",
                                "and .Values.broken .Release.IsUpgrade")
HOOK = """apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-HOOK
  annotations:
    helm.sh/hook: HOOK
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        weir.dev/simulate: {{ .Values.outcome | default "ready" }}
    spec:
      restartPolicy: Never
      containers: [{name: main, image: example.com/hook}]
"""


def chart_files(version="1.0.0", name="web", templates=None, **more):
    """A chart's files by path. `more`: values."""
    values = {"color": "blue", **more}
    return {"Chart.yaml": f"apiVersion: v2\nname: {name}\n"
                          f"version: {version}\nappVersion: '1'\n",
            "values.yaml": json.dumps(values) + "\n",
            "templates/cm.yaml": CONFIG_MAP,
            **{path if "/" in path else f"templates/{path}": text
               for path, text in (templates or {}).items()}}


def below(folder, files):
    """The same files in a folder, as they are committed."""
    return {f"{folder}/{path}": text for path, text in files.items()}


def write_files(folder, files):
    """The same on disk."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())


def package(files, name="web"):
    """A chart's archive, always the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path, text in files.items():
            data = text if isinstance(text, bytes) else text.encode()
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class ChartIndex:
    """A chart repository of a scenario, served by the world's file server."""

    def __init__(self, env):
        self.files = env.world.files.files
        self.path = f"/{env.namespace}"
        self.url = f"http://{env.world.files.address}{self.path}"
        self.entries = {}

    def publish(self, version, name="web", archive=None, **more):
        """Adds a version; `more` as chart_files has it."""
        data = archive or package(chart_files(version, name, **more), name)
        file = f"{name}-{version}.tgz"
        self.files[f"{self.path}/{file}"] = data
        self.entries.setdefault(name, []).append({
            "apiVersion": "v2", "name": name, "version": version,
            "digest": digest(data).partition(":")[2], "urls": [file],
            "created": "2026-01-01T00:00:00Z"})
        self.files[f"{self.path}/index.yaml"] = json.dumps({
            "apiVersion": "v1", "entries": self.entries}).encode()


class _RegistryHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server, path = self.server, self.path.partition("?")[0]
        if server.is_down:  # Of connections that were kept.
            self.close_connection = True
            return None
        server.requests.append(path)
        if server.fault == "unauthorized":
            return self.answer(401, b"{}", **{
                "WWW-Authenticate": 'Basic realm="registry"'})
        if server.fault == "limited":
            return self.answer(429, b"{}", **{"Retry-After": "1"})
        if path == "/v2/":
            return self.answer(200, b"{}")
        if path.endswith("/tags/list"):
            return self.answer(200, json.dumps({
                "tags": sorted(server.tags)}).encode())
        what, _, name = path.rpartition("/")
        if what.endswith("/manifests"):
            data = server.blobs.get(server.tags.get(name, name))
            return self.answer(200 if data else 404, data or b"{}",
                               MANIFEST, data and digest(data))
        data = server.blobs.get(name)
        if data and server.fault == "other bytes":
            data = bytes(byte ^ 1 for byte in data)
        if data and server.fault == "truncated":
            return self.answer(200, data[:len(data) // 2],
                               length=len(data))
        return self.answer(200 if data else 404, data or b"{}")

    def answer(self, code, data, media_type="application/octet-stream",
               name=None, length=None, **headers):
        self.send_response(code)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(length or len(data)))
        if name:
            self.send_header("Docker-Content-Digest", name)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        if length:
            self.close_connection = True


class MemoryRegistry:
    """A registry that holds charts under tags of one repository.

    fault: "", or what it does instead of its work: "unauthorized", "limited",
    "other bytes", "truncated".
    """

    def __init__(self):
        self.port = 0
        self.tags, self.blobs, self.requests = {}, {}, []
        self.server = None
        self._fault = ""

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def fault(self):
        return self._fault

    @fault.setter
    def fault(self, fault):
        self._fault = fault
        if self.server:
            self.server.fault = fault

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                server = ThreadingHTTPServer(("127.0.0.1", self.port),
                                             _RegistryHandler)
                break
            except OSError:  # The port is still being given up.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        server.daemon_threads = True
        server.tags, server.blobs = self.tags, self.blobs
        server.requests, server.fault = self.requests, self._fault
        server.handle_error = lambda *_: None
        server.is_down = False
        self.port = server.server_address[1]
        self.server = server
        threading.Thread(target=server.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.1}).start()

    def stop(self):
        if self.server:
            self.server.is_down = True
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def push(self, tag, version, archive=None, **more):
        """A chart, as `helm push` leaves it; returns the manifest's digest."""
        data = archive or package(chart_files(version, **more))

        def blob(media_type, content):
            self.blobs[digest(content)] = content
            return {"mediaType": media_type, "digest": digest(content),
                    "size": len(content)}
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": blob("application/vnd.cncf.helm.config.v1+json",
                           json.dumps({"version": version}).encode()),
            "layers": [blob(CHART_LAYER, data)]}).encode()
        self.blobs[digest(manifest)] = manifest
        self.tags[tag] = digest(manifest)
        return digest(manifest)


def registry_source(env, registry, name="web", tag="latest", **spec):
    """Applies an OCIRepository of the registry's charts."""
    env.apply({"kind": "OCIRepository", "metadata": {"name": name},
               "spec": {"interval": "1h", "insecure": True,
                        "url": f"oci://{registry.address}/charts/{name}",
                        "ref": {"tag": tag},
                        "layerSelector": {"mediaType": CHART_LAYER,
                                          "operation": "copy"}, **spec}})


def repository_source(env, index, name="charts", **spec):
    """Applies a HelmRepository of an index."""
    env.apply({"kind": "HelmRepository", "metadata": {"name": name},
               "spec": {"interval": "1h", "url": index.url, **spec}})
