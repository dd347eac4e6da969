#!/usr/bin/env python3
"""Times `weir build` beside `kustomize build` on the same tree.

    kustomize_build.py WEIR KUSTOMIZE [--objects N] [--pairs N] [--keep DIR]

Makes a tree of N Deployments (default 2,000) in a base of many files, an
overlay over it with a namespace, labels, images, a patch and a generated
ConfigMap that all of them use. Runs both programs in turn, checks that they
print the same, and prints each pair and the ratio of the medians. Exit code: 0
when the ratio is at least --want (default 10).
"""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{n:05d}
  labels:
    app.kubernetes.io/name: app-{n:05d}
    app.kubernetes.io/part-of: shop
  annotations:
    prometheus.io/scrape: "true"
    prometheus.io/port: "9090"
spec:
  replicas: 2
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{n:05d}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{n:05d}
        app.kubernetes.io/part-of: shop
    spec:
      serviceAccountName: default
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
      containers:
      - name: main
        image: registry.example.com/shop/app:1.0.{n}
        args: ["--listen=:8080", "--metrics=:9090", "--log-level=info"]
        env:
        - name: NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        - name: GREETING
          valueFrom:
            configMapKeyRef:
              name: settings
              key: greeting
        envFrom:
        - configMapRef:
            name: settings
        ports:
        - name: http
          containerPort: 8080
          protocol: TCP
        - name: metrics
          containerPort: 9090
          protocol: TCP
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        resources:
          requests: {{cpu: 100m, memory: 64Mi}}
          limits: {{memory: 128Mi}}
        volumeMounts:
        - name: tmp
          mountPath: /tmp
      volumes:
      - name: tmp
        emptyDir: {{}}
"""

BASE = """resources:
{files}
configMapGenerator:
- name: settings
  literals:
  - greeting=hello
  - colour=blue
"""

OVERLAY = """resources:
- ../base
namespace: shop
labels:
- pairs:
    environment: production
  includeTemplates: true
images:
- name: registry.example.com/shop/app
  newTag: 2.0.0
patches:
- target:
    kind: Deployment
  patch: |
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: any
    spec:
      template:
        spec:
          containers:
          - name: main
            env:
            - name: REGION
              value: north
"""


def make_tree(root, objects):
    base = os.path.join(root, "base")
    overlay = os.path.join(root, "overlay")
    os.makedirs(base)
    os.makedirs(overlay)
    names = []
    per_file = 20
    for first in range(0, objects, per_file):
        name = "apps-%05d.yaml" % first
        last = min(first + per_file, objects)
        with open(os.path.join(base, name), "w") as f:
            f.write("---\n".join(DEPLOYMENT.format(n=n)
                                 for n in range(first, last)))
        names.append("- " + name)
    with open(os.path.join(base, "kustomization.yaml"), "w") as f:
        f.write(BASE.format(files="\n".join(names)))
    with open(os.path.join(overlay, "kustomization.yaml"), "w") as f:
        f.write(OVERLAY)
    return overlay


def timed(program, directory):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(program + ["build", directory],
                          stdout=subprocess.PIPE, check=True)
    wall = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (after.ru_utime - before.ru_utime) + (
        after.ru_stime - before.ru_stime)
    return wall, cpu, done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weir")
    parser.add_argument("kustomize")
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--want", type=float, default=10)
    parser.add_argument("--keep", default="")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        if args.keep:
            root = args.keep
        directory = make_tree(root, args.objects)
        walls = ([], [])
        cpus = ([], [])
        for pair in range(args.pairs):
            ours = timed(args.weir.split(), directory)
            theirs = timed(args.kustomize.split(), directory)
            if ours[2] != theirs[2]:
                print("the programs print different things")
                return 1
            for i, result in enumerate((ours, theirs)):
                walls[i].append(result[0])
                cpus[i].append(result[1])
            print("pair %d: weir %.3f s (cpu %.3f), kustomize %.3f s "
                  "(cpu %.3f), %.1f times" % (
                      pair + 1, ours[0], ours[1], theirs[0], theirs[1],
                      theirs[0] / ours[0]), flush=True)
        ratio = statistics.median(walls[1]) / statistics.median(walls[0])
        print("%d objects, %d bytes: weir %.3f s, kustomize %.3f s: "
              "%.1f times faster (cpu: %.1f)" % (
                  args.objects, len(ours[2]), statistics.median(walls[0]),
                  statistics.median(walls[1]), ratio,
                  statistics.median(cpus[1]) / statistics.median(cpus[0])))
    return 0 if ratio >= args.want else 1


if __name__ == "__main__":
    sys.exit(main())
