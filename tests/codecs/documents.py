"""Makes odd documents: YAML as people write it and as nobody should, JSON.

Everything comes from a random.Random, so a seed makes the same document again.
"""

WORDS = [
    "a", "b", "key", "name", "x1", "x2", "x10", "metadata", "annotations",
    "labels", "items", "kind", "spec", "a b", "foo.bar/baz", "z-1", "Ä", "日本",
    "é", "<<", "=", "y", "n", "on", "null", "1", "01", "1.0", "true", "_", "a_b",
    "A", "0x1", "~", "-", "-a", "?a", ":a", "a:b", "a#b", "\U0001f600",
]

NUMBERS = [
    "0", "-0", "+0", "00", "1", "-1", "+1", "007", "0777", "08", "0o17", "0O17",
    "-0o17", "+0o17", "0x1F", "0X1f", "-0x1F", "0xg", "0b101", "0B11", "-0b11",
    "0b12", "1_000", "_1", "1_", "1__0", "0x_1F", "0o_7", "0_7", "-_1", "+-1",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616",
    "0xFFFFFFFFFFFFFFFF", "0x1FFFFFFFFFFFFFFFF", "-0x8000000000000000",
    "0o1777777777777777777777", "1e3", "1E3", "1e+3", "1e-3", "1.e3", ".5",
    "5.", ".", "..", "-.5", "+.5", "1.5", "1.50", "-1.5e10", "1e21", "1e20",
    "123456789012345678901", "1e-6", "1e-7", "1.0", "-0.0", "0.0", "0e0",
    "1e400", "-1e400", "1e-400", "4.9e-324", "1.7976931348623157e308", "0.1",
    "1e15", "1e16", "123456789.125", "0.000001", "0.0000001", "1e22", "1e+25",
    "100000", "1000000", "1000000.0", "1234567.0", "0.1e1", ".1_0", "1_0.5",
    "1._5", ".5e", ".e5", "1e", "1e+", "1.2.3", "1-2", "0x1p4", "0x1.8p1",
    "0x.1p1", ".inf", ".Inf", ".INF", "-.inf", "+.inf", ".nan", ".NaN", ".NAN",
    ".iNf", "-.nan", "inf", "nan", "Infinity", "NaN", "+inf", "1:30", "10:20:30",
    "190:20:30.15", "-1:30", "1:60", "1:5_0", "1_0:30", "0:0", "1:2:", ":1",
    "0b-1", "0o-7", "0b+1", "0o+7", "-0b-1", "0b", "0x", "0o", "0b_1", "+0b1",
    "2020-01-02", "2020-1-2", "2020-13-01", "2020-02-30", "2020-02-29",
    "2019-02-29", "2020-01-02T03:04:05Z", "2020-01-02t03:04:05Z",
    "2020-01-02 03:04:05", "2020-01-02T03:04:05+01:00", "2020-1-2T3:4:5Z",
    "2020-01-02T03:04:05.123456789Z", "2020-01-02T03:04:05.1234567891Z",
    "2020-01-02T03:04:05.100Z", "2020-01-02 03:04:05.5", "2020-01-02T24:00:00Z",
    "2020-01-02T03:04:60Z", "2020-01-02T03:04Z", "2020-01-02T03:04:05",
    "2020-01-02 03:04:05Z", "2020-01-02T03:04:05z", "2020-01-02T03:04:05-00:00",
    "2020-01-02T03:04:05+24:00", "2020-01-02T03:04:05+25:00", "0000-01-01",
    "2020-01-02T03:04:05+01:60", "2020-01-02T03:04:05,5Z", "2020-01", "2020-",
    "2020-01-02T3:04:05Z", "2020-01-2T03:4:5Z", "2020-01-02  03:04:05",
    "2020-01-02T03:04:05.Z", "02020-01-02", "9999-12-31", "2020-001-02",
    "2020-01-02T03:04:05+0100", "1e5_0", "1_e5", "12e03", "012e3", "0.5e-3",
]

NAMES = [
    "true", "True", "TRUE", "tRUE", "false", "False", "FALSE", "yes", "Yes",
    "YES", "yEs", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y",
    "Y", "n", "N", "null", "Null", "NULL", "nULL", "~", "", "<<", "=", "!", "t",
    "f", "T", "F", "o", "O", "none", "nil", "undefined",
]

TEXTS = [
    "hello", "hello world", "two  spaces", " leading", "trailing ", "a: b",
    "a #b", "a#b", "#c", "- x", "-x", "-", "--", "---", "--- a", "...", "? x",
    "?", "?x", ": x", ":", ":x", "x:", "x: ", "[", "]", "{", "}", "[]", "{}",
    ",", "a,b", "a, b", "&a", "*a", "!a", "|", ">", "'", "\"", "%", "%a", "@",
    "`", "'a'", "\"a\"", "it's", "say \"hi\"", "back\\slash", "\\", "\\n",
    "tab\there", "\ttab", "tab\t", "line\nbreak", "line\n", "\nline", "\n",
    "\n\n", "a\n\nb", "a\n b", " a\nb", "a \nb", "a\n\n", "a\nb\n\n\n", "\na",
    "a\tb\nc", "a\r\nb", "a\rb", "\r", "é", "日本語 テキスト", "\U0001f600 smile",
    "nel\u0085here", "ls\u2028here", "ps\u2029here", "nbsp\u00a0here",
    "\ufeffbom", "bom\ufeff", "del\x7f", "esc\x1b", "nul\x00", "bell\x07",
    "\u0080", "\ufffd", "\ufffe", "\U0010ffff", "\u200b", "a" * 70, "a" * 90,
    "word " * 20, "word " * 20 + "end", "a" * 79 + " b", "a" * 80 + " b c",
    "x " + "b" * 100 + " y", "long  double  spaces " * 5, "k" * 127, "k" * 128,
    "k" * 129, "k" * 1025, "é" * 64, "é" * 65, "é" * 45 + " x", "' " * 45,
    "<script>", "a&b", "a<b>c", "$(VAR)", "${VAR}", "{{ .x }}", "a\\\nb",
    "http://x.y/z?q=1#f", "a:b:c", "key: [1, 2]", "#", "# ", " #", "a\n#b",
    "- a\n- b", "a: 1\nb: 2", "a\n...\nb", "a\n---\nb", "line one\n  indented",
    "  indented first\nthen not", "end with space \n", "\tstart\nx", "a\n\tb",
    "\u0085", "a\u0085b\nc", "\u2028", "a\u2028 b\nc", "x\n\u2029", "YWJj",
    "1 2", "null ", "true #", "- ", "a -", "a - b", "a ? b", "a, ?b",
]

WEIRD = ("abc 0179 .:,-?#&*!|>'\"%@`[]{}\\/\t\n\r~=<+_$^()é日\U0001f600\u0085"
         "\u2028\u00a0\ufeff\x7f\x00")
FORBIDDEN = "\x00\x07\x1b\x7f\u0080\ufffe"  # Not in any YAML text.
HARD_STARTS = tuple("[]{},#&*!|>'\"%@`?:-")
TAGS = [
    "!!str", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!timestamp",
    "!!merge", "!!map", "!!seq", "!!set", "!!omap", "!", "!local", "!e!x",
    "!<tag:yaml.org,2002:str>", "!<tag:yaml.org,2002:int>", "!<x>", "!!%73tr",
    "!x%20y", "!!foo", "!<>", "!a!b!c", "!!", "!a,b",
]


def scalar_text(rng):
    """What a scalar says, before anybody quotes it."""
    roll = rng.random()
    if roll < 0.30:
        return rng.choice(WORDS)
    if roll < 0.50:
        return rng.choice(NUMBERS)
    if roll < 0.62:
        return rng.choice(NAMES)
    if roll < 0.90:
        return rng.choice(TEXTS)
    return "".join(rng.choice(WEIRD) for _ in range(rng.randint(0, 12)))


def fitting_tag(text):
    """The tag of what the text looks like, more or less."""
    if text in NAMES:
        return "!!null" if text.lower() in ("null", "~", "") else "!!bool"
    if text in NUMBERS:
        if text.startswith(("20", "99")):
            return "!!timestamp"
        return "!!float" if set(text) & set(".eE") else "!!int"
    return "!!binary" if text.isalnum() else "!!str"


def single_quoted(rng, text):
    return "'" + text.replace("'", "''") + "'"


ESCAPES = {
    "\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n",
    "\v": "\\v", "\f": "\\f", "\r": "\\r", "\x1b": "\\e", "\"": "\\\"",
    "\\": "\\\\", "\u0085": "\\N", "\u00a0": "\\_", "\u2028": "\\L",
    "\u2029": "\\P",
}


def double_quoted(rng, text):
    out = []
    for c in text:
        code = ord(c)
        roll = rng.random()
        if c in ESCAPES and (roll < 0.8 or code < 32 or c in "\"\\"):
            out.append(ESCAPES[c])
        elif code == 0x7f or code < 32 or roll < 0.03:
            out.append("\\x%02x" % code if code < 256 else
                       "\\u%04X" % code if code < 65536 else "\\U%08x" % code)
        elif c == " " and roll < 0.05:
            out.append(rng.choice(["\\ ", "\\\n   ", "\n  "]))
        else:
            out.append(c)
    return "\"" + "".join(out) + "\""


class YamlWriter:
    """Writes one random document. Most are valid; none has to be."""

    def __init__(self, rng, comments=0.1, anchors=True, tags=True):
        self.rng = rng
        self.comments = comments
        self.use_anchors = anchors
        self.use_tags = tags
        self.anchors = []
        self.open_anchors = 0
        self.budget = rng.choice([3, 8, 15, 30])

    def chance(self, p):
        return self.rng.random() < p

    def comment(self):
        return "#" + self.rng.choice(
            ["", " c", " comment", " a: b", "x", " 'q", " [", " }", "\t", " é"])

    def line_end(self):
        """A possible comment behind something, and the end of the line."""
        out = ""
        if self.chance(self.comments):
            out += self.rng.choice([" ", "  ", "\t", " \t"]) + self.comment()
        elif self.chance(0.03):
            out += self.rng.choice([" ", "\t", "   "])
        out += "\n"
        while self.chance(self.comments):
            out += self.rng.choice(["", " ", "  ", "    ", "\t", "        "])
            out += self.rng.choice([self.comment(), ""]) + "\n"
        return out

    def properties(self, is_key=False, text=None):
        out = ""
        if self.use_anchors and self.chance(0.04):
            name = self.rng.choice(["a", "b", "c", "x-1", "a_b"])
            self.anchors.append(name)
            out += "&" + name + " "
        if self.use_tags and self.chance(0.04 if not is_key else 0.02):
            tag = self.rng.choice(TAGS) + " "
            if text is not None and self.chance(0.5):
                tag = fitting_tag(text) + " "
            out = tag + out if self.chance(0.5) else out + tag
        return out

    def scalar(self, indent, flow, is_key=False):
        rng = self.rng
        if self.anchors and self.chance(0.05):
            return "*" + rng.choice(self.anchors + ["nope"][:rng.random() < .02])
        text = scalar_text(rng)
        properties = self.properties(is_key, text)
        roll = rng.random()
        if any(c in FORBIDDEN for c in text) and self.chance(0.97):
            return properties + double_quoted(rng, text)
        if text[:1] in HARD_STARTS and self.chance(0.85) or (
                is_key or flow) and (": " in text or " #" in text):
            roll = 0.80 + roll / 5
        if not flow and not is_key and roll < (0.5 if "\n" in text else 0.06):
            return properties + self.block_scalar(indent, text)
        if is_key:
            text = text.replace("\n", rng.choice(["", " ", "n"]))
        if roll < 0.72 and "\n" not in text or roll < 0.1:
            if not text and not properties and not is_key:
                return ""
            plain = text
            if not is_key and " " in plain and self.chance(0.1):
                at = plain.index(" ")
                plain = (plain[:at] + rng.choice(["\n", "\n\n", "\n\n\n"]) +
                         " " * (indent + rng.randint(0, 3)) + plain[at + 1:])
            return properties + plain
        if roll < 0.86:
            body = single_quoted(rng, text)
        else:
            body = double_quoted(rng, text)
        if "\n" in body:
            body = body.replace("\n", "\n" + " " * (indent + rng.randint(0, 2)))
        return properties + body

    def block_scalar(self, indent, text):
        rng = self.rng
        header = rng.choice("|>")
        deep = indent + rng.choice([1, 2, 2, 2, 4])
        marks = rng.choice(["", "", "", "-", "+"])
        if text.startswith((" ", "\n")) and self.chance(0.7) or self.chance(0.1):
            base = max(indent, 0)
            marks += str(max(1, min(9, deep - max(0, base - 2))))
            if self.chance(0.3):
                marks = marks[::-1]
        header += marks
        if self.chance(self.comments):
            header += " " + self.comment()
        lines = text.split("\n")
        out = [header]
        for line in lines:
            if line or self.chance(0.1):
                out.append(" " * deep + line)
            else:
                out.append(" " * rng.choice([0, 0, 0, deep, 1]))
        return "\n".join(out)

    def flow(self, indent, depth):
        rng = self.rng
        opening, closing = rng.choice(["[]", "{}"])
        out = self.properties() + opening
        gap = rng.choice(["", " "])
        count = rng.choice([0, 1, 1, 2, 3])
        for i in range(count):
            self.budget -= 1
            if self.chance(0.08):
                out += self.line_end() + " " * (indent + rng.randint(0, 3))
            else:
                out += gap
            if opening == "{" or self.chance(0.1):
                if self.chance(0.05):
                    out += "? "
                out += self.scalar(indent + 2, True, True)
                if not self.chance(0.08):
                    out += rng.choice([": ", ": ", ": ", ":", " : ", ":\n "])
                    out += self.flow_value(indent, depth)
            else:
                out += self.flow_value(indent, depth)
            if i + 1 < count or self.chance(0.1):
                out += rng.choice([",", ",", ", ", " ,"])
        if self.chance(0.06):
            out += self.line_end() + " " * (indent + rng.randint(0, 2))
        return out + gap + closing

    def flow_value(self, indent, depth):
        if depth > 0 and self.budget > 0 and self.chance(0.25):
            return self.flow(indent, depth - 1)
        return self.scalar(indent + 2, True)

    def node(self, indent, depth, after_dash=False):
        """What follows "key:" or "-", with the line's end."""
        rng = self.rng
        self.budget -= 1
        roll = rng.random()
        if self.budget <= 0 or depth == 0 or roll < 0.45:
            text = self.scalar(indent + 1, False)
            return (" " if text else "") + text + self.line_end()
        if roll < 0.60:
            return " " + self.flow(indent + 1, depth - 1) + self.line_end()
        if after_dash and roll < 0.8:
            gap = rng.choice([1, 1, 1, 1, 3])
            body = self.block(indent + 1 + gap, depth - 1)
            return " " * gap + body.lstrip(" ")
        properties = self.properties()
        head = (" " + properties.strip() if properties else "") + self.line_end()
        if roll < 0.80 and not after_dash:
            step = rng.choice([0, 0, 2, 2, 1, 4])
            return head + self.sequence(indent + step, depth - 1)
        return head + self.block(indent + rng.choice([2, 2, 2, 1, 4]), depth - 1)

    def block(self, indent, depth):
        if self.chance(0.75):
            return self.mapping(indent, depth)
        return self.sequence(indent, depth)

    def sequence(self, indent, depth):
        out = ""
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            out += " " * indent + "-" + self.node(indent, depth, True)
            if self.budget <= 0:
                break
        return out

    def mapping(self, indent, depth):
        rng = self.rng
        out = ""
        for _ in range(rng.choice([1, 2, 2, 3, 4])):
            if self.chance(0.03):
                out += " " * indent + "?" + self.node(indent, depth, True)
                if self.chance(0.8):
                    out += " " * indent + ":" + self.node(indent, depth, True)
            elif self.anchors and self.chance(0.06):
                source = "*" + rng.choice(self.anchors)
                if self.chance(0.3):
                    source = "[" + source + ", *" + rng.choice(self.anchors) + "]"
                if self.chance(0.1):
                    source = "{a: 1, b: 2}"
                out += " " * indent + "<<: " + source + self.line_end()
            else:
                key = self.scalar(indent, False, True)
                if not key or key[-1] in "*&!":
                    key = "k" if self.chance(0.9) else key
                if key.startswith("*"):
                    key += " "
                out += " " * indent + key + ":" + self.node(indent, depth)
            if self.budget <= 0:
                break
        return out

    def document(self):
        rng = self.rng
        out = ""
        if self.chance(0.02):
            out += rng.choice(["%YAML 1.1\n", "%YAML 1.2\n", "%TAG !e! !x\n",
                               "%FOO a\n", "%YAML 1.1 # c\n",
                               "%TAG !e! tag:yaml.org,2002:\n"])
            out += "---\n"
        elif self.chance(0.05):
            out += rng.choice(["---\n", "--- # c\n", "--- ", "---\n---\n"])
        while self.chance(self.comments):
            out += rng.choice([self.comment(), "", "  " + self.comment()]) + "\n"
        roll = rng.random()
        if roll < 0.85:
            out += self.mapping(0, rng.choice([1, 2, 3, 4]))
        elif roll < 0.93:
            out += self.sequence(0, rng.choice([1, 2, 3]))
        elif roll < 0.97:
            out += self.flow(0, 3) + "\n"
        else:
            out += self.scalar(0, False) + "\n"
        if self.chance(0.03):
            out += rng.choice(["...\n", "---\n", "---\na: 1\n", "--- x\n",
                               "...\n---\nb\n", "# end", "\t", " \n\n", "..."])
        if self.chance(0.05):
            out = out.rstrip("\n")
        return out


def mutate(rng, text):
    """Breaks a document a little."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        roll = rng.random()
        at = rng.randint(0, len(text))
        if roll < 0.25:
            text = text[:at] + text[at + rng.choice([1, 1, 2, 5]):]
        elif roll < 0.5:
            piece = rng.choice([
                " ", "  ", "\n", "\t", ":", ": ", "-", "- ", "?", "? ", "#", " #",
                ",", "[", "]", "{", "}", "&a ", "*a", "!", "!!str ", "|", ">",
                "|\n", "'", "\"", "%", "---\n", "...\n", "\r", "\r\n", "\u0085",
                "\ufeff", "\u2028", "\x00", "\x7f", "\\", "<<: ", "\n\n", "é"])
            text = text[:at] + piece + text[at:]
        elif roll < 0.7:
            text = text[:at] + rng.choice(WEIRD) + text[at + 1:]
        elif roll < 0.85:
            lines = text.split("\n")
            i = rng.randrange(len(lines))
            lines[i] = rng.choice([
                " " + lines[i], lines[i][1:], "  " + lines[i], "\t" + lines[i],
                lines[i] + " ", lines[i] + " x", lines[i] + ": y", "# " + lines[i]])
            text = "\n".join(lines)
        else:
            lines = text.split("\n")
            i = rng.randrange(len(lines))
            lines.insert(rng.randint(0, len(lines)), lines[i])
            text = "\n".join(lines)
    return text


def yaml_document(rng):
    writer = YamlWriter(rng, comments=rng.choice([0, 0, 0.05, 0.3]),
                        anchors=rng.random() < 0.6, tags=rng.random() < 0.5)
    text = writer.document()
    if rng.random() < 0.25:
        text = mutate(rng, text)
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.01 and data:
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    if rng.random() < 0.01:
        data = data.replace(b"\n", b"\r\n")
    # With two marks Go skips the first character of every line.
    mark = "\ufeff".encode()
    while data.startswith(mark * 2):
        data = data[len(mark):]
    return data


def object_document(rng):
    """An object as the API has them, with annotations of every kind."""
    writer = YamlWriter(rng, comments=rng.choice([0, 0, 0.1]),
                        anchors=rng.random() < 0.2, tags=rng.random() < 0.3)

    def scalars(indent, count):
        out = ""
        for i in range(count):
            text = writer.scalar(indent + 2, False)
            key = rng.choice(["a%d" % i, "b.c/d%d" % i, "x%d" % (i * 9)])
            if rng.random() < 0.06:
                key = writer.scalar(indent, False, True) or "k"
            out += (" " * indent + key + ":" + (" " if text else "") + text +
                    writer.line_end())
        return out

    metadata = "  name: n\n"
    if rng.random() < 0.8:
        metadata += "  annotations:" + writer.line_end() + scalars(
            4, rng.choice([1, 2, 4]))
    if rng.random() < 0.4:
        metadata += "  labels:\n" + scalars(4, rng.choice([1, 2]))
    parts = ["apiVersion: v1\n", "kind: ConfigMap\n", "metadata:\n" + metadata]
    if rng.random() < 0.6:
        parts.append("spec:\n" + writer.mapping(2, 2))
    if rng.random() < 0.2:
        rng.shuffle(parts)
    text = "".join(parts)
    if rng.random() < 0.1:
        changed = mutate(rng, text)
        # What kyaml does to the second of two maps of annotations is lost.
        text = text if changed.count("annotations") > 1 else changed
    return text.encode("utf-8", "surrogatepass")


JSON_NUMBERS = [
    "0", "-0", "1", "-1", "10", "1.0", "1.5", "-1.5", "0.1", "1e3", "1E3", "1e+3",
    "1e-3", "1e21", "1e20", "1e-6", "1e-7", "123456789012345678901", "1e400",
    "-1e400", "1e-400", "5e-324", "1.7976931348623157e308", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "9007199254740993", "0.0",
    "-0.0", "-0e1", "0e5", "100000000000000000000", "999999999999999999999",
    "1000000000000000000000", "0.000001", "0.0000001", "123.456e-10", "1.10",
]
BAD_JSON_NUMBERS = ["01", "1.", ".5", "+1", "-", "1e", "1e+", "0x1", "NaN", "--1"]


def json_string(rng, text):
    out = []
    for c in text:
        code = ord(c)
        roll = rng.random()
        if c == "\"" or c == "\\":
            out.append("\\" + c)
        elif code < 32:
            short = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b",
                     "\f": "\\f"}.get(c)
            out.append(short if short and roll < 0.7 else "\\u%04x" % code)
        elif roll < 0.04 and code < 65536:
            out.append("\\u%04X" % code)
        elif roll < 0.04:
            code -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xd800 + (code >> 10),
                                           0xdc00 + (code & 0x3ff)))
        elif c == "/" and roll < 0.3:
            out.append("\\/")
        else:
            out.append(c)
    if rng.random() < 0.01:
        out.append(rng.choice(["\\ud800", "\\udc00x", "\\ud800\\ud800", "\\x",
                               "\\u12", "\\ud83d\\u0041", "\t", "\\'"]))
    return "\"" + "".join(out) + "\""


def json_value(rng, depth, strange=True):
    roll = rng.random()
    space = rng.choice(["", "", "", " ", "\n", "\t", "\r\n  "]) if strange else ""
    if depth == 0 or roll < 0.6:
        roll = rng.random()
        if roll < 0.35:
            return rng.choice(JSON_NUMBERS)
        if roll < 0.37 and strange:
            return rng.choice(BAD_JSON_NUMBERS)
        if roll < 0.45:
            return rng.choice(["true", "false", "null"])
        return json_string(rng, scalar_text(rng))
    count = rng.choice([0, 1, 2, 3, 5])
    if roll < 0.75:
        items = [space + json_value(rng, depth - 1, strange) for _ in range(count)]
        return "[" + ("," + space).join(items) + space + "]"
    members = []
    for _ in range(count):
        members.append(space + json_string(rng, scalar_text(rng)) + space + ":" +
                       space + json_value(rng, depth - 1, strange))
    return "{" + ",".join(members) + space + "}"


def json_document(rng):
    text = json_value(rng, rng.choice([1, 2, 3, 4]))
    if rng.random() < 0.15:
        text = mutate(rng, text)
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.02 and data:
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    return data


def go_json(value):
    """A value as encoding/json writes it (what sigs.k8s.io/yaml is given)."""
    import json
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return (text.replace("<", "\\u003c").replace(">", "\\u003e")
            .replace("&", "\\u0026").replace("\u2028", "\\u2028")
            .replace("\u2029", "\\u2029"))
