"""What two messages of failures must have in common."""
import re

# Where the mistake is, which only ours says.
_PLACE = re.compile(r" in File: [^'\"]*?kustomization\.ya?ml(:\d+)?"
                    r"( \([\w.\[\]]+\))?")
# Memory, which only theirs shows.
_POINTER = re.compile(r" &\{0x[0-9a-f]+ (<nil>|0x[0-9a-f]+)\}|0x[0-9a-f]{6,}")

# YAML for people: the order of its keys is not kept here, nor are quotes.
_CONTENTS = re.compile(r"node contents:.*", re.S)


def plain(text):
    """A message (bytes or str) without what is deliberately different."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    text = _CONTENTS.sub("", _PLACE.sub("", text))
    return _POINTER.sub("", text).strip()


def same(mine, theirs):
    return plain(mine) == plain(theirs)
