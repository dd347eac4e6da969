#!/usr/bin/env python3
"""Makes the goldens of tests/libcommon/value/testdata with the Go oracle.

    tests/codecs/goldens.py [--oracle PROGRAM]

Each case is a folder with an input.yaml or input.json; what each codec makes of
it goes to want.CODEC, what it says of it to error.CODEC.
"""

import argparse
import tempfile
from pathlib import Path

import run

TESTDATA = run.HERE.parent / "libcommon" / "value" / "testdata"
FOR_YAML = ["yaml-json", "yaml-json-strict", "kyaml", "kyaml-object",
            "kyaml-text"]
FOR_JSON = ["json", "json-exact", "json-indented"]
FROM_VALUES = ["value-yaml", "value-kyaml"]
ORIGIN = ("tests/codecs/goldens.py: sigs.k8s.io/yaml v1.5.0, go.yaml.in/yaml v2.4.2 "
          "and v3.0.3,\nkyaml v0.21.1, encoding/json of Go 1.26\n")


def answer(oracle, name, document):
    return run.ask(oracle, [(run.CODECS[name].letter, document)])[0]


def make(folder, oracle):
    for old in list(folder.glob("want.*")) + list(folder.glob("error.*")):
        old.unlink()
    source = next(folder.glob("input.*"))
    document = source.read_bytes()
    names = FOR_YAML
    if source.suffix == ".json":
        names = FOR_JSON
        exact = answer(oracle, "json-exact", document)
        if exact.ok:
            (folder / "values.json").write_bytes(exact.text)
            names = FOR_JSON + FROM_VALUES
    for name in names:
        given = exact.text if name in FROM_VALUES else document
        result = answer(oracle, name, given)
        if result.text == b"no object" or result.text.startswith(b"panic:"):
            continue
        kind = "want" if result.ok else "error"
        (folder / ("%s.%s" % (kind, name))).write_bytes(result.text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--oracle", help="built before; else it is built now")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        oracle = arguments.oracle or run.build_oracle(scratch)
        for folder in sorted(TESTDATA.iterdir()):
            if folder.is_dir():
                make(folder, oracle)
    (TESTDATA / "origin.txt").write_text(ORIGIN)


if __name__ == "__main__":
    main()
