"""Charts and values that mean harm: a clear condition, bounded memory, and
other releases unharmed."""

from harness.artifacts import archive, device, link, publish_artifact
from harness.charts import chart_files, package
from harness.helm import release, released, wait_color
from harness.scenario import check, condition, equal, scenario

GATE = {"helm_flags": ["--feature-gates=ExternalArtifact=true"]}
MEGABYTES = 300
LONGEST = 32_768  # Of a condition's message.
REF = {"kind": "ExternalArtifact"}

def entries(**files):
    """A chart's entries; names with `__` for `/`."""
    return [(f"web/{path}", text) for path, text in {
        **chart_files(), **files}.items()]

def templates(text):
    return entries(**{"templates/evil.yaml": text})

def charts(outside):
    """Archives by name, and what the condition has to say of each."""
    loop = "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}" \
           "{{ include \"a\" . }}"
    return {
        "garbage": (b"not an archive" * 1000, "ArtifactFailed", "gzip"),
        "cut": (package(chart_files())[:-40], "ArtifactFailed", ""),
        "empty": (archive([]), "ArtifactFailed", ""),
        "no-chart": (archive([("web/a", "a")]), "ArtifactFailed",
                     "Chart.yaml"),
        "no-version": (archive([("web/Chart.yaml", "name: web\n")]),
                       "ArtifactFailed", ""),
        "bomb": (archive([*entries(), ("web/zeros", "\0" * 60_000_000)]),
                 "ArtifactFailed", "maximum"),
        "many-files": (archive([*entries(), *((f"web/f/{i}", "x")
                                              for i in range(120_000))]),
                       "ArtifactFailed", ""),
        "parent": (archive([*entries(), ("web/../../../evil", "x")]),
                   "ArtifactFailed", ""),
        "absolute": (archive([*entries(), (f"{outside}/evil", "x")]),
                     "", ""),
        "deep": (archive([*entries(), ("web/" + "charts/a/" * 200 +
                                       "Chart.yaml", "name: a\n")]),
                 "ArtifactFailed", ""),
        "loop": (archive(templates(loop)), "InstallFailed", ""),
        "range": (archive(templates(
            "{{ range until 1000000000 }}{{ . }}{{ end }}")),
            "InstallFailed", ""),
        "repeat": (archive(templates(
            "a: {{ repeat 1000000000 \"x\" }}")), "InstallFailed", ""),
        "grows": (archive(templates(
            "{{ $a := \"xxxxxxxx\" }}{{ range until 64 }}"
            "{{ $a = printf \"%s%s\" $a $a }}{{ end }}{{ $a }}")),
            "InstallFailed", ""),
        "no-yaml": (archive(templates("a: [\n")), "InstallFailed",
                    "evil.yaml"),
        "no-object": (archive(templates("just: text\n")), "InstallFailed",
                      "missing"),
        "aliases": (archive(templates(
            "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
                f"{c}: &{c} [{','.join('*' + p for _ in range(9))}]\n"
                for p, c in zip("abcdefgh", "bcdefghi")))),
            "InstallFailed", ""),
        "schema": (archive(entries(**{"values.schema.json":
                                      '{"$ref": "#"}'})), "", ""),
        "schema-file": (archive(entries(**{
            "values.schema.json": '{"$ref": "file:///etc/passwd"}'})),
            "InstallFailed", ""),
        "values": (archive(entries(**{"values.yaml": "[" * 100_000})),
                   "ArtifactFailed", ""),
        "secret-file": (archive([*entries(), link(
            "web/files/passwd", "/etc/passwd")]), "", ""),
        "device": (archive([*entries(), device("web/files/null")]), "", ""),
    }

@scenario("charts that mean harm", private=True, world=GATE, seconds=300)
def hostile_charts(env):
    outside = env.world.folder / "outside"
    outside.mkdir()
    publish_artifact(env, "good", package(chart_files()))
    release(env, "good", chartRef={**REF, "name": "good"})
    released(env, "good")
    cases = charts(outside)
    for name, (data, _, _) in cases.items():
        publish_artifact(env, name, data)
        release(env, name, chartRef={**REF, "name": name})
    problems = []
    for name, (_, reason, text) in cases.items():
        obj = env.wait("HelmRelease", name, "decided", lambda o: condition(
            o, "Ready").get("status") in ("True", "False"), 120)
        found = condition(obj, "Ready")
        if reason and (found["status"] != "False" or found["reason"] !=
                       reason or text not in found["message"] or
                       len(found["message"]) > LONGEST):
            problems.append(f"{name}: {str(found)[:300]}")
    equal(problems, [], "conditions")
    equal(list(outside.iterdir()), [], "outside")
    env.merge("HelmRelease", "good", {"spec": {"values": {"color": "green"}}})
    wait_color(env, "green", "good-cm")
    check(env.world.helm.is_running(), "helm-controller ended")
    used = env.world.helm.memory("VmHWM") / 1024
    check(used < MEGABYTES, f"helm-controller took {used:.0f} MB")

VALUES = {
    "no-yaml": ("a: [", "error converting YAML to JSON"),
    "a-list": ("[1, 2]", "cannot unmarshal array"),
    "text": ("just text", "cannot unmarshal string"),
    "deep": ("[" * 50_000, ""),
    "aliases": ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{c}: &{c} [{','.join('*' + p for _ in range(9))}]\n"
        for p, c in zip("abcdefgh", "bcdefghi")), ""),
    "binary": ("\x00\x01\x02", ""),
}
PATHS = {
    "index": ("a[65537]", "x"),
    "nested": (".".join("a" * 1 for _ in range(100)), "x"),
    "braces": ("a", "{" * 10_000),
    "commas": ("a", ",=" * 10_000),
    "escapes": ("a", "\\" * 10_001),
    "into-text": ("color.a.b", "x"),
}

@scenario("values that mean harm", private=True, world=GATE, seconds=200)
def hostile_values(env):
    publish_artifact(env, "good", package(chart_files()))
    for name in ("good", *VALUES, *(f"path-{p}" for p in PATHS)):
        spec = {"chartRef": {**REF, "name": "good"}}
        if name in VALUES:
            env.apply({"kind": "ConfigMap", "metadata": {"name": name},
                       "data": {"values.yaml": VALUES[name][0]}})
            spec["valuesFrom"] = [{"kind": "ConfigMap", "name": name}]
        elif name.startswith("path-"):
            path, text = PATHS[name[5:]]
            env.apply({"kind": "ConfigMap", "metadata": {"name": name},
                       "data": {"v": text}})
            spec["valuesFrom"] = [{"kind": "ConfigMap", "name": name,
                                   "valuesKey": "v", "targetPath": path}]
        release(env, name, **spec)
    released(env, "good")
    for name, (_, text) in VALUES.items():
        obj = env.failed("HelmRelease", name, reason="ValuesError")
        check(text in condition(obj, "Ready")["message"],
              f"{name}: {condition(obj, 'Ready')}")
    for name in PATHS:
        env.wait("HelmRelease", f"path-{name}", "decided", lambda o:
                 condition(o, "Ready").get("status") in ("True", "False"))
    env.merge("HelmRelease", "good", {"spec": {"values": {"color": "green"}}})
    wait_color(env, "green", "good-cm")
    used = env.world.helm.memory("VmHWM") / 1024
    check(used < MEGABYTES, f"helm-controller took {used:.0f} MB")
