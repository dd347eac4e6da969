#!/usr/bin/env python3
"""Times `weir build` beside `kustomize build` on the same trees.

    kustomize_build.py WEIR KUSTOMIZE [--case NAME]... [--pairs N] [--ours]
                       [--limit SECONDS]

Makes a tree for each case, runs both programs in turn on it, checks that they
print the same, and prints a line a case: median wall time, median processor
time and peak memory of each, and the ratios. Exit code: 0 when every case that
has a budget keeps it, by wall time.
--pairs: runs of each program a case (default 1; the small case has 10 times as
many; GNU time measures its memory). --ours: our program alone, for growth and
profiles. --limit: kustomize is killed after so many seconds of processor time;
then the ratios are lower bounds, and outputs are not compared. --keep DIR:
leaves the trees there. --list: names the cases.
"""
import argparse
import filecmp
import os
import shutil
import statistics
import sys
import tempfile

from beside import run, run_within

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n}
  labels:
    app.kubernetes.io/name: app-{n}
  annotations:
    prometheus.io/scrape: "true"
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{n}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{n}
    spec:
      serviceAccountName: runner
      containers:
      - name: main
        image: registry.example.com/shop/app:1.0.{n}
        args: ["--listen=:8080", "--log-level=info"]
        env:
        - name: GREETING
          valueFrom:
            configMapKeyRef:
              name: settings
              key: greeting
        - name: TOKEN
          valueFrom:
            secretKeyRef:
              name: tokens
              key: token
        envFrom:
        - configMapRef:
            name: settings
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        readinessProbe:
          httpGet:
            path: /ready
            port: http
        resources:
          requests: {{cpu: 100m, memory: 64Mi}}
        volumeMounts:
        - name: data
          mountPath: /data
      volumes:
      - name: data
        secret:
          secretName: tokens
"""

ACCOUNT = """apiVersion: v1
kind: ServiceAccount
metadata:
  name: runner
"""

CUSTOM = """apiVersion: example.com/v1
kind: Widget
metadata:
  name: widget-{n}
spec:
  size: {n}
  colour: blue
"""

GENERATORS = """configMapGenerator:
- name: settings
  literals: [greeting=hello, colour=blue]
secretGenerator:
- name: tokens
  literals: [token=secret]
"""

EVERYTHING = """namePrefix: shop-
namespace: shop
labels:
- pairs: {environment: production}
  includeSelectors: true
commonAnnotations: {owner: team-a}
images:
- name: registry.example.com/shop/app
  newTag: 2.0.0
"""


def write(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def write_objects(root, folder, template, count, per_file=20):
    names = []
    for first in range(0, count, per_file):
        name = "objects-%05d.yaml" % first
        last = min(first + per_file, count)
        write(root, os.path.join(folder, name), "---\n".join(
            template.format(n=n) for n in range(first, last)))
        names.append(name)
    return names


def resources(names):
    return "resources:\n" + "".join("- %s\n" % name for name in names)


def deployments(root, count):
    names = write_objects(root, ".", DEPLOYMENT, count)
    write(root, "account.yaml", ACCOUNT)
    write(root, "kustomization.yaml",
          resources(names + ["account.yaml"]) + GENERATORS + EVERYTHING)
    return root


def overlays(root):
    names = write_objects(root, "base", DEPLOYMENT, 500)
    write(root, "base/account.yaml", ACCOUNT)
    write(root, "base/kustomization.yaml",
          resources(names + ["account.yaml"]) + GENERATORS)
    for i in range(5):
        write(root, "overlay-%d/kustomization.yaml" % i,
              "resources: [../base]\n" +
              EVERYTHING.replace("shop", "shop%d" % i, 2))
    write(root, "top/kustomization.yaml",
          resources("../overlay-%d" % i for i in range(5)))
    return os.path.join(root, "top")


def patches(root):
    names = write_objects(root, ".", DEPLOYMENT, 300)
    text = resources(names) + "patches:\n"
    for n in range(300):
        text += ("- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n"
                 "    metadata: {name: app-%d}\n    spec:\n      replicas: %d\n"
                 "      template:\n        spec:\n          containers:\n"
                 "          - name: main\n            env:\n"
                 "            - {name: EXTRA, value: \"%d\"}\n" % (n, n, n))
    write(root, "kustomization.yaml", text)
    return root


def components(root):
    names = write_objects(root, ".", DEPLOYMENT, 50)
    text = resources(names) + "components:\n"
    for n in range(200):
        write(root, "components/c%d/kustomization.yaml" % n,
              "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
              "resources: [cm.yaml]\ncommonAnnotations: {c%d: x}\n" % n)
        write(root, "components/c%d/cm.yaml" % n,
              "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n" % n)
        text += "- components/c%d\n" % n
    write(root, "kustomization.yaml", text)
    return root


def config_map(root):
    line = "the quick brown fox jumps over the lazy dog, line %08d\n"
    write(root, "big.txt", "".join(line % n for n in range(190000)))
    write(root, "kustomization.yaml",
          "configMapGenerator:\n- name: big\n  files: [big.txt]\n")
    return root


def customs(root, count):
    names = write_objects(root, ".", CUSTOM, count, per_file=500)
    write(root, "kustomization.yaml", resources(names) + "namePrefix: a-\n")
    return root


def small(root):
    write(root, "base/deployment.yaml", DEPLOYMENT.format(n=1))
    write(root, "base/kustomization.yaml",
          "resources: [deployment.yaml]\n" + GENERATORS)
    write(root, "overlay/kustomization.yaml",
          "resources: [../base]\n" + EVERYTHING)
    return os.path.join(root, "overlay")


# Name, how to make it, by how much we have to be faster.
CASES = [
    ("small", small, 5),
    ("deployments-100", lambda root: deployments(root, 100), None),
    ("deployments-1000", lambda root: deployments(root, 1000), 50),
    ("deployments-2000", lambda root: deployments(root, 2000), 50),
    ("deployments-5000", lambda root: deployments(root, 5000), 50),
    ("overlays", overlays, 50),
    ("patches", patches, 10),
    ("components", components, 10),
    ("config-map", config_map, 10),
    ("custom-resources-5000", lambda root: customs(root, 5000), 10),
    ("custom-resources-20000", lambda root: customs(root, 20000), 10),
]
MEMORY_BUDGET = 3  # Our peak is at most a third.


def figures(runs):
    """Median wall time, median processor time and peak memory."""
    return (statistics.median(r[0] for r in runs),
            statistics.median(r[2] for r in runs), max(r[1] for r in runs))


def shown(program, wall, cpu, peak):
    return "%s %8.3f s (%.3f s) %7.1f MiB" % (program, wall, cpu, peak)


def measure(args, name, make, budget):
    with tempfile.TemporaryDirectory() as root:
        if args.keep:
            root = os.path.join(args.keep, name)
            shutil.rmtree(root, ignore_errors=True)
        directory = make(root)
        outputs = [os.path.join(args.scratch, name + end)
                   for end in (".ours", ".theirs")]
        ours, theirs = [], []
        has_ended = True
        for _ in range(args.pairs * (10 if name == "small" else 1)):
            ours.append(run([args.weir, "build", directory], outputs[0]))
            command = [args.kustomize, "build", directory]
            if not args.ours and args.limit:
                *measured, ended = run_within(command, outputs[1], args.limit)
                theirs.append(measured)
                has_ended = has_ended and ended
            elif not args.ours:
                theirs.append(run(command, outputs[1]))
    wall, cpu, peak = figures(ours)
    line = "%-18s %s" % (name, shown("weir", wall, cpu, peak))
    good = True
    if theirs:
        same = not has_ended or filecmp.cmp(*outputs, shallow=False)
        their_wall, their_cpu, their_peak = figures(theirs)
        faster, leaner = their_wall / wall, their_peak / peak
        good = same and (budget is None or
                         (faster >= budget and leaner >= MEMORY_BUDGET))
        line += "  %s  %s%.1f times faster%s, %.1f by processor time, " \
            "%.1f times leaner%s" % (
                shown("kustomize", their_wall, their_cpu, their_peak),
                "" if has_ended else "killed; at least ", faster,
                " (budget %d)" % budget if budget else "", their_cpu / cpu,
                leaner, "" if same else "  DIFFERENT OUTPUT")
    print(line, flush=True)
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir", nargs="?", default="")
    parser.add_argument("kustomize", nargs="?", default="")
    parser.add_argument("--case", action="append", default=[])
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--keep", default="")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        print("\n".join(case[0] for case in CASES))
        return 0
    if not args.weir or not (args.ours or args.kustomize):
        parser.error("WEIR and KUSTOMIZE are needed")
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        args.scratch = scratch
        for name, make, budget in CASES:
            if args.case and name not in args.case:
                continue
            good = measure(args, name, make, budget) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
