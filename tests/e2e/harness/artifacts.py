"""Archives made by hand, and artifacts that somebody else serves."""

import gzip
import hashlib
import io
import tarfile


def archive(entries):
    """A tar.gz of (name, text) or TarInfo made by hand."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            name, text = entry
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(out.getvalue())


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def device(name):
    info = tarfile.TarInfo(name)
    info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 3
    return info


def publish_artifact(env, name, data, digest=None):
    """An ExternalArtifact that somebody else serves."""
    path = f"/{env.namespace}/{name}.tar.gz"
    env.world.files.files[path] = data
    env.apply({"kind": "ExternalArtifact", "metadata": {"name": name},
               "spec": {"sourceRef": {
                   "apiVersion": "example.com/v1", "kind": "Thing",
                   "name": name}}})
    digest = digest or "sha256:" + hashlib.sha256(data).hexdigest()
    env.merge("ExternalArtifact", name, {"status": {
        "artifact": {"url": f"http://{env.world.files.address}{path}",
                     "path": path[1:], "digest": digest, "size": len(data),
                     "revision": f"latest@{digest}",
                     "lastUpdateTime": "2026-01-01T00:00:00Z"},
        "conditions": [{
            "type": "Ready", "status": "True", "reason": "Succeeded",
            "message": "published", "observedGeneration": 1,
            "lastTransitionTime": "2026-01-01T00:00:00Z"}]}},
        subresource="status")
