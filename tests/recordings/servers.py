"""A web server and a container registry, and what recordings put into them.

What is published is made byte for byte as the recorder made it: digests of
layers, manifests, charts and indexes are those of the recordings.
"""

import base64
import gzip
import hashlib
import io
import json
import re
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml

MTIME = 1577836800  # 2020-01-01
CREATED = "2020-01-01T00:00:00Z"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
TEMPLATE = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-cm
data:
  color: {{ .Values.color | quote }}
  version: {{ .Chart.Version | quote }}
"""


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar_gz(files):
    """A gzipped tarball of {name: text}, in the order of names."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name in sorted(files):
            data = files[name].encode()
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), MTIME
            tar.addfile(info, io.BytesIO(data))
    # With the header that zlib writes, whatever Python's own says of it.
    packed = bytearray(gzip.compress(plain.getvalue(), mtime=0))
    packed[9] = 3
    return bytes(packed)


class Behaviour:
    """How a server answers one namespace from now on."""

    def __init__(self):
        self.status = None  # Answer everything with this code.
        self.auth = None    # "user:password" that is asked for.
        self.delay = 0      # Seconds before each answer.


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        behaviour = self.server.behaviour(self.server.namespace(self.path))
        time.sleep(behaviour.delay)
        wanted = behaviour.auth and "Basic " + base64.b64encode(
            behaviour.auth.encode()).decode()
        if behaviour.status:
            self.plain(behaviour.status, b"fixture failure\n")
        elif wanted and self.headers.get("Authorization") != wanted:
            self.plain(401, b"unauthorized\n",
                       [("WWW-Authenticate", 'Basic realm="fixture"')])
        else:
            self.plain(*self.server.find(urlsplit(self.path)))

    do_HEAD = do_GET

    def plain(self, code, body, headers=()):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        self._behaviours = {}
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.1}).start()

    def handle_error(self, request, client_address):
        pass

    def behaviour(self, namespace):
        return self._behaviours.setdefault(namespace, Behaviour())

    def stop(self):
        self.shutdown()
        self.server_close()


class WebServer(_Server):
    """Files by path: "/<namespace>/charts/index.yaml"."""

    def __init__(self):
        self.files = {}
        super().__init__()

    @staticmethod
    def namespace(path):
        return path.split("/")[1]

    def find(self, url):
        if url.path in self.files:
            return 200, self.files[url.path]
        return 404, b"404 page not found\n"

    def put(self, namespace, path, data):
        self.files[f"/{namespace}/{path}"] = data

    def publish_chart(self, namespace, chart):
        """Adds a chart to the namespace's repository, and to its index."""
        name, version = chart["name"], chart["version"]
        archive = pack_chart(chart)
        file = f"{name}-{version}.tgz"
        self.put(namespace, f"charts/{file}", archive)
        index = yaml.safe_load(
            self.files.get(f"/{namespace}/charts/index.yaml", b"")) or {
                "apiVersion": "v1", "generated": CREATED, "entries": {}}
        index["entries"].setdefault(name, []).insert(0, {
            "apiVersion": "v2", "appVersion": "1.0", "created": CREATED,
            "digest": hashlib.sha256(archive).hexdigest(), "name": name,
            "urls": [file], "version": version})
        self.put(namespace, "charts/index.yaml",
                 yaml.safe_dump(index).encode())


def chart_metadata(chart):
    return {"apiVersion": "v2", "appVersion": "1.0", "description": "fixture",
            "name": chart["name"], "version": chart["version"]}


def pack_chart(chart):
    files = {"Chart.yaml": yaml.safe_dump(chart_metadata(chart)),
             "values.yaml": "color: blue\n"}
    templates = chart.get("templates") or {"cm.yaml": TEMPLATE}
    files.update({f"templates/{k}": v for k, v in templates.items()})
    files.update(chart.get("files") or {})
    return tar_gz({f"{chart['name']}/{k}": v for k, v in files.items()})


class Registry(_Server):
    """The reading half of the OCI distribution API."""

    def __init__(self):
        self.blobs, self.manifests, self.tags = {}, {}, {}
        super().__init__()

    @staticmethod
    def namespace(path):
        parts = path.split("/")
        return parts[2] if len(parts) > 2 else ""

    def find(self, url):
        if url.path in ("/v2", "/v2/"):
            return 200, b"{}"
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs|tags)/([^/]+)",
                             url.path)
        if not found:
            return 404, b"404 page not found\n"
        repository, what, version = found.groups()
        if what == "tags":
            return self.list_tags(repository, parse_qs(url.query))
        if what == "blobs":
            if version in self.blobs:
                return 200, self.blobs[version]
            return self.error("BLOB_UNKNOWN", "blob unknown to registry",
                              version)
        data = self.manifests.get((repository, version))
        if data is None:
            detail = ({"Name": repository, "Revision": version}
                      if version.startswith("sha256:") else {"Tag": version})
            return self.error("MANIFEST_UNKNOWN", "manifest unknown", detail)
        return 200, data, [("Content-Type", MANIFEST),
                           ("Docker-Content-Digest", digest(data))]

    def list_tags(self, repository, _):
        if repository not in self.tags:
            return self.error("NAME_UNKNOWN",
                              "repository name not known to registry",
                              {"name": repository})
        return 200, json.dumps({"name": repository,
                                "tags": sorted(self.tags[repository])}
                               ).encode()

    @staticmethod
    def error(code, message, detail):
        return 404, json.dumps({"errors": [
            {"code": code, "message": message, "detail": detail}]}).encode()

    def blob(self, media_type, data):
        self.blobs[digest(data)] = data
        return {"mediaType": media_type, "digest": digest(data),
                "size": len(data)}

    def push(self, repository, tag, config, layers, annotations=None):
        """Returns the manifest's digest and those of its layers."""
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": config, "layers": layers}
        if annotations:
            manifest["annotations"] = annotations
        data = json.dumps(manifest).encode()
        for version in (tag, digest(data)):
            self.manifests[repository, version] = data
        self.tags.setdefault(repository, set()).add(tag)
        return digest(data), [layer["digest"] for layer in layers]

    def publish_artifact(self, repository, given):
        """`given`: tag, files, layers, annotations, as recordings say it."""
        layers = []
        if given.get("files") is not None:
            layers.append(self.blob(
                "application/vnd.cncf.flux.content.v1.tar+gzip",
                tar_gz(given["files"])))
        for layer in given.get("layers") or ():
            data = (tar_gz(layer["files"]) if "files" in layer
                    else layer["data"].encode())
            layers.append(self.blob(layer["mediaType"], data))
        config = self.blob("application/vnd.cncf.flux.config.v1+json", b"{}")
        return self.push(repository, given["tag"], config, layers,
                         given.get("annotations"))

    def publish_chart(self, namespace, chart):
        config = self.blob("application/vnd.cncf.helm.config.v1+json",
                           json.dumps(chart_metadata(chart)).encode())
        layer = self.blob(
            "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
            pack_chart(chart))
        return self.push(f"{namespace}/{chart['name']}",
                         chart["version"].replace("+", "_"), config, [layer])
