"""What comparisons of two programs print."""
import difflib


def is_remote(text):
    """Whether a failure is about the network that is not there."""
    return any(word in text for word in (
        b"git fetch", b"proxyconnect", b"remote resource", b"connection refus"))


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
