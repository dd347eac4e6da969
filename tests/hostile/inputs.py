"""Inputs that are made to cost much. Each row makes a folder to build."""
import os

ROWS = []

CONFIG_MAP = ("apiVersion: v1\nkind: ConfigMap\n"
              "metadata: {name: c%d, namespace: %s}\n")


class Row:
    def __init__(self, name, make, says, brief, flags, directory):
        self.name, self.make = name, make
        self.says, self.brief = says, brief
        self.flags, self.directory = flags, directory


def row(says, brief=None, flags=(), directory="."):
    """A function that fills a folder. `says`: a regular expression for what
    the build says on stderr, "" for one that succeeds; `brief`: the same at a
    small scale, when that differs."""
    def add(make):
        name = make.__name__.replace("_", " ")
        ROWS.append(Row(name, make, says, says if brief is None else brief,
                        list(flags), directory))
        return make
    return add


class Folder:
    def __init__(self, root, scale):
        self.root, self.scale = root, scale

    def many(self, count, least=2):
        """As many things as this run is to have of `count`."""
        return max(int(count * self.scale), least)

    def path(self, name):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, name, *pieces):
        """Strings, or iterables of strings, one behind the other."""
        with open(self.path(name), "w") as f:
            for piece in pieces:
                if isinstance(piece, str):
                    f.write(piece)
                else:
                    f.writelines(piece)

    def fill(self, name, size, head, piece, tail=""):
        """A file of `size` bytes: `piece` again and again."""
        with open(self.path(name), "w") as f:
            f.write(head)
            count = (self.many(size, 4096) - len(head) - len(tail)) // len(piece)
            block = max(1, min(count, (1 << 16) // len(piece)))
            for _ in range(count // block):
                f.write(piece * block)
            f.write(piece * (count % block))
            f.write(tail)

    def base(self, more="", *pieces):
        """The kustomization of objects.yaml."""
        self.write("kustomization.yaml", "resources: [objects.yaml]\n", more,
                   *pieces)

    def objects(self, count, text="", ns="team"):
        self.write("objects.yaml", ("---\n" + CONFIG_MAP % (n, ns) + text
                                    for n in range(count)))


MIB = 1 << 20
FULL = 31 * MIB  # Just below the limit of a file.
PATCH_FULL = 4 * MIB - 4096  # The same of a patch.
HEAD = CONFIG_MAP % (0, "team")


def spread(count, before, after=""):
    return ("%s%d%s" % (before, n, after) for n in range(count))


# YAML.

@row("excessive aliasing|too many nodes|aliases add")
def alias_bomb(f):
    lines = ["a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]\n"]
    for i in range(1, 30):
        lines.append("a%d: &a%d [%s]\n" % (i, i, ",".join(["*a%d" % (i - 1)] *
                                                          10)))
    f.write("objects.yaml", HEAD, lines)
    f.base()


@row("excessive aliasing|too many nodes|aliases add")
def alias_bomb_in_the_kustomization(f):
    lines = ["x0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]\n"]
    for i in range(1, 30):
        lines.append("x%d: &a%d [%s]\n" % (i, i, ",".join(["*a%d" % (i - 1)] *
                                                          10)))
    f.write("kustomization.yaml", lines)


@row("excessive aliasing|too many nodes|aliases add|map merge")
def merge_key_bomb(f):
    lines = ["a0: &a0 {k0: x, k1: x, k2: x}\n"]
    for i in range(1, 60):
        lines.append("a%d: &a%d {<<: [*a%d, *a%d], b: *a%d, c: *a%d}\n" %
                     (i, i, i - 1, i - 1, i - 1, i - 1))
    f.write("objects.yaml", HEAD, lines)
    f.base()


@row("excessive aliasing|nodes|aliases add|already set", brief="")
def merge_of_one_map_many_times(f):
    f.fill("objects.yaml", FULL, HEAD + "a: &a {}\nb:\n  <<: [", "*a,", "]\n")
    f.base()


@row("nested|deep")
def deep_flow(f):
    f.fill("objects.yaml", FULL, HEAD + "a: ", "[")
    f.base()


@row("nested|deep")
def deep_blocks(f):
    f.write("objects.yaml", HEAD, (" " * i + "a:\n" for i in range(5000)))
    f.base()


@row("nested|deep")
def deep_entries(f):
    f.fill("objects.yaml", FULL, HEAD + "a:\n ", "- ")
    f.base()


@row("nested|deep")
def deep_kustomization(f):
    f.fill("kustomization.yaml", FULL, "resources: ", "[")


@row("unable to parse SM or JSON patch|nested|deep")
def deep_patch(f):
    f.objects(1)
    f.fill("patch.yaml", PATCH_FULL, HEAD + "a: ", "{a: ")
    f.base("patches: [{path: patch.yaml}]\n")


@row("more than", brief="")
def tiny_values(f):
    f.fill("objects.yaml", FULL, HEAD + "data: [", "a,", "]\n")
    f.base()


@row("larger than", brief="")
def tiny_values_in_many_objects(f):
    item = "a," * 5000
    f.write("objects.yaml",
            ("---\n%sdata: [%s]\n" % (CONFIG_MAP % (n, "team"), item)
             for n in range(f.many(3000))))
    f.base()


@row("larger than", brief="")
def tiny_values_in_many_files(f):
    for n in range(f.many(64)):
        f.write("o%d.yaml" % n, CONFIG_MAP % (n, "team"), "data: [", "a," * 450000,
                "]\n")
    f.write("kustomization.yaml", "resources:\n",
            spread(f.many(64), "- o", ".yaml\n"))


@row("more than", brief="")
def tiny_members(f):
    f.write("objects.yaml", HEAD, "data: {",
            spread(f.many(3000000), "k", ": ,"), "}\n")
    f.base()


@row("more than", brief="")
def million_documents(f):
    f.fill("objects.yaml", FULL, HEAD, "---\n")
    f.base()


@row("anchor|more than|excessive", brief="")
def million_anchors(f):
    f.write("objects.yaml", HEAD, "data: [",
            spread(f.many(2500000), "&a", " b,"), "]\n")
    f.base()


@row("more than", brief="")
def million_comments(f):
    f.fill("objects.yaml", FULL, HEAD, "#\n")
    f.base()


@row("more than", brief="")
def comment_of_one_line(f):
    f.fill("objects.yaml", FULL, HEAD + "#", "x", "\n")
    f.base()


@row("could not find expected ':'|mapping")
def key_of_one_line(f):
    f.fill("objects.yaml", FULL, HEAD, "x", ": a\n")
    f.base()


@row("already set|already defined|more than", brief="already")
def equal_keys(f):
    f.fill("objects.yaml", FULL, HEAD, "a: 1\n")
    f.base()


@row("already set|already defined")
def last_key_twice(f):
    f.write("objects.yaml", HEAD, spread(f.many(299000), "k", ": x\n"),
            "k0: x\n")
    f.base()


@row("", brief="")
def text_of_one_line(f):
    f.fill("objects.yaml", FULL, HEAD + "data: {a: ", "x", "}\n")
    f.base()


@row("", brief="")
def text_of_words(f):
    f.fill("objects.yaml", FULL, HEAD + "data: {a: ", "x ", "x}\n")
    f.base()


@row("", brief="")
def block_of_empty_lines(f):
    f.fill("objects.yaml", FULL, HEAD + "data:\n  a: |\n    x\n", "\n",
           "    x\n")
    f.base()


@row("", brief="")
def folded_words(f):
    f.fill("objects.yaml", FULL, HEAD + "data:\n  a: >\n    x\n", "     x\n")
    f.base()


@row("", brief="")
def number_of_many_digits(f):
    f.fill("objects.yaml", FULL, HEAD + "data: {a: ", "9", "}\n")
    f.base()


@row("control characters|MalformedYAML")
def nothing_but_nul(f):
    f.fill("objects.yaml", FULL, "", "\0")
    f.base()


@row("more than", brief="")
def carriage_returns(f):
    f.fill("objects.yaml", FULL, HEAD, "#\r\n")
    f.base()


@row("more than|nested|deep", brief="")
def lists_of_lists(f):
    depth = 90
    head = "".join("%s{apiVersion: v1, kind: List, items: [" % ("" if i else "")
                   for i in range(depth))
    f.write("objects.yaml", head, spread(
        f.many(150000), "{apiVersion: v1, kind: A, metadata: {name: n", "}},"),
        "]}" * depth, "\n")
    f.base()


# Objects and names.

@row("more than 50000", brief="")
def objects_in_a_list(f):
    f.write("objects.yaml", "apiVersion: v1\nkind: List\nitems:\n", spread(
        f.many(60000), "- {apiVersion: v1, kind: A, metadata: {name: n",
        "}}\n"))
    f.base()


@row("", brief="")
def fifty_thousand_documents(f):
    f.write("objects.yaml", spread(
        f.many(49000), "---\napiVersion: v1\nkind: A\nmetadata: {name: n",
        "}\n"))
    f.base("namePrefix: p-\ncommonLabels: {a: b}\n")


@row("more than 50000", brief="")
def hundred_thousand_documents(f):
    f.write("objects.yaml", spread(
        f.many(100000), "---\napiVersion: v1\nkind: A\nmetadata: {name: n",
        "}\n"))
    f.base("namePrefix: p-\ncommonLabels: {a: b}\n")


@row("more than|larger than", brief="")
def too_many_objects(f):
    f.write("objects.yaml", spread(
        f.many(400000), "---\napiVersion: v1\nkind: A\nmetadata: {name: n",
        "}\n"))
    f.base()


@row("already registered id")
def one_object_many_times(f):
    f.objects(1)
    f.write("kustomization.yaml", "resources:\n",
            "- objects.yaml\n" * f.many(900000))


@row("no such file")
def many_files_that_are_not_there(f):
    f.write("kustomization.yaml", "resources:\n",
            spread(f.many(900000), "- f", ".yaml\n"))


@row("longer than", brief="")
def long_name(f):
    f.fill("objects.yaml", FULL,
           "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ", "x", "}\n")
    f.base("namePrefix: p-\nnameSuffix: -s\n")


@row("larger|more than", brief="")
def long_prefix_of_many(f):
    f.objects(f.many(10000))
    f.base("namePrefix: ", "x" * f.many(MIB), "\n")


@row("larger|more than", brief="")
def long_label_of_many(f):
    f.objects(f.many(10000))
    f.base("commonLabels: {a: ", "x" * f.many(MIB), "}\n")


@row("larger|more than", brief="")
def many_labels_of_many(f):
    f.objects(f.many(20000))
    f.base("commonLabels:\n", spread(f.many(5000), "  k", ": v\n"))


@row("", brief="")
def references_to_a_name_in_many_namespaces(f):
    f.write("objects.yaml",
            ("---\napiVersion: v1\nkind: ConfigMap\n"
             "metadata: {name: settings, namespace: n%d}\n" % n
             for n in range(f.many(2000))),
            ("---\napiVersion: rbac.authorization.k8s.io/v1\n"
             "kind: ClusterRole\nmetadata: {name: r%d}\nrules:\n"
             "- {resources: [configmaps], resourceNames: [settings]}\n" % n
             for n in range(f.many(2000))))
    f.base("namePrefix: p-\n")


@row("", brief="")
def references_to_a_name_of_many_kinds(f):
    f.write("objects.yaml",
            ("---\napiVersion: v1\nkind: K%d\nmetadata: {name: settings}\n" % n
             for n in range(f.many(10000))),
            ("---\napiVersion: v1\nkind: Pod\nmetadata: {name: r%d}\nspec:\n"
             "  volumes: [{configMap: {name: settings}}]\n" % n
             for n in range(f.many(10000))))
    f.base("namePrefix: p-\n")


@row("", brief="")
def references_of_many_subjects(f):
    count = f.many(10000)
    f.write("objects.yaml",
            ("---\napiVersion: v1\nkind: ServiceAccount\n"
             "metadata: {name: runner, namespace: n%d}\n" % n
             for n in range(count)),
            "---\napiVersion: rbac.authorization.k8s.io/v1\n"
            "kind: RoleBinding\nmetadata: {name: r, namespace: n0}\n"
            "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, "
            "name: r}\nsubjects:\n",
            spread(count, "- {kind: ServiceAccount, name: runner, "
                   "namespace: n", "}\n"))
    f.base("namePrefix: p-\n")


# Directories and files.

@row("cycle detected")
def cyclic_bases(f):
    f.write("a/kustomization.yaml", "resources: [../b]\n")
    f.write("b/kustomization.yaml", "resources: [../a]\n")
    f.write("kustomization.yaml", "resources: [a]\n")


@row("cycle detected")
def own_base(f):
    f.write("kustomization.yaml", "resources: [.]\n")


@row("cycle detected")
def cyclic_components(f):
    head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    f.write("a/kustomization.yaml", head, "components: [../b]\n")
    f.write("b/kustomization.yaml", head, "components: [../a]\n")
    f.write("kustomization.yaml", "components: [a]\n")


@row("more than [0-9]+ directories", directory="d0")
def bases_that_double(f):
    for i in range(30):
        f.write("d%d/kustomization.yaml" % i,
                "resources: [../d%d, ../e%d]\n" % (i + 1, i + 1))
        f.write("e%d/kustomization.yaml" % i,
                "resources: [../d%d, ../e%d]\n" % (i + 1, i + 1))
    for name in ("d30", "e30"):
        f.write(name + "/kustomization.yaml", "namePrefix: x\n")


@row("more than [0-9]+ directories", directory="d0")
def components_that_double(f):
    head = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    for i in range(30):
        f.write("d%d/kustomization.yaml" % i, head if i else "",
                "components: [../d%d, ../d%d]\n" % (i + 1, i + 1))
    f.write("d30/kustomization.yaml", head, "namePrefix: x\n")


@row("larger|more than", directory="d0")
def objects_that_double(f):
    f.objects(100, "data: {%s}\n" % "".join("k%d: v, " % n
                                            for n in range(100)))
    for i in range(14):
        f.write("d%d/kustomization.yaml" % i,
                "resources: [../d%d, ../e%d]\n" % (i + 1, i + 1))
        f.write("e%d/kustomization.yaml" % i,
                "resources: [../d%d, ../e%d]\nnamePrefix: p%d\n" %
                (i + 1, i + 1, i))
    for name in ("d14", "e14"):
        f.write(name + "/kustomization.yaml",
                "resources: [../objects]\nnamePrefix: %s\n" % name)
    os.makedirs(f.path("objects"), exist_ok=True)
    os.rename(f.path("objects.yaml"), f.path("objects/objects.yaml"))
    f.write("objects/kustomization.yaml", "resources: [objects.yaml]\n")


@row("directories deep", directory="d0")
def chain_of_bases(f):
    for i in range(100):
        f.write("d%d/kustomization.yaml" % i, "resources: [../d%d]\n" % (i + 1))
    f.write("d100/kustomization.yaml", "namePrefix: x\n")


@row("is not in or below")
def symlink_out(f):
    os.symlink("/etc/passwd", f.path("objects.yaml"))
    f.base()


@row("no such file|not a valid directory|is not in or below|evalsymlink")
def symlink_loop(f):
    os.symlink("b.yaml", f.path("objects.yaml"))
    os.symlink("objects.yaml", f.path("b.yaml"))
    f.base()


@row("unable to find one of|is not in or below|is not a|Invalid|security|"
     "unmarshal")
def symlink_out_as_kustomization(f):
    os.symlink("/etc/passwd", f.path("kustomization.yaml"))


@row("cycle detected|nested|deep|not a valid directory")
def folder_that_links_to_itself(f):
    os.symlink(".", f.path("d"))
    f.write("kustomization.yaml", "resources: [d/d/d/d]\n")


@row("security; file|is not in or below")
def paths_that_climb(f):
    f.write("kustomization.yaml",
            "resources: [%setc/passwd]\n" % ("../" * f.many(200000)))


@row("accumulating resources")
def path_that_goes_up_and_down(f):
    f.write("kustomization.yaml",
            "resources: [%sx.yaml]\n" % ("a/../" * f.many(2000000)))


@row("no such file|too long|not a valid directory|evalsymlink")
def path_with_nul(f):
    f.write("kustomization.yaml", 'resources: ["a\\0b.yaml"]\n')


@row("must resolve to a file|not a regular file")
def fifo(f):
    os.mkfifo(f.path("objects.yaml"))
    f.base()


@row("must resolve to a file|not a regular file",
     flags=["--load-restrictor", "LoadRestrictionsNone"])
def fifo_without_restrictor(f):
    os.mkfifo(f.path("objects.yaml"))
    f.base()


@row("unable to find one of")
def fifo_as_kustomization(f):
    os.mkfifo(f.path("kustomization.yaml"))


@row("not a regular file", flags=["--load-restrictor", "LoadRestrictionsNone"])
def device(f):
    f.write("kustomization.yaml",
            "configMapGenerator: [{name: a, files: [/dev/zero]}]\n")


@row("larger than|more than")
def sparse_file(f):
    with open(f.path("big.txt"), "w") as out:
        out.truncate(1 << 40)
    f.write("kustomization.yaml",
            "configMapGenerator: [{name: a, files: [big.txt]}]\n")


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
