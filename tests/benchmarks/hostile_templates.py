#!/usr/bin/env python3
"""What templates that are made to cost much come to, each in a process of its own.

    hostile_templates.py GOTMPL_BENCH

Runs the cases of LimitsTest under the default limits, their counts scaled up,
and prints processor time, the largest memory, and the error. GOTMPL_BENCH is
of the release preset. A template that ends without an error is run for two
seconds; its renders a second are printed.
"""
import os
import re
import subprocess
import sys
import tempfile

TEST = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../libcommon/gotmpl/template_test.cc")
LITERAL = r'R"(?:t\(.*?\)t|\(.*?\))"'


def cases():
    with open(TEST) as file:
        text = file.read()
    text = text[text.index("    Table, LimitsTest"):]
    text = text[:text.index("[](const auto& info)")]
    rows = re.findall(r'LimitCase\{\s*"(\w+)",\s*((?:%s\s*)+)\}' % LITERAL,
                      text, re.S)
    for name, literals in rows:
        template = "".join(re.sub(r'^R"t?\(|\)t?"$', "", one)
                           for one in re.findall(LITERAL, literals, re.S))
        yield name, re.sub(r"(repeat )(\d{5,7})\b",
                           lambda m: m[1] + str(int(m[2]) * 40), template)


def main():
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data.json")
        with open(data, "w") as file:
            file.write("{}")
        for name, template in cases():
            path = os.path.join(folder, "t.tmpl")
            with open(path, "w") as file:
                file.write(template)
            with open(os.path.join(folder, "said"), "w+b") as said:
                process = subprocess.Popen([sys.argv[1], data, path],
                                           stdout=said, stderr=said)
                usage = os.wait4(process.pid, 0)[2]
                said.seek(0)
                words = said.read().decode(errors="replace").split("\n")[0]
            print("%-26s %5.2f s %4d MiB  %s" % (
                name, usage.ru_utime + usage.ru_stime,
                usage.ru_maxrss // 1024, words[:120]), flush=True)


main()
