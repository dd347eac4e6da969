"""Writes values as YAML in all the ways that people and programs do."""
import json


class Raw(str):
    """A scalar written as it is: 0x1F, ~, 2020-01-02."""


class Block(str):
    """The lines of a block scalar, written as they are."""


WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
COMMENTS = ["# note", "#", "# a: b", "# - x", "#!x", "# 'quote",
            "# kpt-set: ${x}"]
# To upstream the schema of what it stands at: only for scalars, which have none.
MARKER = "# {\"$imagepolicy\": \"flux-system:app:tag\"}"
BLOCK_LINES = ["a line", "  more", "    deep", "", "", "x: y", "- item", "#no",
               "trail ", "\ttab", "$(VAR)", "'q'", "end", "${v}", "{{ .x }}"]


def is_plain(text):
    """Whether a text may stand unquoted, on the safe side."""
    return bool(text) and text[0].isalpha() and text not in WORDS and all(
        c.isalnum() or c in "-./_" for c in text) and text.isascii()


class Writer:
    """One style a document: `r` decides."""

    def __init__(self, r):
        self.r = r
        self.step = 2 if r.random() < 0.9 else 4
        self.indents_lists = r.random() < 0.3
        has_comments = getattr(r, "has_comments", False)
        self.comments = 0.06 if has_comments else 0.0
        self.anchors = r.random() < 0.06
        self.flow_share = 0.15 if r.random() < 0.2 else 0.02
        # Upstream writes many comments in brackets so that it cannot read them.
        if has_comments:
            self.flow_share = 0.01
        self.quotes = r.choice(["any", "any", "double", "single"])
        self.known = []
        self.count = 0

    def chance(self, p):
        return self.r.random() < p

    def document(self, value):
        if not self.comments and self.chance(0.05):
            return json.dumps(self._json(value)) + "\n"
        if not self.comments and self.chance(0.05):
            return self.flow(value) + "\n"
        return self.block(value, 0)

    def _json(self, v):
        if isinstance(v, dict):
            return {k: self._json(x) for k, x in v.items()}
        if isinstance(v, list):
            return [self._json(x) for x in v]
        if isinstance(v, Raw):
            try:
                return json.loads(v)
            except ValueError:
                return str(v)
        return v

    # ---- scalars ----
    def key(self, k):
        return k if is_plain(k) else json.dumps(k)

    def flow(self, v):
        if isinstance(v, dict):
            return "{" + ", ".join(self.key(k) + ": " + self.flow(x)
                                   for k, x in v.items()) + "}"
        if isinstance(v, list):
            return "[" + ", ".join(self.flow(x) for x in v) + "]"
        if isinstance(v, Raw):
            return str(v)
        if isinstance(v, bool):
            return "true" if v else "false"
        if v is None:
            return "null"
        if isinstance(v, (int, float)):
            return str(v)
        if is_plain(v) and self.chance(0.5):
            return v
        return json.dumps(v)

    def block_scalar(self, lines, indent):
        style = self.r.choice(["|", "|", ">", ">"])
        chomp = self.r.choice(["", "", "-", "+"])
        hint = ""
        first = next((x for x in lines if x), "")
        if first.startswith((" ", "\t")) or not first or self.chance(0.05):
            hint = str(self.step)
        pad = " " * (indent + self.step)
        body = "\n".join(pad + x if x else "" for x in lines)
        return style + hint + chomp + "\n" + body

    def quoted(self, v):
        can_single = v.isprintable() and "\u2028" not in v
        if can_single and (self.quotes == "single" or
                           self.quotes == "any" and self.chance(0.4)):
            return "'" + v.replace("'", "''") + "'"
        # JSON's pairs of surrogates are none in YAML.
        return '"' + "".join(c if ord(c) > 0xffff else json.dumps(c)[1:-1]
                             for c in v) + '"'

    def scalar(self, v, indent):
        if isinstance(v, Block):
            return self.block_scalar(v.split("\n"), indent)
        if not isinstance(v, str) or isinstance(v, Raw):
            return self.flow(v)
        if self.chance(0.006):
            return "!!str " + self.quoted(v)
        if is_plain(v) and self.chance(0.8):
            return v
        if "\n" in v and "\r" not in v and v[0] not in " \n\t" and (
                self.chance(0.7)):
            pad = " " * (indent + self.step)
            chomp = "" if v.endswith("\n") else "-"
            lines = v[:-1] if chomp == "" else v
            if chomp == "-" or not v.endswith("\n\n"):
                return "|" + chomp + "\n" + "\n".join(
                    pad + x if x else "" for x in lines.split("\n"))
        return self.quoted(v)

    # ---- collections ----
    def comment(self, indent):
        if not self.comments or not self.chance(self.comments):
            return ""
        text = " " * indent + self.r.choice(COMMENTS) + "\n"
        return text + ("\n" if self.chance(0.3) else "")

    def line_comment(self):
        if self.comments and self.chance(self.comments):
            return "  " + self.r.choice(COMMENTS)
        return ""

    def marker(self):
        if self.comments and self.chance(self.comments):
            return "  " + MARKER
        return self.line_comment()

    def anchor(self, v):
        """Marks a value, or stands for one that was marked."""
        if not self.anchors or isinstance(v, Block):
            return None
        same = [name for name, other in self.known if
                type(other) is type(v) and not isinstance(other, list)]
        if same and self.chance(0.15):
            return "*" + self.r.choice(same)
        if self.chance(0.15) and (not isinstance(v, (dict, list)) or v):
            self.count += 1
            return "&a%d" % self.count
        return None

    def member(self, head, v, indent, in_list):
        """`head` is "key:" or "-"; `indent` is its own."""
        mark = self.anchor(v)
        if mark and mark[0] == "*":
            return head + " " + mark + self.line_comment() + "\n"
        text = self.marked_member(head, mark, v, indent, in_list)
        if mark:
            # Only now: upstream does not come back from what holds itself.
            self.known.append((mark[1:], v))
        return text

    def marked_member(self, head, mark, v, indent, in_list):
        lead = head + (" " + mark if mark else "")
        if isinstance(v, (dict, list)) and v and not self.chance(
                self.flow_share):
            inner = indent + self.step
            if isinstance(v, list) and not in_list and not self.indents_lists:
                inner = indent
            if in_list:
                inner = indent + 2
            text = self.block(v, inner)
            if in_list and not mark and not text.lstrip(" ").startswith("#"):
                return lead + " " + text[inner:]
            # Few comments here: where a patch empties the value, upstream
            # writes it so that it cannot read it.
            comment = self.line_comment() if self.chance(0.05) else ""
            return lead + comment + "\n" + text
        text = self.flow(v) if isinstance(v, (dict, list)) else self.scalar(
            v, indent)
        if "\n" in text:
            return lead + " " + text + "\n"
        if not text:
            # The same where a patch fills it.
            comment = self.line_comment() if self.chance(0.05) else ""
            return lead + comment + "\n"
        is_scalar = not isinstance(v, (dict, list))
        return lead + (" " + text if text else "") + (
            self.marker() if is_scalar else self.line_comment()) + "\n"

    def odd_member(self, pad):
        """A merge key, or one that is written oddly."""
        if not self.is_odd:
            return ""
        maps = [name for name, v in self.known if isinstance(v, dict) and v]
        if maps and self.chance(0.1):
            return pad + self.r.choice([
                "<<: *%s", "<<: [*%s]", "merged:\n" + pad + " <<: *%s"]
            ) % self.r.choice(maps) + "\n"
        if self.chance(0.0008):
            return pad + self.r.choice(["? a\n%s: b" % pad, "\"on\": x"]) + "\n"
        return ""

    def block(self, v, indent):
        pad = " " * indent
        if isinstance(v, dict) and v:
            out = ""
            for k, x in v.items():
                out += self.comment(indent)
                out += pad + self.member(self.key(k) + ":", x, indent, False)
            return out + self.odd_member(pad) + self.comment(indent)
        if isinstance(v, list) and v:
            out = ""
            for x in v:
                out += self.comment(indent)
                out += pad + self.member("-", x, indent, True)
            return out + self.comment(indent)
        return pad + self.scalar(v, indent) + "\n" if not isinstance(
            v, (dict, list)) else pad + self.flow(v) + "\n"


def random_block(r):
    lines = [r.choice(BLOCK_LINES) for _ in range(r.randint(1, 6))]
    # What starts with a tab makes most trees fail.
    if r.random() < 0.9:
        lines[0] = lines[0].lstrip("\t")
    return Block("\n".join(lines))


def dump(r, value, is_odd=True):
    """`is_odd`: it may have members besides those of the value."""
    writer = Writer(r)
    writer.is_odd = is_odd
    text = writer.document(value)
    x = r.random()
    if x < 0.004:
        return "\ufeff" + text
    if x < 0.008:
        return "%YAML 1.1\n---\n" + text
    if x < 0.012:
        return text + "...\n"
    return text
