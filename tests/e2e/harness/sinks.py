"""Where notifications go, and who signs tokens: servers of the tests' own."""

import base64
import json
import socket
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Delivery:
    """One request that came."""

    def __init__(self, method, path, headers, body):
        self.at = time.monotonic()
        self.method, self.path, self.body = method, path, body
        self.headers = {k.lower(): v for k, v in headers.items()}

    @property
    def json(self):
        return json.loads(self.body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if len(body) < size:  # Whoever sent it was killed.
            self.close_connection = True
            return
        delivery = Delivery(self.command, self.path, self.headers, body)
        time.sleep(self.server.delay)
        code, reply = self.server.respond(delivery)
        self.server.keep(delivery)
        # One write: the answer is not worth two packets.
        self.wfile.write(
            f"HTTP/1.1 {code} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(reply)}\r\n\r\n".encode() + reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer


class Sink(ThreadingHTTPServer):
    """Keeps what it is sent and answers 200.

    delay: seconds before each answer.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, delay=0):
        self.delay = delay
        self._deliveries = []
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"http://{self.address}"
        threading.Thread(target=self.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.1}).start()

    def handle_error(self, request, client_address):
        pass  # Clients that are killed leave half a request.

    def respond(self, delivery):
        del delivery
        return 200, b""

    def keep(self, delivery):
        with self._lock:
            self._deliveries.append(delivery)

    def deliveries(self, path=None):
        with self._lock:
            return [d for d in self._deliveries if path in (None, d.path)]

    def clear(self):
        with self._lock:
            self._deliveries.clear()

    def count(self):
        with self._lock:
            return len(self._deliveries)

    def events(self, **wanted):
        """Posted events with these members."""
        return [e for e in (d.json for d in self.deliveries())
                if all(e.get(k) == v for k, v in wanted.items())]

    def stop(self):
        self.shutdown()
        self.server_close()


class Forge(Sink):
    """The commit statuses of a Gitea."""

    def __init__(self):
        self._statuses = {}  # Commit -> statuses, the newest first.
        super().__init__()

    def respond(self, delivery):
        path = delivery.path.partition("?")[0]
        if path == "/api/v1/version":
            return 200, b'{"version":"1.21.0"}'
        parts = path.split("/")  # /api/v1/repos/org/repo/...
        if delivery.method == "GET" and parts[-1] == "statuses":
            return 200, json.dumps(self.statuses(parts[-2])).encode()
        if delivery.method == "POST" and parts[-2] == "statuses":
            made = delivery.json
            with self._lock:
                # Gitea takes `state` and tells it as `status`.
                self._statuses.setdefault(parts[-1], []).insert(
                    0, {**made, "status": made["state"]})
            return 201, delivery.body
        return 404, b"{}"

    def statuses(self, commit):
        with self._lock:
            return list(self._statuses.get(commit, ()))

    def states(self, commit):
        """In the order they were set."""
        return [s["state"] for s in reversed(self.statuses(commit))]


class Silent:
    """Takes connections and never answers."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.address}"

    def stop(self):
        self._socket.close()


def base64url(data):
    if isinstance(data, dict):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data,
                          check=True, capture_output=True).stdout


class Issuer(Sink):
    """An OpenID Connect issuer of tokens; its key can change."""

    def __init__(self, folder):
        self._folder = folder
        self._number = 0
        self.rotate()
        super().__init__()

    def rotate(self):
        """A new key; the one before is known to nobody any more."""
        self._number += 1
        self._folder.mkdir(parents=True, exist_ok=True)
        self._key = self._folder / f"issuer-{self._number}.pem"
        _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt",
                 "rsa_keygen_bits:2048", "-out", self._key)
        text = _openssl("rsa", "-in", self._key, "-noout", "-modulus")
        self._modulus = bytes.fromhex(text.decode().strip().split("=")[1])

    def respond(self, delivery):
        if delivery.path == "/.well-known/openid-configuration":
            return 200, json.dumps({
                "issuer": self.url, "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"]}).encode()
        if delivery.path == "/keys":
            return 200, json.dumps({"keys": [{
                "kty": "RSA", "use": "sig", "alg": "RS256",
                "kid": str(self._number), "n": base64url(self._modulus),
                "e": base64url(b"\x01\x00\x01")}]}).encode()
        return 404, b""

    def token(self, **claims):
        now = int(time.time())
        head = {"alg": "RS256", "typ": "JWT", "kid": str(self._number)}
        body = {"iss": self.url, "aud": "notification-controller",
                "sub": "robot", "iat": now, "exp": now + 300, **claims}
        signed = f"{base64url(head)}.{base64url(body)}"
        signature = _openssl("dgst", "-sha256", "-sign", self._key,
                             data=signed.encode())
        return f"{signed}.{base64url(signature)}"
