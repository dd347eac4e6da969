"""Compares observed values with recorded ones that hold placeholders.

A recorded text such as "main@sha1:<commit:1>" matches what the placeholder
stands for. Names that a recording numbers (<digest:1>, <uid:2>) are bound at
their first match and must be the same ever after. The first twelve digits of
a commit, in versions of charts, are <short:N>.
"""

import re

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
# Of HTTP headers, and as Go prints one.
OTHER_TIMES = (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT",
               r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?")
DURATION = r"-?(?:\d+(?:\.\d+)?(?:h|ms|m|µs|us|ns|s))+"

# What an unnumbered placeholder may be.
PATTERNS = {
    "time": "|".join((TIME, *OTHER_TIMES)), "duration": DURATION, "s": r"\d+(?:\.\d+)?",
    "random": r"[A-Za-z0-9-]+", "rv": r"\d+", "digest": r"[a-z0-9]+:[0-9a-f]+",
    "short": r"[0-9a-f]{12}",
    "ip": r"[0-9a-fA-F.:]+", "dns": r"[^ ]+", "dir": r"[^ ]+", "tmp": r"[^ ]+",
    "key": r".+",
}
PLACEHOLDER = re.compile(r"<([a-z0-9]+)(?::([^<>]+))?>")
REPEATED = re.compile(r"<(\d+) times (.+?)>", re.S)


class Matcher:
    """Holds what the placeholders of one scenario stand for."""

    def __init__(self, known):
        # "<commit:1>" -> hash, "<ns>" -> namespace, "<git>" -> address.
        self.known = dict(known)

    def expand(self, text):
        """The text with known placeholders filled in: for inputs."""
        text = REPEATED.sub(lambda m: m.group(2) * int(m.group(1)), text)
        return PLACEHOLDER.sub(
            lambda m: self.known.get(m.group(0), m.group(0)), text)

    def fill(self, value):
        if isinstance(value, str):
            return self.expand(value)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.expand(k): self.fill(v) for k, v in value.items()}
        return value

    def matches(self, wanted, got):
        """Whether `got` is what `wanted` describes; binds placeholders."""
        if isinstance(wanted, str) and "<" in wanted:
            return self._matches_text(wanted, got)
        if isinstance(wanted, dict):
            return (isinstance(got, dict) and
                    {self.expand(k) for k in wanted} == set(got) and
                    all(self.matches(v, got[self.expand(k)])
                        for k, v in wanted.items()))
        if isinstance(wanted, list):
            return (isinstance(got, list) and len(wanted) == len(got) and
                    all(map(self.matches, wanted, got)))
        return wanted == got

    def _matches_text(self, wanted, got):
        if not isinstance(got, str):
            # Times inside of numbers, sizes of compressed files.
            return wanted.startswith("<") and not isinstance(got, (dict, list))
        # The folder of one build: where it is and what it is called is ours.
        wanted = self.expand(wanted).replace(
            "<tmp>/kustomization-<random>", "<tmp>").replace(
            " on <dns>", "")
        # Ours does not name folders of the controller.
        wanted = re.sub(r"<tmp>/helmchart-\S*-<random>/source/", "", wanted)
        parts, names, at = [], [], 0
        for found in PLACEHOLDER.finditer(wanted):
            kind, number = found.group(1), found.group(2)
            parts.append(re.escape(wanted[at:found.start()]))
            at = found.end()
            if number is not None and kind in ("digest", "uid", "uid8"):
                pattern = PATTERNS["digest"] if kind == "digest" else r"[\w-]+"
                parts.append(f"({pattern})")
                names.append(found.group(0))
            elif kind in PATTERNS:
                parts.append(f"(?:{PATTERNS[kind]})")
            else:
                parts.append(re.escape(found.group(0)))
        parts.append(re.escape(wanted[at:]))
        match = re.fullmatch("".join(parts), got, re.S)
        if not match:
            return False
        for name, value in zip(names, match.groups()):
            if self.known.setdefault(name, value) != value:
                return False
        return True
