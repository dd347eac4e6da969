#include <array>
#include <charconv>
#include <cmath>

#include "src/go_number.h"
#include "src/utf8.h"
#include "weir/value/json.h"

namespace weir {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// What is in a string as it is, whatever the options.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x80; ++c) plain[c] = true;
  for (const char c : {'"', '\\', '<', '>', '&'}) {
    plain[static_cast<unsigned char>(c)] = false;
  }
  return plain;
}();

void AppendControl(unsigned char c, std::string& out) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out.push_back(kHex[c >> 4]);
      out.push_back(kHex[c & 15]);
  }
}

class Formatter {
 public:
  using Sink = absl::FunctionRef<void(absl::string_view)>;

  // `sink`: takes what is in `out` when that is large; null: all stays there.
  Formatter(const JsonFormatOptions& options, std::string& out,
            const Sink* sink = nullptr)
      : options_(options), out_(out), sink_(sink) {}

  void Write(const Value& value, int depth) {
    Drain();
    switch (value.kind()) {
      case Value::Kind::kNull:
        out_ += "null";
        break;
      case Value::Kind::kBool:
        out_ += value.AsBool() ? "true" : "false";
        break;
      case Value::Kind::kInt:
        absl::StrAppend(&out_, value.AsInt());
        break;
      case Value::Kind::kUint:
        absl::StrAppend(&out_, value.AsUint());
        break;
      case Value::Kind::kDouble:
        // JSON has no word for these.
        if (std::isfinite(value.AsDouble())) {
          AppendGoJsonDouble(value.AsDouble(), out_);
        } else {
          out_ += "null";
        }
        break;
      case Value::Kind::kString:
        WriteString(value.AsString());
        break;
      case Value::Kind::kArray:
        WriteArray(value.array(), depth);
        break;
      case Value::Kind::kObject:
        WriteObject(value.object(), depth);
        break;
    }
  }

 private:
  void Drain() {
    constexpr size_t kLarge = 64 * 1024;
    if (sink_ == nullptr || out_.size() < kLarge) return;
    (*sink_)(out_);
    out_.clear();
  }

  // encoding/json escapes U+2028 and U+2029 even when told not to escape HTML.
  void WriteString(absl::string_view text) {
    out_.push_back('"');
    size_t run = 0;
    size_t i = 0;
    const auto flush = [&](size_t skip) {
      out_.append(text.data() + run, i - run);
      Drain();
      i += skip;
      run = i;
    };
    while (i < text.size()) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (kPlain[c]) {
        ++i;
      } else if (c >= 0x80) {
        const absl::string_view rest = text.substr(i);
        const size_t length = Utf8Length(rest);
        if (length == 0) {
          flush(1);
          out_ += "\\ufffd";
        } else if (rest.substr(0, 2) == "\xe2\x80" &&
                   (rest[2] == '\xa8' || rest[2] == '\xa9')) {
          flush(3);
          out_ += rest[2] == '\xa8' ? "\\u2028" : "\\u2029";
        } else {
          i += length;
        }
      } else if (c == '"' || c == '\\') {
        flush(1);
        out_.push_back('\\');
        out_.push_back(static_cast<char>(c));
      } else if (c < 0x20 || options_.escape_html) {
        flush(1);
        AppendControl(c, out_);
      } else {
        ++i;
      }
    }
    flush(0);
    out_.push_back('"');
  }

  void Break(int depth) {
    if (options_.indent == 0) return;
    out_.push_back('\n');
    out_.append(
        static_cast<size_t>(depth) * static_cast<size_t>(options_.indent), ' ');
  }
  void WriteArray(const Value::Array& elements, int depth) {
    out_.push_back('[');
    bool first = true;
    for (const Value& element : elements) {
      if (!first) out_.push_back(',');
      first = false;
      Break(depth + 1);
      Write(element, depth + 1);
    }
    if (!first) Break(depth);
    out_.push_back(']');
  }
  void WriteObject(const Value::Object& members, int depth) {
    out_.push_back('{');
    bool first = true;
    for (const Value::Member& member : members) {
      if (!first) out_.push_back(',');
      first = false;
      Break(depth + 1);
      WriteString(member.key);
      out_ += options_.indent == 0 ? ":" : ": ";
      Write(member.value, depth + 1);
    }
    if (!first) Break(depth);
    out_.push_back('}');
  }

  const JsonFormatOptions& options_;
  std::string& out_;
  const Sink* const sink_;
};

}  // namespace

void AppendJson(const Value& value, std::string* out,
                const JsonFormatOptions& options) {
  Formatter(options, *out).Write(value, 0);
}

void WriteJson(const Value& value,
               absl::FunctionRef<void(absl::string_view)> write,
               const JsonFormatOptions& options) {
  std::string rest;
  Formatter(options, rest, &write).Write(value, 0);
  write(rest);
}

std::string FormatJson(const Value& value, const JsonFormatOptions& options) {
  std::string out;
  AppendJson(value, &out, options);
  return out;
}

}  // namespace weir
