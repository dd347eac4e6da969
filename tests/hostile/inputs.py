"""What rows of inputs are made of. Each row makes a folder to build."""
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
