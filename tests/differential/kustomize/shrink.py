"""Makes a failing tree small: files, then blocks of lines, then lines."""
import re


def _without(text, start, end):
    lines = text.split("\n")
    return "\n".join(lines[:start] + lines[end:])


def _indent(line):
    return len(line) - len(line.lstrip(" "))


def block_end(lines, start):
    """The line after the block that a line opens, by indentation."""
    depth = _indent(lines[start])
    if lines[start].lstrip().startswith("- "):
        depth += 1
    end = start + 1
    while end < len(lines) and (
            not lines[end].strip() or _indent(lines[end]) > depth or (
                _indent(lines[end]) == depth and
                lines[start].rstrip().endswith(":") and
                lines[end].lstrip().startswith("- "))):
        end += 1
    return end


def without_field(text, name):
    """The text less the blocks of a field at its left edge."""
    key = re.compile(r"[\"']?%s[\"']?:" % name)
    lines = text.split("\n")
    start = 0
    while start < len(lines):
        if key.match(lines[start]):
            del lines[start:block_end(lines, start)]
        else:
            start += 1
    return "\n".join(lines)


def shrink(files, fails, limit=2000):
    """The smallest tree found for which `fails` still holds."""
    tries = 0
    files = dict(files)

    def attempt(candidate):
        nonlocal tries, files
        tries += 1
        if tries <= limit and fails(candidate):
            files = candidate
            return True
        return False

    changed = True
    while changed and tries < limit:
        changed = False
        for name in sorted(files):
            if len(files) > 1:
                changed |= attempt(
                    {k: v for k, v in files.items() if k != name})
        for name in sorted(files):
            if name not in files or isinstance(files[name], bytes):
                continue
            start = 0
            while start < files[name].count("\n"):
                lines = files[name].split("\n")
                ends = {block_end(lines, start), start + 1}
                for end in sorted(ends, reverse=True):
                    text = _without(files[name], start, end)
                    if attempt({**files, name: text}):
                        changed = True
                        break
                else:
                    start += 1
    return files
