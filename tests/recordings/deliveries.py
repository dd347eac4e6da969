"""Where notifications go, and how they compare with the recorded ones."""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Headers that a receiver acts upon; the others are the HTTP client's own.
TELLING = ("authorization", "content-type", "dd-api-key", "gotk-component",
           "private-token", "x-atlassian-token", "x-requested-with",
           "x-signature", "x-team")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size).decode(errors="replace")
        code, reply = self.server.answer_to(f"{self.command} {self.path}")
        self.server.keep({
            "request": f"{self.command} {self.path}",
            "headers": {k.lower(): v for k, v in self.headers.items()},
            "body": body, "answered": code})
        self.send_response(code)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer


class Sink(ThreadingHTTPServer):
    """Keeps what it is sent; answers as it was told to, else 200."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        self.answers = {}  # Expression -> {code, body}; the first one counts.
        self._seen, self._taken = [], 0
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True,
                         kwargs={"poll_interval": 0.1}).start()

    def handle_error(self, request, client_address):
        pass

    def answer_to(self, request):
        for expression, answer in self.answers.items():
            if re.search(expression, request):
                return answer.get("code", 200), answer.get("body", "").encode()
        return 200, b"{}"

    def keep(self, entry):
        with self._lock:
            self._seen.append(entry)

    def waiting(self):
        with self._lock:
            return len(self._seen) - self._taken

    def take(self):
        """What came since the last time."""
        with self._lock:
            new, self._taken = self._seen[self._taken:], len(self._seen)
        return new

    def stop(self):
        self.shutdown()
        self.server_close()


def media_type(text):
    """Without what says nothing new of JSON."""
    return text and re.sub(r";\s*charset=utf-8$", "", text, flags=re.I)


# What upstream writes in the order of a map, that is in any.
UNORDERED = ("fields", "tags", "widgets")


def in_order_of_names(value, name=""):
    """Sorts what has no order: members of such lists, lines of fields."""
    if isinstance(value, dict):
        return {k: in_order_of_names(v, k) for k, v in value.items()}
    if isinstance(value, list):
        pairs = all(isinstance(v, dict) and set(v) == {"key", "value"}
                    for v in value)
        items = [in_order_of_names(item) for item in value]
        return (sorted(items, key=lambda v: json.dumps(v, sort_keys=True))
                if pairs or name in UNORDERED else items)
    if isinstance(value, str) and "\n>**" in value:
        lines = value.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(">**"))
        return "\n".join(lines[:at] + sorted(lines[at:]))
    return value


# Digests of what the Provider's uid is part of: another in each run, but the
# same wherever the recording has the same.
OF_UID = re.compile(r'("alias": "|"key": "|[?&]key=)([0-9a-f]{40,64})\b')


def with_placeholders(delivery):
    return json.loads(OF_UID.sub(r"\1<uid:\2>", json.dumps(delivery)))


def essence(delivery):
    """A delivery without what may differ: body as JSON where it is that."""
    body = delivery["body"]
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError:
            pass
    headers = {k: v for k, v in delivery["headers"].items() if k in TELLING}
    if "content-type" in headers:
        headers["content-type"] = media_type(headers["content-type"])
    return {"request": delivery["request"], "headers": headers,
            "body": in_order_of_names(body), "answered": delivery["answered"]}


def await_deliveries(sink, count, patience=20):
    deadline = time.monotonic() + patience
    while sink.waiting() < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return sink.take()


def pair(wanted, got, matches, in_order):
    """[(recorded, ours)] that differ; None for one that is missing."""
    got = list(got)
    found = []
    for want in wanted:
        places = range(min(1, len(got))) if in_order else range(len(got))
        at = next((i for i in places if matches(want, got[i])), None)
        if at is None and in_order and got:
            found.append((want, got.pop(0)))
        elif at is None:
            found.append((want, None))
        else:
            got.pop(at)
    return found + [(None, one) for one in got]


def delivery_differences(wanted, got, matches, in_order):
    """Deliveries of one Alert are compared in order; several Alerts are told
    at once, in any order."""
    wanted, got = [list(map(essence, some)) for some in (wanted, got)]
    wanted = list(map(with_placeholders, wanted))
    return pair(wanted, got, matches, in_order)
