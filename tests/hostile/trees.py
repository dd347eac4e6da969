"""Trees that are made to cost much: objects, names, directories, files."""
import os

from inputs import FULL, MIB, row, spread


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
