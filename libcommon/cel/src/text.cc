#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "numbers.h"
#include "times.h"
#include "weir/base/duration.h"
#include "weir/cel/value.h"

namespace weir::cel {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Messages are cut here.
constexpr size_t kMaxMessage = 4096;

void AppendMessage(const Value& value, bool is_document, std::string& out);

void AppendMessageList(const List& list, std::string& out) {
  out += '[';
  const bool is_document = list.is_document();
  for (size_t i = 0; i < list.size() && out.size() < kMaxMessage; ++i) {
    if (i > 0) out += is_document ? " " : ", ";
    AppendMessage(list.At(i), is_document, out);
  }
  out += ']';
}

void AppendMessageMap(const Map& map, std::string& out) {
  out += '{';
  for (size_t i = 0; i < map.size() && out.size() < kMaxMessage; ++i) {
    if (i > 0) out += ", ";
    AppendMessage(map.KeyAt(i), false, out);
    out += ": ";
    AppendMessage(map.ValueAt(i), map.is_document(), out);
  }
  out += '}';
}

std::string GoTime(const Timestamp& time) {
  std::string text = FormatTimestamp(InUtc(time));
  text.pop_back();
  text[10] = ' ';
  return absl::StrCat(text, " +0000 UTC");
}

void AppendMessage(const Value& value, bool is_document, std::string& out) {
  if (out.size() > kMaxMessage) return;
  switch (value.kind()) {
    case Kind::kNull:
      out += is_document ? "<nil>" : "0";
      return;
    case Kind::kBool:
      out += value.AsBool() ? "true" : "false";
      return;
    case Kind::kInt:
      absl::StrAppend(&out, value.AsInt());
      return;
    case Kind::kUint:
      absl::StrAppend(&out, value.AsUint());
      return;
    case Kind::kDouble:
      out += FormatShortest(value.AsDouble());
      return;
    case Kind::kBytes: {
      std::vector<int> bytes;
      for (const char c : value.AsString()) {
        bytes.push_back(static_cast<unsigned char>(c));
      }
      absl::StrAppend(&out, "[", absl::StrJoin(bytes, " "), "]");
      return;
    }
    case Kind::kTimestamp:
      out += GoTime(value.AsTime());
      return;
    case Kind::kDuration:
      out += FormatGoDuration(absl::Nanoseconds(value.AsNanoseconds()));
      return;
    case Kind::kList:
      return AppendMessageList(value.AsList(), out);
    case Kind::kMap:
      return AppendMessageMap(value.AsMap(), out);
    case Kind::kOptional:
      if (value.AsOptional() == nullptr) {
        out += "optional.none()";
        return;
      }
      out += "optional(";
      AppendMessage(*value.AsOptional(), false, out);
      out += ')';
      return;
    case Kind::kOpaque:
      out += value.TypeName();
      return;
    default:
      out += value.AsString();
  }
}

std::string MapText(const Map& map) {
  std::vector<std::string> members;
  for (size_t i = 0; i < map.size(); ++i) {
    members.push_back(
        absl::StrCat(DebugText(map.KeyAt(i)), ": ", DebugText(map.ValueAt(i))));
  }
  std::sort(members.begin(), members.end());
  return absl::StrCat("{", absl::StrJoin(members, ", "), "}");
}

std::string ListText(const List& list) {
  std::vector<std::string> elements;
  for (size_t i = 0; i < list.size(); ++i) {
    elements.push_back(DebugText(list.At(i)));
  }
  return absl::StrCat("[", absl::StrJoin(elements, ", "), "]");
}

}  // namespace

std::string MessageText(const Value& value) {
  std::string out;
  AppendMessage(value, false, out);
  return out;
}

std::string DebugText(const Value& value) {
  switch (value.kind()) {
    case Kind::kError:
      return absl::StrCat("error(", Quoted(value.AsString()), ")");
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.AsBool() ? "true" : "false";
    case Kind::kInt:
      return absl::StrCat(value.AsInt());
    case Kind::kUint:
      return absl::StrCat(value.AsUint(), "u");
    case Kind::kDouble:
      return absl::StrCat("double(", FormatShortest(value.AsDouble()), ")");
    case Kind::kString:
      return Quoted(value.AsString());
    case Kind::kBytes:
      return absl::StrCat("bytes(", absl::BytesToHexString(value.AsString()),
                          ")");
    case Kind::kTimestamp:
      return absl::StrCat("timestamp(", FormatTimestamp(value.AsTime()), ")");
    case Kind::kDuration:
      return absl::StrCat("duration(", value.AsNanoseconds(), ")");
    case Kind::kList:
      return ListText(value.AsList());
    case Kind::kMap:
      return MapText(value.AsMap());
    case Kind::kType:
      return absl::StrCat("type(", value.AsString(), ")");
    case Kind::kOptional:
      if (value.AsOptional() == nullptr) return "optional.none";
      return absl::StrCat("optional(", DebugText(*value.AsOptional()), ")");
    case Kind::kOpaque:
      break;
  }
  return value.TypeName();
}

}  // namespace weir::cel
