"""Real git servers: `git http-backend` behind HTTP(S), and sshd.

A repository lives at <root>/<namespace>/<name>.git. How the HTTP server
answers can be changed per namespace while it runs.
"""

import base64
import getpass
import json
import os
import random
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GIT_ENV = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    "LC_ALL": "C.UTF-8",
}


# Ports that outgoing connections do not get, in an order of this process's own.
PORTS = iter(random.sample(range(15000, 32000), 17000))


def free_port():
    """A port that nobody listens on and that is given once: it stays free
    until it is used."""
    for port in PORTS:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise RuntimeError("no port is left")


def git(folder, *arguments, data=None):
    done = subprocess.run(["git", *arguments], cwd=folder, input=data,
                          env=GIT_ENV, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(arguments)}: "
                           f"{done.stderr.decode(errors='replace')}")
    return done.stdout


def quoted(path):
    data = path.encode()
    out = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\'
                  else f"\\{b:03o}" for b in data)
    return f'"{out}"'


def as_file(content):
    """(mode, bytes) of a file written as text, or as {text, mode, link}."""
    if isinstance(content, dict):
        if "link" in content:
            return 0o120000, content["link"].encode()
        text = content.get("text", "")
        executable = content.get("mode", 0o644) & 0o111
        mode = 0o100755 if executable else 0o100644
        return mode, text if isinstance(text, bytes) else text.encode()
    return 0o100644, (content if isinstance(content, bytes)
                      else content.encode())


class GitRepo:
    """A bare repository that tests commit to."""

    # Commits carry fixed dates, so that the same inputs give the same hashes.
    FIRST_COMMIT_AT = 1767225600

    def __init__(self, path):
        self.path = Path(path)
        self.count = 0
        self.commits = []
        self.path.mkdir(parents=True, exist_ok=True)
        git(self.path, "init", "-q", "--bare", "-b", "main")
        git(self.path, "config", "http.receivepack", "true")

    def head(self, branch="main"):
        return git(self.path, "rev-parse", f"refs/heads/{branch}"
                   ).decode().strip()

    def has(self, ref):
        return subprocess.run(
            ["git", "rev-parse", "-q", "--verify", ref], cwd=self.path,
            env=GIT_ENV, capture_output=True, check=False).returncode == 0

    def commit(self, files=None, delete=(), branch="main", tag=None,
               annotated=False, message=None, replace=False, orphan=False,
               refs=(), base=None):
        """Adds one commit; returns its hash.

        replace: the tree is exactly `files`; orphan: without a parent (a
        force-push when the branch exists); base: the parent.
        """
        self.count += 1
        when = f"{self.FIRST_COMMIT_AT + self.count * 60} +0000"
        text = (message or f"change {self.count}").encode()
        ref = f"refs/heads/{branch}"
        parent = base or (ref + "^0" if self.has(ref) else None)
        out = [b"reset %s\n" % ref.encode()] if orphan else []
        out += [b"commit %s\n" % ref.encode()]
        for role in ("author", "committer"):
            out.append(f"{role} Fixture <fixture@example.com> {when}\n"
                       .encode())
        out.append(b"data %d\n%s\n" % (len(text), text))
        if parent and not orphan:
            out.append(b"from %s\n" % parent.encode())
        if replace:
            out.append(b"deleteall\n")
        for name in delete or ():
            out.append(b"D %s\n" % quoted(name).encode())
        for name, content in (files or {}).items():
            mode, data = as_file(content)
            out.append(b"M %o inline %s\ndata %d\n" %
                       (mode, quoted(name).encode(), len(data)))
            out += [data, b"\n"]
        out.append(b"\n")
        git(self.path, "fast-import", "--quiet", "--force", "--date-format="
            "raw", data=b"".join(out))
        commit = self.head(branch)
        self.commits.append(commit)
        for name in refs or ():
            git(self.path, "update-ref", name, commit)
        if tag:
            self.tag(tag, commit, annotated)
        return commit

    def tag(self, name, target=None, annotated=False):
        target = target or self.head()
        if annotated:
            when = f"{self.FIRST_COMMIT_AT + self.count * 60} +0000"
            text = f"tag {name}"
            git(self.path, "fast-import", "--quiet", "--force", data=(
                f"tag {name}\nfrom {target}\ntagger Fixture "
                f"<fixture@example.com> {when}\ndata {len(text)}\n{text}\n"
            ).encode())
        else:
            git(self.path, "update-ref", f"refs/tags/{name}", target)

    def delete_branch(self, name):
        git(self.path, "update-ref", "-d", f"refs/heads/{name}")

    def raw_tree(self, entries):
        """Writes a tree without git's checks: [(mode, name, hash)]."""
        data = b"".join(b"%s %s\0%s" % (mode.encode(), name.encode(),
                                        bytes.fromhex(sha))
                        for mode, name, sha in entries)
        return git(self.path, "hash-object", "-t", "tree", "--literally",
                   "-w", "--stdin", data=data).decode().strip()

    def blob(self, data):
        return git(self.path, "hash-object", "-w", "--stdin",
                   data=data).decode().strip()

    def commit_tree(self, tree, branch="main"):
        """A commit of a tree made by hand."""
        self.count += 1
        when = f"{self.FIRST_COMMIT_AT + self.count * 60} +0000"
        lines = [f"tree {tree}"]
        if self.has(f"refs/heads/{branch}"):
            lines.append(f"parent {self.head(branch)}")
        for role in ("author", "committer"):
            lines.append(f"{role} Fixture <fixture@example.com> {when}")
        data = "\n".join(lines + ["", f"change {self.count}", ""]).encode()
        commit = git(self.path, "hash-object", "-t", "commit", "--literally",
                     "-w", "--stdin", data=data).decode().strip()
        git(self.path, "update-ref", f"refs/heads/{branch}", commit)
        self.commits.append(commit)
        return commit


class Behaviour:
    """How the server answers one namespace from now on."""

    def __init__(self):
        self.status = None    # Answer everything with this code.
        self.auth = None      # "user:password" that is asked for.
        self.bearer = None    # A token that is accepted as well.
        self.delay = 0        # Seconds before each answer.
        self.redirect = None  # Location base for info/refs.


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer(b"")

    def do_HEAD(self):
        self.answer(b"")

    def do_POST(self):
        self.answer(self.body())

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                data += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def plain(self, code, text, headers=()):
        data = text.encode()
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        return code

    def answer(self, body):
        path, _, query = self.path.partition("?")
        namespace = path.split("/")[1] if path.count("/") > 1 else ""
        behaviour = self.server.behaviour(namespace)
        if behaviour.delay:
            self.server.stopping.wait(behaviour.delay)
        try:
            code = self.respond(behaviour, path, query, body)
        except (BrokenPipeError, ConnectionResetError):
            code = 499
            self.close_connection = True
        self.server.record({
            "namespace": namespace, "method": self.command,
            "path": self.path, "code": code,
            "auth": self.headers.get("Authorization", ""),
            "agent": self.headers.get("User-Agent", "")})

    def authorized(self, behaviour):
        if not behaviour.auth and not behaviour.bearer:
            return True
        given = self.headers.get("Authorization", "")
        wanted = []
        if behaviour.auth:
            wanted.append("Basic " + base64.b64encode(
                behaviour.auth.encode()).decode())
        if behaviour.bearer:
            wanted.append("Bearer " + behaviour.bearer)
        return given in wanted

    def respond(self, behaviour, path, query, body):
        if behaviour.status:
            return self.plain(behaviour.status, "unavailable\n")
        if behaviour.redirect and path.endswith("/info/refs"):
            return self.plain(302, "moved\n", [
                ("Location", behaviour.redirect + self.path)])
        if not self.authorized(behaviour):
            return self.plain(401, "unauthorized\n", [
                ("WWW-Authenticate", 'Basic realm="git"')])
        return self.backend(path, query, body)

    def backend(self, path, query, body):
        root = Path(self.server.root)
        repo = re.match(r"(/.*?\.git)(/|$)", path)
        if not repo or not (root / repo.group(1)[1:]).is_dir():
            return self.plain(404, "")
        env = dict(GIT_ENV, GIT_PROJECT_ROOT=str(root),
                   GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path,
                   QUERY_STRING=query, REQUEST_METHOD=self.command,
                   CONTENT_TYPE=self.headers.get("Content-Type", ""),
                   CONTENT_LENGTH=str(len(body)),
                   REMOTE_ADDR=self.client_address[0],
                   GIT_PROTOCOL=self.headers.get("Git-Protocol", ""))
        if self.headers.get("Content-Encoding"):
            env["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        with subprocess.Popen(["git", "http-backend"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=env) as process:
            feeder = threading.Thread(target=self.feed,
                                      args=(process.stdin, body))
            feeder.start()
            try:
                return self.relay(process.stdout)
            finally:
                process.stdout.close()
                feeder.join()

    @staticmethod
    def feed(pipe, body):
        try:
            pipe.write(body)
            pipe.close()
        except OSError:
            pass

    def relay(self, pipe):
        code, headers = 200, []
        while True:
            line = pipe.readline().decode().rstrip("\r\n")
            if not line:
                break
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                code = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            chunk = pipe.read1(1 << 16)
            if not chunk:
                break
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")
        return code


class GitHttpServer(ThreadingHTTPServer):
    """git over HTTP on a free loopback port; TLS where a folder is given."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, root, certificates=None, client_ca=False, port=0):
        self.root = Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.stopping = threading.Event()
        self._behaviours = {}
        self._log = []
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self.scheme = "http"
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / "tls.crt",
                                    certificates / "tls.key")
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(certificates / "ca.crt")
            self.socket = context.wrap_socket(
                self.socket, server_side=True,
                do_handshake_on_connect=False)
            self.scheme = "https"
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.1}).start()

    def handle_error(self, request, client_address):
        pass  # Clients may hang up, or fail the handshake, on purpose.

    def behaviour(self, namespace):
        with self._lock:
            return self._behaviours.setdefault(namespace, Behaviour())

    def record(self, entry):
        with self._lock:
            self._log.append(dict(entry, time=time.time()))

    def log(self, namespace):
        with self._lock:
            return [e for e in self._log if e["namespace"] == namespace]

    def repo(self, namespace, name="app"):
        return GitRepo(self.root / namespace / f"{name}.git")

    def url(self, namespace, name="app"):
        return f"{self.scheme}://{self.address}/{namespace}/{name}.git"

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()


class SshServer:
    """sshd with keys of its own, serving git repositories to one key."""

    def __init__(self, folder, root):
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = Path(root)
        self.port = free_port()
        for name in ("host", "client", "other"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", str(self.folder / name)], check=True)
        public = (self.folder / "client.pub").read_text(encoding="utf-8")
        (self.folder / "authorized").write_text(public, encoding="utf-8")
        shell = shutil.which("git-shell") or "/usr/bin/git-shell"
        (self.folder / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\n"
            f"HostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {self.folder}/authorized\n"
            "StrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPidFile none\n"
            "PermitRootLogin yes\nMaxStartups 100\n"
            f'ForceCommand {shell} -c "$SSH_ORIGINAL_COMMAND"\n',
            encoding="utf-8")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f",
                 str(self.folder / "config")], stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def url(self, namespace, name="app"):
        return (f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}"
                f"{self.root}/{namespace}/{name}.git")

    def known_hosts(self, key="host"):
        kind, text = (self.folder / f"{key}.pub").read_text(
            encoding="utf-8").split()[:2]
        return f"[127.0.0.1]:{self.port} {kind} {text}\n"

    def secret(self, name="ssh", key="client", known_hosts=None):
        return {"kind": "Secret", "metadata": {"name": name}, "stringData": {
            "identity": (self.folder / key).read_text(encoding="utf-8"),
            "known_hosts": known_hosts or self.known_hosts()}}

    def stop(self):
        self.process.terminate()
        self.process.wait()


class _FileHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        data = self.server.files.get(self.path.partition("?")[0])
        self.send_response(404 if data is None else 200)
        data = data or b""
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.posted(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class FileServer(ThreadingHTTPServer):
    """Serves bytes from memory; collects what is POSTed (the event sink)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        self.files = {}
        self._events = []
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _FileHandler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.1}).start()

    def handle_error(self, request, client_address):
        pass

    def posted(self, body):
        with self._lock:
            self._events.append(json.loads(body))

    def events(self, namespace=None):
        with self._lock:
            return [e for e in self._events if namespace is None or
                    e["involvedObject"].get("namespace") == namespace]

    def stop(self):
        self.shutdown()
        self.server_close()


