"""What two messages of failures must have in common."""
import re

# Where the mistake is, which only ours says.
_PLACE = re.compile(r" in File: [^'\"\\ \n]+( \([\w.\[\]]+\))?")
# Memory, which only theirs shows.
_END = re.compile(r"\s*([\\\"]*)\s*$")
_POINTER = re.compile(r" &\{0x[0-9a-f]+ (<nil>|0x[0-9a-f]+)\}|0x[0-9a-f]{6,}")

# YAML for people: the order of its keys is not kept here, nor are quotes.
_CONTENTS = re.compile(r"node contents:.*", re.S)


# Go's own way to show objects, which names none.
_OBJECTS = re.compile(r"(nodes unequal|different number of entries).*|"
                      r"^map\[string\]interface \{\}(\(nil\)|\{.*\}): "
                      r"|&yaml\.RNode\{.*?\} (?=is expected)"
                      r"| &\{\[\[.*\]\}(?=: failed to merge)"
                      r"|a list (?=is expected)"
                      r"|(?<=yaml: )line \d+: (?=found )", re.S)
# The first of those that do not fit, in the order of the manifest.
_UNFIT = re.compile(r"cannot decode !!\w+ `.*?` as a !!\w+", re.S)
# The first one that upstream meets in a map, which has no order.
_VARIABLE = re.compile(r"var '\w+' already encountered")
# Of charts: ours says which one, theirs what was run, behind what that printed.
_CHART = re.compile(r"chart '[^']*' of .*?: (?=\S)|"
                    r"((level=|time=|WARNING: )[^\n]*\n)*"
                    r"Error: (?=.*unable to run: )|"
                    r"\s*(Use --debug flag to render out invalid YAML\s*)?"
                    r": unable to run: '.*?' with env=.*?"
                    r" \(is '.*?' installed\?\): exit status \d+", re.S)

_WORD = re.compile(r"\w+")


def plain(text):
    """A message (bytes or str) without what is deliberately different."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    text = _CONTENTS.sub("", _PLACE.sub("", text))
    text = _CHART.sub("", text)
    text = _OBJECTS.sub(r"\1", text)
    text = _UNFIT.sub("cannot decode", text)
    text = _VARIABLE.sub("var already encountered", text)
    # Behind the place, blanks at the end of a quoted message would differ.
    return _END.sub(r"\1", _POINTER.sub("", text))


def same(mine, theirs):
    mine, theirs = plain(mine), plain(theirs)
    if "the specifications of the schema(s)" in theirs:
        # Helm has no order for them.
        return sorted(_WORD.findall(mine)) == sorted(_WORD.findall(theirs))
    return mine == theirs


# What differs between messages of one cause.
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*[/\d]\S*|\{.*\}")


def cause(text):
    """A message without the names in it."""
    return _NAMES.sub("", plain(text))
