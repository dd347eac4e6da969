"""What comparisons of two programs print."""
import difflib
import re

# What random texts are made of: base64, hexadecimal, bcrypt, UUIDs.
_RANDOM = re.compile(rb'"?[A-Za-z0-9+/=.$_-]{4,}"?')


def is_remote(text):
    """Whether a failure is about the network that is not there."""
    return any(word in text for word in (
        b"git fetch", b"proxyconnect", b"remote resource", b"connection refus",
        b"fetching chart"))


def but_for_randomness(theirs, again, mine):
    """Whether three results, (verdict, bytes), are good, and only those lines
    of mine differ, in words, in which two of theirs do."""
    if {theirs[0], again[0], mine[0]} != {"ok"}:
        return False
    lines = [one[1].split(b"\n") for one in (theirs, again, mine)]
    if len({len(one) for one in lines}) != 1:
        return False
    return all(x == z or x != y and _RANDOM.sub(b"*", x) == _RANDOM.sub(b"*", z)
               for x, y, z in zip(*lines))


def short(text):
    return text.decode(errors="replace")[:600]


def show(mine, theirs, blocks):
    """Prints how two results, (verdict, bytes), differ."""
    if mine[0] == theirs[0] == "ok":
        lines = difflib.unified_diff(
            theirs[1].decode(errors="replace").splitlines(),
            mine[1].decode(errors="replace").splitlines(),
            "theirs", "ours", lineterm="", n=2)
        for _, line in zip(range(blocks * 6), lines):
            print("  " + line[:200])
    else:
        print("  ours:   " + short(mine[1] if mine[0] != "ok" else b""))
        print("  theirs: " + short(theirs[1] if theirs[0] != "ok" else b""))
