// Reads texts that are made to cost much, each in a process of its own, and
// prints what it costs: processor time, the largest memory, and what is said.
//
//   hostile_bench [MiB=64]

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/value/json.h"
#include "weir/value/yaml.h"
#include "weir/value/yaml_node.h"

namespace {

using weir::YamlParseOptions;

struct Input {
  const char* name;
  bool is_json;
  std::function<std::string(size_t)> make;  // Of at most so many bytes.
};

std::string Fill(size_t size, absl::string_view head, absl::string_view piece,
                 absl::string_view tail = "") {
  std::string out(head);
  out.reserve(size);
  while (out.size() + piece.size() + tail.size() <= size) {
    out.append(piece.data(), piece.size());
  }
  out.append(tail.data(), tail.size());
  return out;
}

std::string Numbered(size_t size, absl::string_view head,
                     absl::string_view before, absl::string_view after,
                     absl::string_view tail = "") {
  std::string out(head);
  out.reserve(size);
  for (int i = 0;
       out.size() + before.size() + after.size() + tail.size() + 9 <= size;
       ++i) {
    absl::StrAppend(&out, before, i, after);
  }
  out.append(tail.data(), tail.size());
  return out;
}

std::string Laughs(size_t /*size*/) {
  std::string text = "a0: &a0 [lol,lol,lol,lol,lol,lol,lol,lol,lol,lol]\n";
  for (int i = 1; i < 30; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) absl::StrAppend(&text, "*a", i - 1, ",");
    text += "]\n";
  }
  return text;
}

std::string Merges(size_t /*size*/) {
  std::string text = "a0: &a0 {k0: x, k1: x, k2: x}\n";
  for (int i = 1; i < 60; ++i) {
    absl::StrAppend(&text, "a", i, ": &a", i, " {<<: [*a", i - 1, ", *a", i - 1,
                    "], b: *a", i - 1, ", c: *a", i - 1, "}\n");
  }
  return text;
}

// Long subtrees at every level of a deep one, all kept apart from an alias.
std::string DeepTargets(size_t size) {
  std::string text;
  for (int i = 0; i < 190; ++i) {
    absl::StrAppend(&text, std::string(static_cast<size_t>(i), ' '), "a:\n");
  }
  const std::string indent(190, ' ');
  absl::StrAppend(&text, indent, "b: &b x\n", indent, "c: [");
  return Fill(size, text, "a,", absl::StrCat("]\n", indent, "d: *b\n"));
}

std::string DeepIndents(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() + i + 3 < size && i < 5000; ++i) {
    absl::StrAppend(&text, std::string(i, ' '), "a:\n");
  }
  return text;
}

const Input kInputs[] = {
    {"billion laughs", false, Laughs},
    {"merged laughs", false, Merges},
    {"aliases of one list", false,
     [](size_t n) { return Fill(n, "- &a [x,x,x]\n", "- *a\n"); }},
    {"copied subtrees", false, DeepTargets},
    {"merge of many", false,
     [](size_t n) { return Fill(n, "a: &a {}\nb:\n  <<: [", "*a,", "]\n"); }},
    {"open [", false, [](size_t n) { return Fill(n, "", "["); }},
    {"open {", false, [](size_t n) { return Fill(n, "", "{"); }},
    {"open - ", false, [](size_t n) { return Fill(n, "", "- "); }},
    {"open ? ", false, [](size_t n) { return Fill(n, "", "? "); }},
    {"indented keys", false, DeepIndents},
    {"flow list", false, [](size_t n) { return Fill(n, "[", "a,", "]"); }},
    {"block list", false, [](size_t n) { return Fill(n, "", "- a\n"); }},
    {"empty entries", false, [](size_t n) { return Fill(n, "", "-\n"); }},
    {"escaped texts", false,
     [](size_t n) { return Fill(n, "[", "\"\\n\",", "]"); }},
    {"keys", false, [](size_t n) { return Numbered(n, "", "k", ":\n"); }},
    {"keys in flow", false,
     [](size_t n) { return Numbered(n, "{", "k", "x: # c\n ,", "}"); }},
    {"equal keys", false, [](size_t n) { return Fill(n, "", "a: 1\n"); }},
    {"keys, two equal", false,
     [](size_t n) {
       return Numbered(n < (8u << 20) ? n : 8u << 20, "", "k", ":\n", "k0:\n");
     }},
    {"not a number each", false,
     [](size_t n) {
       return Numbered(n < (8u << 20) ? n : 8u << 20, "", "k", ": .nan\n");
     }},
    {"documents", false, [](size_t n) { return Fill(n, "", "---\n"); }},
    {"documents of lists", false,
     [](size_t n) {
       return Fill(n, "", absl::StrCat("---\n", Fill(4000, "[", "a,", "]\n")));
     }},
    {"annotated documents", false,
     [](size_t n) {
       return Fill(n, "",
                   "---\nmetadata:\n  annotations:\n    a: |\n      x\n\n"
                   "      y\n");
     }},
    {"tag directives", false,
     [](size_t n) { return Numbered(n, "", "%TAG !a", "! !b\n", "--- a\n"); }},
    {"tags", false, [](size_t n) { return Fill(n, "[", "!a b,", "]"); }},
    {"anchors", false,
     [](size_t n) { return Numbered(n, "[", "&a", " b,", "]"); }},
    {"comment lines", false, [](size_t n) { return Fill(n, "a: 1\n", "#\n"); }},
    {"comments in columns", false,
     [](size_t n) { return Fill(n, "a:\n  b: 1\n", " #\n#\n"); }},
    {"blank comments, bad end", false,
     [](size_t n) {
       return Fill(n, "a: 1\n", absl::StrCat("#", std::string(500, ' '), "\n"),
                   "\xff");
     }},
    {"one plain line", false, [](size_t n) { return Fill(n, "a: ", "x"); }},
    {"one quoted line", false,
     [](size_t n) { return Fill(n, "a: \"", "\\x41", "\""); }},
    {"open quote", false, [](size_t n) { return Fill(n, "a: \"", "x"); }},
    {"long key", false, [](size_t n) { return Fill(n, "", "x", ": a\n"); }},
    {"digits", false, [](size_t n) { return Fill(n, "a: ", "9"); }},
    {"digits of a fraction", false,
     [](size_t n) { return Fill(n, "a: 0.", "0", "1"); }},
    {"underscores", false, [](size_t n) { return Fill(n, "a: 1", "_1"); }},
    {"exponent", false, [](size_t n) { return Fill(n, "a: 1e", "9"); }},
    {"block of empty lines", false,
     [](size_t n) { return Fill(n, "a: |\n", "\n"); }},
    {"folded words", false,
     [](size_t n) { return Fill(n, "a: >\n  x\n", "   x\n"); }},
    {"NUL", false, [](size_t n) { return std::string(n, '\0'); }},
    {"json: open [", true, [](size_t n) { return Fill(n, "", "["); }},
    {"json: list", true, [](size_t n) { return Fill(n, "[", "1,", "1]"); }},
    {"json: texts", true, [](size_t n) { return Fill(n, "[", "\"\",", "1]"); }},
    {"json: members", true,
     [](size_t n) { return Fill(n, "{", "\"\":1,", "\"\":1}"); }},
    {"json: digits", true, [](size_t n) { return Fill(n, "", "9"); }},
    {"json: exponent", true, [](size_t n) { return Fill(n, "1e", "9"); }},
    {"json: open text", true, [](size_t n) { return Fill(n, "\"", "x"); }},
};

struct Reader {
  const char* name;
  std::function<absl::Status(absl::string_view)> read;
};

absl::Status ReadYaml(absl::string_view text, YamlParseOptions options) {
  options.reject_duplicate_keys = true;
  return weir::ParseYamlDocuments(text, options).status();
}

const Reader kYamlReaders[] = {
    {"1.1", [](absl::string_view text) { return ReadYaml(text, {}); }},
    {"kyaml",
     [](absl::string_view text) {
       return ReadYaml(text, {.schema = YamlParseOptions::Schema::kYaml12,
                              .text_annotations = true,
                              .keep_written = true});
     }},
    {"nodes",
     [](absl::string_view text) {
       const auto nodes = weir::ParseYamlNode(text);
       if (nodes.ok()) weir::FormatYamlNode(*nodes);
       return nodes.status();
     }},
};
const Reader kJsonReader = {"json", [](absl::string_view text) {
                              return weir::ParseJson(text).status();
                            }};

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) +
           static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Read(const Input& input, const Reader& reader, size_t size) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = input.make(size);
    const double start = ProcessorSeconds();
    const absl::Status status = reader.read(text);
    const double took = ProcessorSeconds() - start;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const absl::string_view said = status.message();
    std::printf("%-24s %-6s %6.2f s %4ld MiB  %.60s\n", input.name, reader.name,
                took, usage.ru_maxrss / 1024,
                status.ok() ? "read" : std::string(said).c_str());
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) std::printf("%s %s: it died\n", input.name, reader.name);
}

}  // namespace

int main(int argc, char** argv) {
  const size_t size = static_cast<size_t>(argc > 1 ? std::atoi(argv[1]) : 64)
                      << 20;
  for (const Input& input : kInputs) {
    if (input.is_json) {
      Read(input, kJsonReader, size);
      continue;
    }
    for (const Reader& reader : kYamlReaders) Read(input, reader, size);
  }
  return 0;
}
