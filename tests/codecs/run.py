#!/usr/bin/env python3
"""Our codecs beside Go's, on documents that nobody wrote.

    tests/codecs/run.py --driver build/dev/tests/codecs/codec_driver
        [--seconds 5 | --documents 100000] [--codec NAME ...] [--seed N]
        [--oracle PROGRAM]

Builds the oracle with `go`, makes documents from the seed, gives them to both
through pipes, and compares results, and errors in Go's words. A difference is
shrunk and printed with what makes it again. Exits 0 when there is none, 1 when
there is, 77 when there is no Go.

Where upstream itself answers differently from run to run (map order), any of
its answers is right; those are counted.
"""

import argparse
import collections
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import documents

HERE = Path(__file__).resolve().parent
SKIPPED = 77
BATCH = 2000
Answer = collections.namedtuple("Answer", "ok text")
Codec = collections.namedtuple("Codec", "letter make about")

# Messages whose rest is a Go value that depends on what Go's map shows first.
ENDLESS = [re.compile(rb"(unsupported map key of type: [^,]*).*", re.S),
           re.compile(rb"(cannot unmarshal number) \S+")]


CODECS = {
    "yaml-json": Codec("j", documents.yaml_document,
                       "sigs.k8s.io/yaml YAMLToJSON"),
    "yaml-json-strict": Codec("s", documents.yaml_document,
                              "sigs.k8s.io/yaml YAMLToJSONStrict"),
    "kyaml": Codec("k", documents.yaml_document,
                   "kustomize: kyaml in, JSON, sigs.k8s.io/yaml out"),
    "kyaml-object": Codec("r", documents.object_document,
                          "the same, annotations through a map of strings"),
    "kyaml-text": Codec("n", documents.yaml_document,
                        "kyaml in and out, with comments and styles"),
    "json": Codec("f", documents.json_document, "encoding/json, interface{}"),
    "json-exact": Codec("e", documents.json_document,
                        "encoding/json, integers kept, HTML not escaped"),
    "json-indented": Codec("i", documents.json_document,
                           "encoding/json MarshalIndent"),
    "value-yaml": Codec("y", documents.json_document,
                        "sigs.k8s.io/yaml JSONToYAML"),
    "value-kyaml": Codec("m", documents.json_document, "kyaml Marshal"),
}
# These are given what encoding/json writes, not what people write.
FROM_VALUES = {"y", "m"}


def ask(program, requests):
    """Answers of a program to (letter, document) pairs."""
    process = subprocess.Popen([program], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    data = b"".join(letter.encode() + struct.pack("<I", len(document)) + document
                    for letter, document in requests)

    def feed():
        try:
            process.stdin.write(data)
            process.stdin.close()
        except BrokenPipeError:
            pass

    errors = []
    writer = threading.Thread(target=feed)
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    writer.start()
    reader.start()
    out = process.stdout.read()
    writer.join()
    reader.join()
    process.wait()
    answers = []
    at = 0
    while at + 5 <= len(out):
        size = struct.unpack_from("<I", out, at + 1)[0]
        answers.append(Answer(out[at] == 1, out[at + 5:at + 5 + size]))
        at += 5 + size
    if len(answers) != len(requests):
        raise RuntimeError("%s stopped after %d of %d documents: %s\n%r" % (
            program, len(answers), len(requests),
            errors[0][-2000:].decode(errors="replace"),
            requests[len(answers)][1]))
    return answers


def comparable(answer):
    if answer.ok:
        return answer
    text = answer.text
    for pattern in ENDLESS:
        text = pattern.sub(rb"\1", text)
    return Answer(False, text)


def is_same(theirs, ours):
    # What builds are never given, and where upstream crashes.
    if theirs.text == b"no object" or theirs.text.startswith(b"panic:"):
        return True
    return comparable(theirs) == comparable(ours)


class Comparison:
    def __init__(self, oracle, driver, codec):
        self.oracle = oracle
        self.driver = driver
        self.letter = codec.letter
        self.undecided = 0

    def differs(self, document):
        """Whether ours is none of the answers that upstream gives."""
        ours = ask(self.driver, [(self.letter, document)])[0]
        theirs = ask(self.oracle, [(self.letter, document)] * 100)
        return not any(is_same(one, ours) for one in theirs)

    def run(self, batch):
        """The documents of the batch that differ."""
        requests = [(self.letter, document) for document in batch]
        theirs = ask(self.oracle, requests)
        ours = ask(self.driver, requests)
        accepted = sum(answer.ok for answer in theirs)
        different = []
        for document, one, other in zip(batch, theirs, ours):
            if is_same(one, other):
                continue
            if self.differs(document):
                different.append(document)
            else:
                self.undecided += 1
        return accepted, different

    def shrink(self, document, seconds=20):
        """A shorter document that differs as well."""
        end = time.monotonic() + seconds
        size = max(1, len(document) // 2)
        while size >= 1 and time.monotonic() < end:
            at = 0
            while at < len(document) and time.monotonic() < end:
                shorter = document[:at] + document[at + size:]
                if shorter and self.is_valid(shorter) and self.differs(shorter):
                    document = shorter
                else:
                    at += size
            size //= 2
        return document

    def is_valid(self, document):
        """Whether it is still what this codec is given."""
        if self.letter not in FROM_VALUES:
            return True
        answer = ask(self.oracle, [("e", document)])[0]
        return answer.ok and answer.text == document

    def show(self, document):
        theirs = ask(self.oracle, [(self.letter, document)])[0]
        ours = ask(self.driver, [(self.letter, document)])[0]
        print("  document %r" % document)
        print("  go       %s %r" % ("ok" if theirs.ok else "error", theirs.text))
        print("  weir     %s %r" % ("ok" if ours.ok else "error", ours.text))


def make_batch(oracle, codec, seed, first, count):
    batch = [codec.make(random.Random("%s:%d" % (seed, i)))
             for i in range(first, first + count)]
    if codec.letter in FROM_VALUES:
        writers = [("e" if i % 2 else "f", document)
                   for i, document in enumerate(batch)]
        batch = [answer.text for answer in ask(oracle, writers) if answer.ok]
    return batch


def run_codec(name, arguments, oracle):
    codec = CODECS[name]
    comparison = Comparison(oracle, arguments.driver, codec)
    start = time.monotonic()
    seconds = arguments.seconds / len(arguments.codec)
    compared = accepted = made = 0
    different = []
    while len(different) < arguments.stop_after:
        if arguments.documents:
            if compared >= arguments.documents:
                break
        elif compared and time.monotonic() - start > seconds:
            break
        size = BATCH if arguments.documents else 400
        batch = make_batch(oracle, codec, arguments.seed, made, size)
        made += size
        good, found = comparison.run(batch)
        compared += len(batch)
        accepted += good
        different += found
    print("%-17s %7d documents, %7d accepted, %d undecided upstream, "
          "%d differ (%s)" % (name, compared, accepted, comparison.undecided,
                              len(different), codec.about), flush=True)
    for document in different[:arguments.show]:
        comparison.show(comparison.shrink(document))
    if different:
        print("  again with --codec %s --seed %s --documents %d" % (
            name, arguments.seed, compared))
    return not different


def build_oracle(folder):
    go = shutil.which("go")
    if go is None:
        print("skipped: there is no Go here to build the oracle with")
        sys.exit(SKIPPED)
    program = os.path.join(folder, "oracle")
    built = subprocess.run([go, "build", "-o", program, "."],
                           cwd=HERE / "oracle", capture_output=True, text=True)
    if built.returncode != 0:
        print("skipped: the oracle does not build here:\n" + built.stderr[-2000:])
        sys.exit(SKIPPED)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--driver", required=True)
    parser.add_argument("--oracle", help="built before; else it is built now")
    parser.add_argument("--codec", action="append", choices=sorted(CODECS))
    parser.add_argument("--seed", default=None)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--documents", type=int, default=0,
                        help="for each codec; overrides --seconds")
    parser.add_argument("--show", type=int, default=5)
    parser.add_argument("--stop-after", type=int, default=20)
    arguments = parser.parse_args()
    arguments.codec = arguments.codec or list(CODECS)
    if arguments.seed is None:
        arguments.seed = str(random.SystemRandom().randrange(10**9))
    print("seed", arguments.seed, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        oracle = arguments.oracle or build_oracle(folder)
        results = [run_codec(name, arguments, oracle)
                   for name in arguments.codec]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
