#!/usr/bin/env python3
"""Times `weir template` beside `helm template` on the same charts.

    helm_template.py WEIR HELM [--case NAME]... [--pairs N] [--chart FOLDER]...
                     [--growth]

Makes a chart for each case, runs both programs in turn on it, checks that they
print the same, and prints a line a case: median wall and processor time and peak
memory of each, and the ratios. Other work on the machine makes wall time longer,
for both; `chrt -r 10` before the command keeps it away. --chart: charts of others
besides, whose output may be random. --pairs: runs of each program a case (default 5). --growth: our program
alone, on charts that double. Exit code: 0 when every case keeps its budget, by
wall time and by processor time.
"""
import argparse
import filecmp
import json
import os
import statistics
import sys
import tempfile

from beside import run

CHART = "apiVersion: v2\nname: %s\nversion: 1.0.0\n"
VALUES = """replicas: 2
image: {repository: registry.example.com/app, tag: 1.2.3}
labels: {team: shop, tier: front}
env: {GREETING: hello, COLOUR: blue}
"""
HELPERS = """{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{ toYaml .Values.labels }}
{{- end }}
{{- define "name" -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "name" . }}-%d
  labels:
    {{- include "labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app: {{ include "name" . }}-%d
  template:
    metadata:
      labels:
        app: {{ include "name" . }}-%d
        {{- include "labels" . | nindent 8 }}
    spec:
      containers:
      - name: main
        image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
        env:
        {{- range $name, $value := .Values.env }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
        {{- with .Values.resources }}
        resources:
          {{- toYaml . | nindent 10 }}
        {{- end }}
"""
LOOP = """{{- range $i := until (int .Values.count) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $.Release.Name }}-{{ $i }}
data:
  index: {{ $i | quote }}
{{- end }}
"""


def write(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def templates(root, count, name="app"):
    write(root, "Chart.yaml", CHART % name)
    write(root, "values.yaml", VALUES)
    write(root, "templates/_helpers.tpl", HELPERS)
    for i in range(count):
        write(root, "templates/deployment-%03d.yaml" % i,
              DEPLOYMENT % (i, i, i))


def umbrella(root, charts, count):
    write(root, "Chart.yaml", CHART % "umbrella")
    write(root, "values.yaml", "global: {zone: a}\n" + "".join(
        "part%d: {replicas: %d}\n" % (i, i) for i in range(charts)))
    for i in range(charts):
        templates(os.path.join(root, "charts/part%d" % i), count, "part%d" % i)


def to_yaml(root, megabytes):
    write(root, "Chart.yaml", CHART % "large")
    entry = {"name": "a name of some length", "value": 12345, "on": True,
             "list": ["one", "two: three", "4"]}
    values = {"data": {"key-%06d" % i: entry for i in range(
        int(megabytes * 1_000_000 / 130))}}
    write(root, "values.yaml", json.dumps(values, indent=1))
    write(root, "templates/all.yaml",
          "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
          "  all: |\n    {{- toYaml .Values.data | nindent 4 }}\n")


def loop(root, count):
    write(root, "Chart.yaml", CHART % "loop")
    write(root, "values.yaml", "count: %d\n" % count)
    write(root, "templates/all.yaml", LOOP)


# Name, how to make it, by how much we have to be faster and leaner.
CASES = [
    ("small", lambda root: templates(root, 3), 10, 3),
    ("templates-200", lambda root: templates(root, 200), 10, 5),
    ("umbrella-30x10", lambda root: umbrella(root, 30, 10), 10, 5),
    ("to-yaml-3MB", lambda root: to_yaml(root, 3), 10, 5),
    ("loop-5000", lambda root: loop(root, 5000), 10, 5),
]
GROWTH = [
    ("templates", lambda root, n: templates(root, 200 * n)),
    ("subcharts", lambda root, n: umbrella(root, 15 * n, 10)),
    ("values", lambda root, n: to_yaml(root, 0.45 * n)),
    ("loop", lambda root, n: loop(root, 2500 * n)),
]


def measure(args, name, chart, faster_budget, leaner_budget, is_random=False):
    programs = [args.weir, args.helm]
    outputs = [os.path.join(args.scratch, "out.%d" % i) for i in range(2)]
    results = [[], []]
    for _ in range(args.pairs):
        for i, program in enumerate(programs):
            results[i].append(run([program, "template", "r", chart],
                                  outputs[i]))
    walls = [statistics.median(r[0] for r in rs) for rs in results]
    peaks = [max(r[1] for r in rs) for rs in results]
    times = [statistics.median(r[2] for r in rs) for rs in results]
    same = is_random or filecmp.cmp(outputs[0], outputs[1], shallow=False)
    faster, leaner = walls[1] / walls[0], peaks[1] / peaks[0]
    less_work = times[1] / times[0]
    print("%-22s weir %7.4f s (%.4f s) %6.1f MiB  helm %6.3f s (%.3f s) %6.1f "
          "MiB  %5.1f times faster, %5.1f by processor time, %4.1f times "
          "leaner%s" % (
              name, walls[0], times[0], peaks[0], walls[1], times[1], peaks[1],
              faster, less_work, leaner, "" if same else "  DIFFERENT OUTPUT"),
          flush=True)
    return (same and min(faster, less_work) >= faster_budget and
            leaner >= leaner_budget)


def growth(args):
    for name, make in GROWTH:
        walls = []
        for n in (1, 2, 4, 8):
            with tempfile.TemporaryDirectory() as root:
                chart = os.path.join(root, "chart")
                make(chart, n)
                walls.append(min(run([args.weir, "template", "r", chart],
                                     os.devnull)[2]
                                 for _ in range(args.pairs)))
        print("%-12s %s" % (name, "  ".join("%.4f s" % w for w in walls)),
              flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("helm", nargs="?", default="")
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--chart", action="append", default=[])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--growth", action="store_true")
    args = parser.parse_args()
    os.environ["KUBECONFIG"] = "/nonexistent"
    if args.growth:
        growth(args)
        return 0
    if not args.helm:
        parser.error("HELM is needed")
    good = True
    with tempfile.TemporaryDirectory() as args.scratch:
        for name, make, faster, leaner in CASES:
            if args.case and name not in args.case:
                continue
            chart = os.path.join(args.scratch, name)
            make(chart)
            good = measure(args, name, chart, faster, leaner) and good
        for chart in args.chart:
            good = measure(args, os.path.basename(chart.rstrip("/")), chart,
                           10, 5, is_random=True) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
