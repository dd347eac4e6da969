"""Generators, patches and values that are made to cost much."""
from inputs import FULL, HEAD, MIB, PATCH_FULL, row, spread


# Generators.

@row("more than|larger", brief="")
def million_literals(f):
    f.write("kustomization.yaml",
            "configMapGenerator:\n- name: a\n  literals:\n",
            spread(f.many(2200000), "  - k", "=v\n"))


@row("more than|larger", brief="")
def env_file_of_many_lines(f):
    f.write("many.env", spread(f.many(2900000), "k", "=v\n"))
    f.write("kustomization.yaml",
            "configMapGenerator: [{name: a, envs: [many.env]}]\n")


@row("more than|illegally repeats the key")
def env_file_of_equal_lines(f):
    f.fill("many.env", FULL, "", "k=v\n")
    f.write("kustomization.yaml",
            "configMapGenerator: [{name: a, envs: [many.env]}]\n")


@row("", brief="")
def config_map_of_a_large_file(f):
    f.fill("big.txt", FULL, "", "the quick brown fox\n")
    f.write("kustomization.yaml",
            "configMapGenerator: [{name: a, files: [big.txt]}]\n")


@row("", brief="")
def config_map_of_escapes(f):
    f.fill("big.txt", 16 * MIB, "", "\x01")
    f.write("kustomization.yaml",
            "configMapGenerator: [{name: a, files: [big.txt]}]\n")


@row("", brief="")
def secret_of_a_large_file(f):
    f.fill("big.txt", FULL, "", "the quick brown fox\n")
    f.write("kustomization.yaml",
            "secretGenerator: [{name: a, files: [big.txt]}]\n")


@row("larger than", brief="")
def config_maps_of_large_files(f):
    f.fill("big.txt", FULL, "", "the quick brown fox\n")
    f.write("kustomization.yaml", "configMapGenerator:\n",
            spread(20, "- {files: [big.txt], name: a", "}\n"))


@row("", brief="")
def many_generators(f):
    f.write("kustomization.yaml", "configMapGenerator:\n",
            spread(f.many(20000), "- {literals: [a=b], name: a", "}\n"))


# Patches.

PATCH = "- target: {kind: ConfigMap}\n  patch: |-\n"


@row("larger|more than|too ", brief="larger|more than|too ")
def json_patch_that_doubles(f):
    f.objects(1, "data: {a: {x: y}}\n")
    f.base("patches:\n", PATCH, (
        "    - {op: copy, from: /data, path: /data/k%d}\n" % n
        for n in range(60)))


@row("larger|more than|too ", brief="")
def json_patch_that_adds_much_to_many(f):
    f.objects(f.many(20000))
    f.base("patches:\n", PATCH, "    - {op: add, path: /data, value: [",
           "x, " * f.many(100000), "x]}\n",
           "    - {op: add, path: /data/0, value: y}\n")


@row("more than", brief="")
def json_patch_that_empties_a_list(f):
    f.objects(1, "data: [%s]\n" % ("x, " * f.many(100000)))
    f.base("patches:\n", PATCH,
           "    - {op: remove, path: /data/0}\n" * f.many(20000))


@row("larger|more than|too ", brief="")
def strategic_patch_that_adds_much_to_many(f):
    f.objects(f.many(20000))
    f.base("patches:\n", PATCH, "    kind: ConfigMap\n",
           "    metadata: {name: x}\n    data: {",
           spread(f.many(20000), "k", ": v, "), "}\n")


@row("", brief="")
def strategic_patch_of_nulls(f):
    count = f.many(200000)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata:\n"
    f.write("objects.yaml", head, spread(count, "  k", ": a\n"))
    f.write("patch.yaml", head, spread(count, "  k", ": null\n"))
    f.base("patches: [{path: patch.yaml}]\n")


@row("", brief="")
def strategic_merge_of_large_maps(f):
    count = f.many(200000)
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata:\n"
    f.write("objects.yaml", head, spread(count, "  k", ": a\n"))
    f.write("patch.yaml", head, spread(count, "  l", ": b\n"))
    f.base("patches: [{path: patch.yaml}]\n")


@row("more than", brief="")
def strategic_merge_of_long_lists(f):
    count = f.many(30000)
    head = ("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n"
            "  containers:\n  - name: c\n    env:\n")
    f.write("objects.yaml", head, spread(count, "    - {value: a, name: v",
                                         "}\n"))
    f.write("patch.yaml", head, ("    - {value: b, name: v%d}\n" % n
                                 for n in range(count - 1, -1, -1)))
    f.base("patches: [{path: patch.yaml}]\n")


@row("more than", brief="")
def strategic_merge_of_lists_with_two_keys(f):
    count = f.many(5000)
    head = ("apiVersion: v1\nkind: Service\nmetadata: {name: p}\nspec:\n"
            "  ports:\n")
    f.write("objects.yaml", head, spread(
        count, "  - {protocol: TCP, port: ", "}\n"))
    f.write("patch.yaml", head, ("  - {name: b, protocol: TCP, port: %d}\n" % n
                                 for n in range(count - 1, -1, -1)))
    f.base("patches: [{path: patch.yaml}]\n")


@row("invalid repeat count")
def nested_repetitions(f):
    f.objects(10)
    f.base("patches:\n- target: {name: \"(((a{1,999}){1,999}){1,999})\"}\n"
           "  patch: '- {op: remove, path: /metadata/namespace}'\n")


@row("longer than", brief="")
def pattern_of_one_line(f):
    f.objects(10)
    f.base("patches:\n- patch: '- {op: remove, path: /metadata/namespace}'\n"
           "  target: {name: \"", "a." * f.many(8 * MIB), "\"}\n")


@row("longer than", brief="")
def pattern_of_many_words(f):
    f.objects(10)
    f.base("patches:\n- patch: '- {op: remove, path: /metadata/namespace}'\n"
           "  target: {name: \"", spread(f.many(1000000), "a.", "|"),
           "b\"}\n")


@row("more than|too ", brief="")
def patches_of_many_objects(f):
    f.objects(f.many(10000))
    f.base("patches:\n", spread(
        f.many(10000), "- {target: {name: 'c.*x'}, patch: '- {op: add, "
        "path: /x, value: ", "}'}\n"))


@row("trouble configuring builtin PatchTransformer",
     brief="unable to parse SM or JSON patch")
def patch_of_nonsense(f):
    f.objects(1)
    f.base("patches:\n- patch: \"", "nonsense \\\" " *
           f.many(PATCH_FULL // len("nonsense \" ")), "\"\n")


@row("larger than", brief="unable to parse SM or JSON patch")
def patch_that_is_too_large(f):
    f.objects(1)
    f.base("patches:\n- patch: \"", "nonsense \\\" " *
           f.many(FULL // len("nonsense \\\" ")), "\"\n")


@row("larger than", brief="unable to parse SM or JSON patch")
def patch_file_that_is_too_large(f):
    f.objects(1)
    f.fill("patch.txt", FULL, "", "nonsense \" ")
    f.base("patches: [{path: patch.txt}]\n")


@row("larger than", brief="")
def file_that_is_too_large(f):
    f.fill("objects.yaml", 33 * MIB, HEAD, "#\n")
    f.base()


@row("", brief="")
def selector_of_many_values(f):
    f.objects(f.many(1000))
    f.base("patches:\n- patch: '- {op: remove, path: /metadata/namespace}'\n"
           "  target: {labelSelector: \"a in (",
           spread(f.many(200000), "v", ","), "x)\"}\n")


# Values that are copied.

REPLACE = ("- source: {kind: ConfigMap, name: c0, fieldPath: %s}\n"
           "  targets:\n  - select: {kind: ConfigMap, name: c0}\n"
           "    fieldPaths: [%s]\n%s")


@row("larger|more than|too ")
def replacements_that_double_a_text(f):
    f.objects(1, "data: {a: x-y}\n")
    f.base("replacements:\n", (REPLACE % (
        "data.a", "data.a", "    options: {delimiter: \"-\", index: 1}\n")
        for _ in range(60)))


@row("larger|more than|too ")
def replacements_that_double_a_map(f):
    f.objects(1, "data: {a: {x: s, yy: s}}\n")
    f.base("replacements:\n", (REPLACE % (
        "data.a", "\"data.a.v\", \"data.a.w\"", "    options: {create: true}\n")
        for _ in range(60)))


@row("larger|more than|too ", brief="")
def replacements_into_many(f):
    f.objects(f.many(5000), "data: {a: x}\n")
    f.base("replacements:\n", (
        "- sourceValue: new\n  targets:\n  - select: {kind: ConfigMap}\n"
        "    fieldPaths: [data.a]\n" for _ in range(f.many(5000))))


@row("", brief="")
def replacement_of_many_paths(f):
    f.objects(1, "data: {a: x}\n")
    f.base("replacements:\n- sourceValue: new\n  targets:\n"
           "  - select: {kind: ConfigMap}\n    options: {create: true}\n"
           "    fieldPaths: [", spread(f.many(20000), "data.k", ", "),
           "data.a]\n")


@row("larger|more than|too ", brief="")
def replacements_inside_a_text(f):
    f.objects(1, "data: {a: '{%s}'}\n" % "".join(
        '"k%d": 1, ' % n for n in range(f.many(50000))) + "\n")
    f.base("replacements:\n- sourceValue: new\n  targets:\n"
           "  - select: {kind: ConfigMap}\n    options: {create: true}\n"
           "    fieldPaths: [", spread(f.many(20000), "data.a.k", ", "),
           "data.a.k1]\n")


@row("larger|more than|too ", brief="")
def variables_that_grow(f):
    f.objects(1, "data: {a: %s}\n" % ("x" * f.many(200000)))
    f.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
            "spec:\n  containers:\n  - name: c\n    args: [\"",
            "$(A)" * f.many(20000), "\"]\n")
    f.write("kustomization.yaml", "resources: [objects.yaml, pod.yaml]\n"
            "vars:\n- name: A\n  fieldref: {fieldpath: data.a}\n"
            "  objref: {apiVersion: v1, kind: ConfigMap, name: c0, "
            "namespace: team}\n")


@row("", brief="")
def many_variables(f):
    count = f.many(20000)
    f.objects(count)
    f.base("vars:\n", (
        "- {name: V%d, objref: {apiVersion: v1, kind: ConfigMap, name: c%d}}\n"
        % (n, n) for n in range(count)))


@row("", brief="")
def many_images(f):
    f.write("objects.yaml", ("---\napiVersion: v1\nkind: Pod\n"
                             "metadata: {name: p%d}\nspec:\n  containers:\n"
                             "  - {name: c, image: i%d}\n" % (n, n)
                             for n in range(f.many(5000))))
    f.base("images:\n", spread(f.many(5000), "- {newTag: x, name: i", "}\n"))


@row("more than|too ", brief="")
def many_field_specs(f):
    f.objects(f.many(10000))
    f.write("config.yaml", "nameReference:\n- kind: ConfigMap\n  fieldSpecs:\n",
            spread(f.many(20000), "  - {kind: ConfigMap, path: data/k", "}\n"))
    f.base("namePrefix: p-\nconfigurations: [config.yaml]\n")


@row("more than|deep|parts")
def json_patch_that_nests(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", PATCH,
           ("    - {op: add, path: /b, value: {}}\n"
            "    - {op: move, from: /data, path: /b/a}\n"
            "    - {op: move, from: /b, path: /data}\n") * 20000)


@row("more than|deep|parts")
def replacements_that_nest(f):
    f.objects(1, "data: {a: {x: s}}\n")
    f.base("replacements:\n", (REPLACE % (
        "data.a", "data.a.v", "    options: {create: true}\n")
        for _ in range(20000)))


@row("more than|deep|parts")
def replacement_of_a_long_path(f):
    f.objects(1, "data: {a: x}\n")
    f.base("replacements:\n- sourceValue: new\n  targets:\n"
           "  - select: {kind: ConfigMap}\n    options: {create: true}\n"
           "    fieldPaths: [data.a", ".b" * 1000000, "]\n")


@row("more than|deep|parts")
def field_spec_of_a_long_path(f):
    f.objects(1, "data: {a: x}\n")
    f.base("labels:\n- pairs: {a: b}\n  fields:\n"
           "  - {kind: ConfigMap, create: true, path: data", "/b" * 1000000,
           "}\n")


@row("more than|deep|parts")
def json_patch_of_a_long_path(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", PATCH, "    - {op: add, value: x, path: /data",
           "/b" * 1000000, "}\n")


@row("more than", brief="")
def many_images_of_patterns(f):
    f.write("objects.yaml", ("---\napiVersion: v1\nkind: Pod\n"
                             "metadata: {name: p%d}\nspec:\n  containers:\n"
                             "  - {name: c, image: image.%d}\n" % (n, n)
                             for n in range(f.many(5000))))
    f.base("images:\n", spread(f.many(5000), "- {newTag: x, name: image.",
                               "}\n"))


@row("more than", brief="")
def many_images_of_one_object(f):
    f.write("objects.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
            "spec:\n  containers:\n",
            ("  - {name: c, image: i%d}\n" % n for n in range(f.many(20000))))
    f.base("images:\n", spread(f.many(20000), "- {newTag: x, name: i", "}\n"))


@row("more than", brief="")
def many_patches_of_one_object(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", (PATCH + "    - {op: add, path: /data/k%d, "
                          "value: x}\n" % n for n in range(f.many(10000))))


@row("more than", brief="")
def many_patches_of_annotations(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", (PATCH + "    - {op: add, value: x, "
                          "path: /metadata/annotations/k%d}\n" % n
                          for n in range(f.many(10000))))


@row("", brief="")
def many_patches_of_one_field(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", (PATCH + "    - {op: replace, path: /data/a, "
                          "value: x%d}\n" % n for n in range(f.many(10000))))


@row("", brief="")
def many_names_of_one_object(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", (PATCH + "    - {op: replace, value: x%d, "
                          "path: /metadata/name}\n" % n
                          for n in range(f.many(10000))))


@row("more than|too ", brief="")
def replacements_of_an_object_of_many_names(f):
    f.objects(f.many(100))
    f.base("patches:\n", ("- target: {name: c0}\n  patch: |-\n"
            "    - {op: replace, value: x%d, path: /metadata/name}\n" % n
            for n in range(f.many(10000))), "replacements:\n", (
                "- sourceValue: new\n  targets:\n"
                "  - select: {kind: Secret, name: a.*}\n"
                "    fieldPaths: [data.a]\n" for _ in range(f.many(5000))))


@row("more than|too ", brief="")
def many_strategic_patches_of_one_object(f):
    f.objects(1, "data: {a: x}\n")
    f.base("patches:\n", ("- patch: '{apiVersion: v1, kind: ConfigMap, "
                          "metadata: {name: c0, namespace: team}, "
                          "data: {k%d: x}}'\n" % n
                          for n in range(f.many(10000))))


# Schemas.

@row("", brief="")
def schema_that_refers_to_itself(f):
    f.objects(1)
    f.write("schema.json", '{"definitions": {"a": {"$ref": '
            '"#/definitions/b"}, "b": {"$ref": "#/definitions/a"}, "c": '
            '{"properties": {"data": {"$ref": "#/definitions/a"}}, '
            '"x-kubernetes-group-version-kind": [{"group": "", "version": '
            '"v1", "kind": "ConfigMap"}]}}}')
    f.base("openapi: {path: schema.json}\npatches:\n", PATCH,
           "    kind: ConfigMap\n    metadata: {name: x}\n"
           "    data: {a: {b: {c: d}}}\n")


@row("more than")
def crds_that_refer_to_themselves(f):
    f.objects(1)
    properties = ", ".join('"p%d": {"$ref": "v1.A%d"}' % (n, n % 10)
                           for n in range(20))
    f.write("crd.json", "{%s}" % ", ".join(
        '"v1.A%d": {"Schema": {"properties": {"kind": {"type": "string"}, '
        '"apiVersion": {"type": "string"}, "metadata": {}, %s}}}' %
        (n, properties) for n in range(10)))
    f.base("crds: [crd.json]\n")
