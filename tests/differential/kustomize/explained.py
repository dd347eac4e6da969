"""Differences that docs/compatibility.md explains.

Each rule: the name of its kind; whether two results, (verdict, bytes) of ours
and theirs, look like it; and what makes the same tree without its cause, on
which both must agree (None: the results alone show it).
"""
import re

from shrink import block_end, without_field

# Upstream's errors about what it has written itself.
_REREADING = re.compile(rb"yaml: (line \d+: |unmarshal errors)|"
                        rb"converting YAML to JSON|"
                        rb"did not find expected|could not find expected")
_TAB = b"found a tab character where an indentation space is expected"
_NO_TOKEN = b"found character that cannot start any token"
_EMPTY = re.compile(rb"\n[ \n]*\n")
_COMMENT = re.compile(r"(^|\s)#.*$", re.M)
_TWICE = re.compile(rb'mapping key \\*"([^"\\]*)\\*" already defined')
_KEY = re.compile(r"^( *)((?:- +)*)('[^']*'|\"[^\"]*\"|[\w./-]+): *")
_BARE_KEY = re.compile(rb"map\[interface \{\}\]interface \{\}\{.*"
                       rb"json: unsupported type: "
                       rb"map\[interface \{\}\]interface \{\}", re.S)
_KIND = re.compile(rb"^kind: (.*)$", re.M)
_HASHED = re.compile(rb"^  name: \S*-([2456789bcdfghkmt]{10})$", re.M)


def _only_theirs_fails(mine, theirs):
    return mine[0] == "ok" and theirs[0] == "error"


def _misreads(mine, theirs):
    return (_only_theirs_fails(mine, theirs) and
            _REREADING.search(theirs[1]) is not None)


def _reads_on(mine, theirs):
    """Whether upstream has read on behind a tab that is an error, and tells of
    the next one, which is the same tab."""
    return (mine[0] == theirs[0] == "error" and _TAB in mine[1] and
            _NO_TOKEN in theirs[1])


def _loses_lines(mine, theirs):
    """Whether nothing but empty lines differs."""
    return (mine[0] == theirs[0] == "ok" and
            _EMPTY.sub(b"\n", mine[1]) == _EMPTY.sub(b"\n", theirs[1]))


def _without_comments(files):
    """The same files, less what looks like a comment, also inside of texts."""
    return {name: text if isinstance(text, bytes) else _COMMENT.sub("", text)
            for name, text in files.items()}


def _compares_lines(mine, theirs):
    """Whether a validator has changed nothing that JSON has, says upstream,
    which shows the objects twice."""
    if theirs[0] != "error" or (
            b"validator shouldn't modify the resource map: nodes unequal"
            not in theirs[1]):
        return False
    pieces = theirs[1].split(b" -- ")
    return len(pieces) > 2 and pieces[2].startswith(
        re.sub(rb",(\n|\\+n)$", b"", pieces[1]))


def _without_validators(files):
    return {name: text if isinstance(text, bytes) else
            without_field(text, "validators") for name, text in files.items()}


def _writes_bare_keys(mine, theirs):
    return (_only_theirs_fails(mine, theirs) and
            _BARE_KEY.search(theirs[1]) is not None)


def _hashes_lines(mine, theirs):
    """Whether nothing but the hashes of generated objects differs that are of
    another kind by now."""
    if mine[0] != "ok" or theirs[0] != "ok":
        return False
    text = theirs[1]
    for ours, other in zip(mine[1].split(b"---\n"), text.split(b"---\n")):
        kind = _KIND.search(ours)
        names = [_HASHED.search(one) for one in (ours, other)]
        if ours != other and kind and all(names) and kind.group(1) not in (
                b"ConfigMap", b"Secret"):
            text = text.replace(names[1].group(1), names[0].group(1))
    return text == mine[1]


def _says_key_is_there_twice(mine, theirs):
    """Or of a patch that it cannot be read, which is all that is said then."""
    return mine[0] == "error" and (
        _TWICE.search(mine[1]) is not None or
        b"unable to parse SM or JSON patch" in mine[1])


def _without_second_keys(files):
    """The same files, less the lines of keys that their maps have already,
    also inside of texts."""
    return {name: text if isinstance(text, bytes) else _unique(text)
            for name, text in files.items()}


def _unique(text):
    lines = text.split("\n")
    maps = []  # Of each map that is open: its indentation and keys.
    at = 0
    while at < len(lines):
        line = lines[at]
        found = _KEY.match(line)
        if line.startswith("---"):
            maps = []
        if not found:
            at += 1
            continue
        depth = len(found.group(1)) + len(found.group(2))
        while maps and (maps[-1][0] > depth or
                        found.group(2) and maps[-1][0] == depth):
            maps.pop()
        if not maps or maps[-1][0] < depth:
            maps.append((depth, set()))
        key = found.group(3).strip("'\"")
        if key in maps[-1][1]:
            del lines[at:block_end(lines, at)]
            continue
        maps[-1][1].add(key)
        at += 1
    return "\n".join(lines)


RULES = (
    ("theirs misreads comments", _misreads, _without_comments),
    ("theirs reads on after an error", _reads_on, _without_comments),
    ("theirs loses lines to comments", _loses_lines, _without_comments),
    ("theirs compares lines", _compares_lines, _without_validators),
    ("theirs writes bare keys", _writes_bare_keys, None),
    ("theirs hashes lines", _hashes_lines, None),
    ("a key twice, said earlier", _says_key_is_there_twice,
     _without_second_keys),
)
KINDS = tuple(rule[0] for rule in RULES)
