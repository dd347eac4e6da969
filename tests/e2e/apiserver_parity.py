#!/usr/bin/env python3
"""Sends the same requests to the embedded API server and to a real one, and
compares the answers.

    apiserver_parity.py --driver build/dev/.../apiserver_requests \
        --kubeconfig FOLDER/kubeconfig [--only WORD] [-v]

FOLDER is one that `scripts/control-plane start FOLDER --no-manager` made.
What differs by nature (uids, times, versions, addresses) is made alike first.
Each file of tests/e2e/parity/ is a list of steps:

    {name, method, path, query: {}, type, body, accept, sleep: seconds,
     ignore: [pointers of what may differ]}

"NS" in paths and bodies stands for a namespace of the file's own. Exits with
1 when anything differs.
"""

import argparse
import difflib
import json
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
TYPES = {"json": "application/json", "apply": "application/apply-patch+yaml",
         "merge": "application/merge-patch+json",
         "strategic": "application/strategic-merge-patch+json",
         "jsonpatch": "application/json-patch+json"}
PATTERNS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
     "UUID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\b10\.\d+\.\d+\.\d+\b"), "ADDRESS"),
)


class Embedded:
    def __init__(self, driver):
        self.process = subprocess.Popen([driver], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def send(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the embedded server died on {request}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Real:
    def __init__(self, kubeconfig):
        config = json.loads(Path(kubeconfig).read_text())
        cluster = config["clusters"][0]["cluster"]
        self.server = cluster["server"]
        self.token = config["users"][0]["user"]["token"]
        self.context = ssl.create_default_context(
            cafile=cluster["certificate-authority"])

    def send(self, request):
        url = self.server + request["path"]
        if request.get("query"):
            url += "?" + urllib.parse.urlencode(
                [tuple(pair) for pair in request["query"]])
        body = request.get("body")
        data = None if body is None else json.dumps(body).encode()
        call = urllib.request.Request(url, data, method=request["method"])
        call.add_header("Authorization", "Bearer " + self.token)
        call.add_header("Accept", request.get("accept", "application/json"))
        call.add_header("User-Agent", "weir/parity")
        if data is not None:
            call.add_header("Content-Type",
                            request.get("contentType") or TYPES["json"])
        try:
            answer = urllib.request.urlopen(call, context=self.context)
        except urllib.error.HTTPError as error:
            answer = error
        text = answer.read().decode()
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        warnings = [w[7:-1].replace('\\"', '"')
                    for w in answer.headers.get_all("Warning") or []]
        return {"code": answer.status, "body": value, "warnings": warnings,
                "text": "" if value is not None else text}


def normalize(value, key=""):
    if isinstance(value, dict):
        return {k: normalize(v, k) for k, v in value.items()}
    if isinstance(value, list):
        out = [normalize(v) for v in value]
        if key == "managedFields":  # Sorted by time, too.
            out.sort(key=lambda e: (e["operation"], e["manager"],
                                    e.get("subresource", "")))
        return out
    if isinstance(value, str):
        if key == "resourceVersion" and value:
            return "RV"
        for pattern, word in PATTERNS:
            value = pattern.sub(word, value)
        return value
    if key == "nodePort" and isinstance(value, int):
        return "PORT"
    return value


def drop(value, pointer):
    """Takes away what a step says may differ."""
    parts = pointer.strip("/").split("/")
    for part in parts[:-1]:
        value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            return
    if isinstance(value, dict):
        value.pop(parts[-1], None)


def sort_errors(answer):
    """Go's maps make the order of some errors random."""
    body = answer.get("body")
    if not isinstance(body, dict):
        return
    causes = (body.get("details") or {}).get("causes")
    if causes and body.get("reason") in ("Invalid", "Conflict"):
        causes.sort(key=lambda c: json.dumps(c, sort_keys=True))
        head, found, rest = body["message"].partition("[")
        if found and rest.endswith("]"):
            # Without the conflicts of applies, whose text has lines.
            body["message"] = head + ", ".join(sorted(
                f"{c.get('field', '')}: {c['message']}" for c in causes))


def substitute(value, namespace):
    return json.loads(json.dumps(value, default=str).replace("NS-", namespace))


def run_file(path, servers, options):
    failures = count = 0
    namespace = f"p{int(time.time()) % 100000}-{path.stem}-"[:40]
    steps = yaml.safe_load(path.read_text())
    for server in servers:
        server.send({"method": "POST", "path": "/api/v1/namespaces",
                     "body": {"metadata": {"name": namespace + "a"}}})
        server.send({
            "method": "POST",
            "path": f"/api/v1/namespaces/{namespace}a/serviceaccounts",
            "body": {"metadata": {"name": "default"}}})
    for step in steps:
        request = {"method": step.get("method", "POST"), "path": step["path"],
                   "query": [list(map(str, pair)) for pair in
                             step.get("query", {}).items()],
                   "accept": step.get("accept", "application/json")}
        if "body" in step:
            request["body"] = step["body"]
            request["contentType"] = TYPES[step.get("type", "json")]
        request = substitute(request, namespace)
        time.sleep(step.get("sleep", 0))
        answers = [normalize(server.send(request)) for server in servers]
        for answer in answers:
            sort_errors(answer)
            for pointer in step.get("ignore", []):
                drop(answer, pointer)
        if options.only and options.only not in step["name"]:
            continue
        count += 1
        if answers[0] == answers[1]:
            continue
        failures += 1
        print(f"--- {path.stem}: {step['name']}")
        if options.quiet:
            continue
        texts = [json.dumps(a, indent=1, sort_keys=True).splitlines()
                 for a in answers]
        for line in difflib.unified_diff(texts[1], texts[0], "real",
                                         "embedded", lineterm="", n=2):
            print("   ", line[:400])
    for server in servers:
        server.send({"method": "DELETE",
                     "path": f"/api/v1/namespaces/{namespace}a"})
    return failures, count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--only", help="steps whose name holds this")
    parser.add_argument("-q", "--quiet", action="store_true")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    servers = [Embedded(options.driver), Real(options.kubeconfig)]
    files = [Path(f) for f in options.files] or sorted(
        (HERE / "parity").glob("*.yaml"))
    failures = count = 0
    for path in files:
        more, steps = run_file(path, servers, options)
        failures += more
        count += steps
    servers[0].close()
    print(f"{count} steps, {failures} differ")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
