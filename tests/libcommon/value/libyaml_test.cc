// libyaml, of which Go's libraries are ports, sees in the documents of testdata
// what our scanner sees, but for a few where the ports went other ways.
#include <gtest/gtest.h>
#include <yaml.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "weir/value/yaml_node.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::string Text(const yaml_char_t* text) {
  return text == nullptr ? "" : reinterpret_cast<const char*>(text);
}

// A document's events up to its end, one a line; nothing on an error.
std::string EventsOfLibyaml(const std::string& text) {
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(
      &parser, reinterpret_cast<const unsigned char*>(text.data()),
      text.size());
  std::string out;
  for (bool done = false; !done;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      out.clear();
      break;
    }
    const auto& scalar = event.data.scalar;
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        absl::StrAppend(&out, "*", Text(event.data.alias.anchor), "\n");
        break;
      case YAML_SCALAR_EVENT:
        absl::StrAppend(
            &out, "=", scalar.style - YAML_PLAIN_SCALAR_STYLE, " &",
            Text(scalar.anchor), " !", Text(scalar.tag), " ",
            std::string(reinterpret_cast<char*>(scalar.value), scalar.length),
            "\n");
        break;
      case YAML_SEQUENCE_START_EVENT:
        absl::StrAppend(&out, "[ &", Text(event.data.sequence_start.anchor),
                        " !", Text(event.data.sequence_start.tag), "\n");
        break;
      case YAML_MAPPING_START_EVENT:
        absl::StrAppend(&out, "{ &", Text(event.data.mapping_start.anchor),
                        " !", Text(event.data.mapping_start.tag), "\n");
        break;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        out += "end\n";
        break;
      case YAML_DOCUMENT_END_EVENT:
      case YAML_STREAM_END_EVENT:
        done = true;
        break;
      default:
        break;
    }
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return out;
}

void AppendEvents(const YamlNode& node, std::string* out) {
  if (node.kind == YamlNode::Kind::kAlias) {
    absl::StrAppend(out, "*", node.text, "\n");
    return;
  }
  if (node.kind == YamlNode::Kind::kScalar) {
    absl::StrAppend(out, "=", static_cast<int>(node.style), " &", node.anchor,
                    " !", node.tag, " ", node.text, "\n");
    return;
  }
  absl::StrAppend(out, node.kind == YamlNode::Kind::kSequence ? "[" : "{", " &",
                  node.anchor, " !", node.tag, "\n");
  for (const YamlNode& child : node.children) AppendEvents(child, out);
  *out += "end\n";
}

TEST(LibyamlTest, SeesWhatOurScannerSees) {
  // "!a,b" is no tag to libyaml.
  const std::set<std::string> differ = {"tags"};
  int compared = 0;
  for (const auto& entry : fs::directory_iterator(WEIR_TESTDATA)) {
    const fs::path path = entry.path() / "input.yaml";
    if (!fs::exists(path)) continue;
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto ours = ParseYamlNode(text);
    const std::string theirs = EventsOfLibyaml(text);
    if (!ours.ok() || theirs.empty()) continue;
    std::string events;
    AppendEvents(ours->root, &events);
    const bool may_differ = differ.count(entry.path().filename()) != 0;
    EXPECT_EQ(events != theirs, may_differ) << path << "\nours:\n"
                                            << events << "libyaml:\n"
                                            << theirs;
    ++compared;
  }
  EXPECT_GT(compared, 30);
}

}  // namespace
}  // namespace weir
