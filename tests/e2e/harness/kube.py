"""A small Kubernetes client: requests, server-side apply, watches, waits.

Standard library only, so that the tests need nothing but Python. One
connection per thread, kept alive; watches have one of their own.
"""

import base64
import http.client
import json
import socket
import ssl
import threading
import time
from urllib.parse import quote, urlencode

import yaml

# Kinds the tests name without an apiVersion, and the current version of each.
KINDS = {
    "ConfigMap": ("v1", "configmaps", True),
    "Secret": ("v1", "secrets", True),
    "Service": ("v1", "services", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
    "Pod": ("v1", "pods", True),
    "Event": ("v1", "events", True),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims", True),
    "Namespace": ("v1", "namespaces", False),
    "Deployment": ("apps/v1", "deployments", True),
    "ReplicaSet": ("apps/v1", "replicasets", True),
    "StatefulSet": ("apps/v1", "statefulsets", True),
    "DaemonSet": ("apps/v1", "daemonsets", True),
    "Job": ("batch/v1", "jobs", True),
    "CronJob": ("batch/v1", "cronjobs", True),
    "HorizontalPodAutoscaler":
        ("autoscaling/v2", "horizontalpodautoscalers", True),
    "Role": ("rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings", True),
    "ClusterRole": ("rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding":
        ("rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "PriorityClass": ("scheduling.k8s.io/v1", "priorityclasses", False),
    "CustomResourceDefinition":
        ("apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "GitRepository":
        ("source.toolkit.fluxcd.io/v1", "gitrepositories", True),
    "OCIRepository": ("source.toolkit.fluxcd.io/v1", "ocirepositories", True),
    "Bucket": ("source.toolkit.fluxcd.io/v1", "buckets", True),
    "HelmRepository":
        ("source.toolkit.fluxcd.io/v1", "helmrepositories", True),
    "HelmChart": ("source.toolkit.fluxcd.io/v1", "helmcharts", True),
    "ExternalArtifact":
        ("source.toolkit.fluxcd.io/v1", "externalartifacts", True),
    "Kustomization":
        ("kustomize.toolkit.fluxcd.io/v1", "kustomizations", True),
    "HelmRelease": ("helm.toolkit.fluxcd.io/v2", "helmreleases", True),
    "Alert": ("notification.toolkit.fluxcd.io/v1beta3", "alerts", True),
    "Provider": ("notification.toolkit.fluxcd.io/v1beta3", "providers", True),
    "Receiver": ("notification.toolkit.fluxcd.io/v1", "receivers", True),
}


class ApiError(Exception):
    """An answer of the API server that is not a success."""

    def __init__(self, code, body):
        self.code = code
        self.body = body if isinstance(body, dict) else {}
        self.reason = self.body.get("reason", "")
        self.message = self.body.get("message", str(body)[:500])
        super().__init__(f"{code} {self.reason}: {self.message}")


class WaitTimeout(AssertionError):
    """What was waited for did not happen in time."""


def load_kubeconfig(path):
    with open(path, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    context = next(c["context"] for c in config["contexts"]
                   if c["name"] == config["current-context"])
    cluster = next(c["cluster"] for c in config["clusters"]
                   if c["name"] == context["cluster"])
    user = next((u["user"] for u in config.get("users", [])
                 if u["name"] == context.get("user")), {})
    return cluster, user


def tls_context(cluster, user):
    if cluster.get("insecure-skip-tls-verify"):
        context = ssl._create_unverified_context()
    elif "certificate-authority-data" in cluster:
        text = base64.b64decode(cluster["certificate-authority-data"])
        context = ssl.create_default_context(cadata=text.decode())
    else:
        context = ssl.create_default_context(
            cafile=cluster.get("certificate-authority"))
    if "client-certificate" in user:
        context.load_cert_chain(user["client-certificate"],
                                user["client-key"])
    return context


class Kube:
    """Requests to one API server, safe to use from many threads."""

    def __init__(self, kubeconfig, agent="weir-e2e"):
        self.kubeconfig = str(kubeconfig)
        self.agent = agent
        self._local = threading.local()
        self._resources = dict(KINDS)
        self.reload()

    def reload(self):
        """Reads the kubeconfig again."""
        cluster, user = load_kubeconfig(self.kubeconfig)
        scheme, _, rest = cluster["server"].partition("://")
        self._tls = tls_context(cluster, user) if scheme == "https" else None
        self._host = rest.strip("/")
        self._token = user.get("token")

    # ------------------------------------------------------------ requests

    def _connect(self, timeout):
        if self._tls:
            connection = http.client.HTTPSConnection(
                self._host, timeout=timeout, context=self._tls)
        else:
            connection = http.client.HTTPConnection(self._host,
                                                    timeout=timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _headers(self, content_type=None):
        headers = {"Accept": "application/json", "User-Agent": self.agent}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if content_type:
            headers["Content-Type"] = content_type
        return headers

    def raw(self, method, path, body=None, content_type=None, timeout=60):
        """One request; returns (code, decoded body)."""
        data = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(
                body).encode()
            content_type = content_type or "application/json"
        for attempt in (0, 1):
            connection = getattr(self._local, "connection", None)
            fresh = connection is None
            try:
                if fresh:
                    connection = self._connect(timeout)
                    self._local.connection = connection
                connection.sock.settimeout(timeout)
                connection.request(method, path, data,
                                   self._headers(content_type))
                response = connection.getresponse()
                text = response.read()
                break
            except (OSError, http.client.HTTPException, AttributeError):
                if connection:
                    connection.close()
                self._local.connection = None
                # A kept connection may have been closed meanwhile.
                if fresh or attempt:
                    raise
        try:
            return response.status, json.loads(text)
        except ValueError:
            return response.status, text.decode(errors="replace")

    def call(self, method, path, body=None, content_type=None, timeout=60):
        code, answer = self.raw(method, path, body, content_type, timeout)
        if code >= 300:
            raise ApiError(code, answer)
        return answer

    # ------------------------------------------------------------ paths

    def discover(self, kind):
        """The same of a kind that a definition made; None when there is none."""
        for group in self.call("GET", "/apis")["groups"]:
            version = group["preferredVersion"]["groupVersion"]
            for entry in self.call("GET", f"/apis/{version}")["resources"]:
                if entry["kind"] == kind and "/" not in entry["name"]:
                    self._resources[kind] = (version, entry["name"],
                                             entry["namespaced"])
                    return self._resources[kind]
        return None

    def resource(self, kind, api_version=None):
        """(apiVersion, plural, namespaced) of a kind."""
        key = kind if api_version in (None, KINDS.get(kind, (None,))[0]) \
            else f"{kind}.{api_version}"
        known = self._resources.get(key)
        if known is None and api_version:
            prefix = "/api/" if "/" not in api_version else "/apis/"
            for entry in self.call("GET", prefix + api_version)["resources"]:
                if "/" not in entry["name"]:
                    name = f"{entry['kind']}.{api_version}"
                    self._resources[name] = (api_version, entry["name"],
                                             entry["namespaced"])
            known = self._resources.get(f"{kind}.{api_version}")
        if known is None and not api_version:
            known = self.discover(kind)
        if known is None:
            raise KeyError(f"kind {kind} of {api_version} is unknown")
        return known

    def path(self, kind, namespace=None, name=None, api_version=None,
             subresource=None, **query):
        version, plural, namespaced = self.resource(kind, api_version)
        parts = ["/api" if "/" not in version else "/apis", version]
        if namespaced and namespace:
            parts += ["namespaces", namespace]
        parts.append(plural)
        if name:
            parts.append(quote(name, safe=""))
        if subresource:
            parts.append(subresource)
        text = "/".join(parts)
        return text + ("?" + urlencode(query) if query else "")

    # ------------------------------------------------------------ objects

    def get(self, kind, name, namespace=None, api_version=None):
        return self.call("GET", self.path(kind, namespace, name, api_version))

    def find(self, kind, name, namespace=None, api_version=None):
        """The object, or None."""
        try:
            return self.get(kind, name, namespace, api_version)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind, namespace=None, api_version=None, **query):
        return self.call("GET", self.path(kind, namespace, None, api_version,
                                          **query))["items"]

    def apply(self, obj, namespace=None, manager="recorder", force=True):
        """Server-side apply; fills in the current apiVersion."""
        obj = dict(obj)
        obj.setdefault("apiVersion", KINDS.get(obj["kind"], ("",))[0])
        meta = obj["metadata"]
        namespace = meta.get("namespace", namespace)
        path = self.path(obj["kind"], namespace, meta["name"],
                         obj["apiVersion"], fieldManager=manager,
                         force=str(force).lower())
        return self.call("PATCH", path, obj, "application/apply-patch+yaml")

    def create(self, obj, namespace=None, manager="recorder"):
        obj = dict(obj)
        obj.setdefault("apiVersion", KINDS.get(obj["kind"], ("",))[0])
        namespace = obj["metadata"].get("namespace", namespace)
        path = self.path(obj["kind"], namespace, None, obj["apiVersion"],
                         fieldManager=manager)
        return self.call("POST", path, obj)

    def merge(self, kind, name, patch, namespace=None, manager="recorder",
              subresource=None, api_version=None):
        path = self.path(kind, namespace, name, api_version, subresource,
                         fieldManager=manager)
        return self.call("PATCH", path, patch, "application/merge-patch+json")

    def json_patch(self, kind, name, patch, namespace=None,
                   manager="recorder", subresource=None):
        path = self.path(kind, namespace, name, None, subresource,
                         fieldManager=manager)
        return self.call("PATCH", path, patch, "application/json-patch+json")

    def delete(self, kind, name, namespace=None, api_version=None,
               policy="Background"):
        try:
            return self.call("DELETE",
                             self.path(kind, namespace, name, api_version),
                             {"kind": "DeleteOptions", "apiVersion": "v1",
                              "propagationPolicy": policy})
        except ApiError as error:
            if error.code != 404:
                raise
            return None

    def annotate(self, kind, name, namespace, **annotations):
        return self.merge(kind, name, {"metadata": {
            "annotations": annotations}}, namespace)

    def request_reconcile(self, kind, name, namespace, at):
        return self.merge(kind, name, {"metadata": {"annotations": {
            "reconcile.fluxcd.io/requestedAt": at}}}, namespace)

    # ------------------------------------------------------------ watching

    def stream(self, path, stop=None, timeout=None):
        """Yields (type, object) of one watch request until it ends."""
        connection = self._connect(10)
        try:
            connection.request("GET", path, None, self._headers())
            # http.client lets go of it when the server will close.
            sock = connection.sock
            response = connection.getresponse()
            if response.status != 200:
                raise ApiError(response.status,
                               json.loads(response.read() or b"{}"))
            # Short read timeouts, so that `stop` is noticed.
            deadline = timeout and time.monotonic() + timeout
            buffer = b""
            sock.settimeout(0.5)
            while not (stop and stop.is_set()):
                if deadline and time.monotonic() > deadline:
                    return
                try:
                    chunk = response.read1(1 << 20)
                except TimeoutError:
                    # After a time-out http.client refuses to read on.
                    response.fp.raw._timeout_occurred = False
                    continue
                if not chunk:
                    return
                buffer += chunk
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    if line.strip():
                        event = json.loads(line)
                        yield event["type"], event["object"]
        finally:
            connection.close()

    def wait(self, kind, name, namespace, what, predicate, timeout=30,
             api_version=None):
        """Watches one object until predicate(object or None) is true.

        Returns the object (None where the predicate accepted its absence).
        """
        deadline = time.monotonic() + timeout
        last = None
        while True:
            try:
                last = self.find(kind, name, namespace, api_version)
                if predicate(last):
                    return last
                version = last["metadata"]["resourceVersion"] if last else "0"
                path = self.path(
                    kind, namespace, None, api_version, watch="true",
                    fieldSelector=f"metadata.name={name}",
                    resourceVersion=version, timeoutSeconds="30")
                left = deadline - time.monotonic()
                for event, obj in self.stream(path, timeout=max(left, 0.1)):
                    if event in ("BOOKMARK", "ERROR"):
                        break
                    last = None if event == "DELETED" else obj
                    if predicate(last):
                        return last
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)  # The server restarts.
            except ApiError as error:
                if error.code not in (401, 403, 404, 410, 429, 500, 503):
                    raise
                time.sleep(0.05)
            if time.monotonic() > deadline:
                raise WaitTimeout(f"{kind}/{name}: not {what} within "
                                  f"{timeout} s; {describe(last)}")


def describe(obj):
    """One line about an object, for messages of failed tests."""
    if obj is None:
        return "it does not exist"
    status = obj.get("status", {})
    if "conditions" in status:
        return "conditions: " + "; ".join(
            f"{c['type']}={c['status']} {c.get('reason', '')} "
            f"({c.get('message', '')[:600]})" for c in status["conditions"])
    text = {k: v for k, v in obj.items() if k != "metadata"}
    return json.dumps(text)[:400]


def condition(obj, kind):
    """The condition of that type, or an empty one."""
    status = (obj or {}).get("status") or {}
    for entry in status.get("conditions") or []:
        if entry["type"] == kind:
            return entry
    return {}


def is_ready(obj, status="True"):
    return condition(obj, "Ready").get("status") == status


def handled(obj):
    return (obj or {}).get("status", {}).get("lastHandledReconcileAt")


class Watcher(threading.Thread):
    """Follows all objects of one kind and calls on_event(type, object).

    Lists first (as ADDED), resumes where a stream ended, lists anew after
    410. Deletions missed meanwhile are reported as DELETED.
    """

    def __init__(self, kube, kind, namespace, on_event, api_version=None):
        super().__init__(daemon=True, name=f"watch-{kind}")
        self._kube, self._kind, self._namespace = kube, kind, namespace
        self._api_version = api_version
        self._on_event = on_event
        self._stop_now = threading.Event()
        self._known = {}
        self.synced = threading.Event()
        self.start()

    def run(self):
        version = ""
        while not self._stop_now.is_set():
            try:
                if not version:
                    version = self._relist()
                    self.synced.set()
                path = self._kube.path(
                    self._kind, self._namespace, None, self._api_version,
                    watch="true", resourceVersion=version,
                    allowWatchBookmarks="true")
                for event, obj in self._kube.stream(path, self._stop_now):
                    if event == "ERROR":
                        version = ""
                        break
                    version = obj["metadata"]["resourceVersion"]
                    if event != "BOOKMARK":
                        self._deliver(event, obj)
            except ApiError:
                version = ""
                self._stop_now.wait(0.1)
            except (OSError, ValueError, http.client.HTTPException):
                self._stop_now.wait(0.1)

    def _relist(self):
        answer = self._kube.call("GET", self._kube.path(
            self._kind, self._namespace, None, self._api_version))
        seen = set()
        for obj in answer["items"]:
            obj.setdefault("kind", self._kind)
            seen.add(obj["metadata"]["uid"])
            old = self._known.get(obj["metadata"]["uid"])
            same = old and (old["metadata"]["resourceVersion"] ==
                            obj["metadata"]["resourceVersion"])
            if not same:
                self._deliver("MODIFIED" if old else "ADDED", obj)
        for uid in [u for u in self._known if u not in seen]:
            self._deliver("DELETED", self._known[uid])
        return answer["metadata"]["resourceVersion"]

    def _deliver(self, event, obj):
        uid = obj["metadata"]["uid"]
        if event == "DELETED":
            self._known.pop(uid, None)
        else:
            self._known[uid] = obj
        self._on_event(event, obj)

    def stop(self):
        self._stop_now.set()
