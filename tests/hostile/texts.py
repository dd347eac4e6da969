"""Texts that are made to cost much: YAML, large files."""
from inputs import CONFIG_MAP, FULL, HEAD, PATCH_FULL, row, spread


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
