// The scanner's part that reads directives, anchors, aliases and tags.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/yaml_scanner.h"

namespace weir::yaml {
namespace {

constexpr char kInDirective[] = "while scanning a directive";
constexpr char kInVersion[] = "while scanning a %YAML directive";
constexpr char kInTagDirective[] = "while scanning a %TAG directive";
constexpr char kInTag[] = "while scanning a tag";

bool IsWord(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '-';
}

bool IsUri(char c) {
  constexpr absl::string_view kMarks = ";/?:@&=+$,.!~*'()[]%";
  return IsWord(c) || kMarks.find(c) != absl::string_view::npos;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

bool Scanner::ScanDirective(Token& token) {
  token.start = mark();
  Skip(1);
  absl::string_view name;
  if (!ScanDirectiveName(token.start, &name)) return false;
  if (name == "YAML") {
    token.type = TokenType::kVersionDirective;
    if (!ScanVersion(token.start, token)) return false;
  } else if (name == "TAG") {
    token.type = TokenType::kTagDirective;
    if (!ScanTagDirective(token.start, token)) return false;
  } else {
    return Fail(kInDirective, token.start, "found unknown directive name");
  }
  token.end = mark();
  SkipBlanks();
  if (At() == '#') SkipToBreak();
  if (!Ensure(1)) return false;
  if (!IsBreakOrEnd()) {
    return Fail(kInDirective, token.start,
                "did not find expected comment or line break");
  }
  if (BreakLength() != 0) {
    if (!Ensure(2)) return false;
    SkipBreak();
  }
  return true;
}

bool Scanner::ScanDirectiveName(const Mark& start, absl::string_view* name) {
  const char* from = at_;
  while (IsWord(At())) Skip(1);
  if (!Ensure(1)) return false;
  *name = {from, static_cast<size_t>(at_ - from)};
  if (name->empty()) {
    return Fail(kInDirective, start, "could not find expected directive name");
  }
  if (!IsBlankOrBreakOrEnd()) {
    return Fail(kInDirective, start,
                "found unexpected non-alphabetical character");
  }
  return true;
}

bool Scanner::ScanVersion(const Mark& start, Token& token) {
  SkipBlanks();
  const char* from = at_;
  if (!ScanVersionNumber(start)) return false;
  if (At() != '.') {
    return Fail(kInVersion, start,
                "did not find expected digit or '.' character");
  }
  Skip(1);
  if (!ScanVersionNumber(start)) return false;
  token.text = {from, static_cast<size_t>(at_ - from)};
  return true;
}

bool Scanner::ScanVersionNumber(const Mark& start) {
  int length = 0;
  while (absl::ascii_isdigit(static_cast<unsigned char>(At()))) {
    if (++length > 2) {
      return Fail(kInVersion, start, "found extremely long version number");
    }
    Skip(1);
  }
  if (!Ensure(1)) return false;
  if (length > 0) return true;
  return Fail(kInVersion, start, "did not find expected version number");
}

bool Scanner::ScanTagDirective(const Mark& start, Token& token) {
  SkipBlanks();
  if (!ScanTagHandle(true, start, &token.text)) return false;
  if (!Ensure(1)) return false;
  if (!IsBlank()) {
    return Fail(kInTagDirective, start, "did not find expected whitespace");
  }
  SkipBlanks();
  if (!ScanTagUri(true, "", start, &token.suffix)) return false;
  if (!Ensure(1)) return false;
  if (!IsBlankOrBreakOrEnd()) {
    return Fail(kInTagDirective, start,
                "did not find expected whitespace or line break");
  }
  return true;
}

bool Scanner::ScanAnchor(Token& token) {
  const bool is_alias = At() == '*';
  token.type = is_alias ? TokenType::kAlias : TokenType::kAnchor;
  token.start = mark();
  Skip(1);
  const char* from = at_;
  while (IsWord(At())) Skip(1);
  if (!Ensure(1)) return false;
  token.end = mark();
  token.text = {from, static_cast<size_t>(at_ - from)};
  constexpr absl::string_view kMayFollow = "?:,]}%@`";
  if (token.text.empty() ||
      !(IsBlankOrBreakOrEnd() ||
        kMayFollow.find(At()) != absl::string_view::npos)) {
    return Fail(
        is_alias ? "while scanning an alias" : "while scanning an anchor",
        token.start, "did not find expected alphabetic or numeric character");
  }
  return true;
}

bool Scanner::ScanTag(Token& token) {
  token.type = TokenType::kTag;
  token.start = mark();
  if (!Ensure(2)) return false;
  if (At(1) == '<') {
    Skip(2);
    if (!ScanTagUri(false, "", token.start, &token.suffix)) return false;
    if (At() != '>') {
      return Fail(kInTag, token.start, "did not find the expected '>'");
    }
    Skip(1);
  } else {
    absl::string_view handle;
    if (!ScanTagHandle(false, token.start, &handle)) return false;
    if (handle.size() > 1 && handle.back() == '!') {
      if (!ScanTagUri(false, "", token.start, &token.suffix)) return false;
      token.text = handle;
    } else {
      // What was taken for a handle is the beginning of the suffix.
      if (!ScanTagUri(false, handle, token.start, &token.suffix)) return false;
      token.text = "!";
      if (token.suffix.empty()) std::swap(token.text, token.suffix);
    }
  }
  if (!Ensure(1)) return false;
  if (!IsBlankOrBreakOrEnd()) {
    return Fail(kInTag, token.start,
                "did not find expected whitespace or line break");
  }
  token.end = mark();
  return true;
}

bool Scanner::FailTag(bool directive, const Mark& start,
                      absl::string_view problem) {
  return Fail(
      directive ? "while parsing a %TAG directive" : "while parsing a tag",
      start, problem);
}

bool Scanner::ScanTagHandle(bool directive, const Mark& start,
                            absl::string_view* handle) {
  if (!Ensure(1)) return false;
  if (At() != '!')
    return FailTag(directive, start, "did not find expected '!'");
  const char* from = at_;
  Skip(1);
  while (IsWord(At())) Skip(1);
  if (!Ensure(1)) return false;
  if (At() == '!') {
    Skip(1);
  } else if (directive && at_ - from != 1) {
    return FailTag(directive, start, "did not find expected '!'");
  }
  *handle = {from, static_cast<size_t>(at_ - from)};
  return true;
}

// `head`, where there is one, is right before this and its "!" no part of it.
bool Scanner::ScanTagUri(bool directive, absl::string_view head,
                         const Mark& start, absl::string_view* uri) {
  const char* from = head.empty() ? at_ : head.data() + 1;
  std::string* owned = nullptr;
  bool found = !head.empty();
  for (; IsUri(At()); found = true) {
    if (At() == '%') {
      if (owned == nullptr) owned = &texts_->emplace_back(from, at_);
      if (!ScanUriEscapes(directive, start, owned)) return false;
    } else {
      if (owned != nullptr) owned->push_back(At());
      Skip(1);
    }
  }
  if (!Ensure(1)) return false;
  if (!found) return FailTag(directive, start, "did not find expected tag URI");
  *uri = owned != nullptr
             ? absl::string_view(*owned)
             : absl::string_view(from, static_cast<size_t>(at_ - from));
  return true;
}

// One character, of which each byte is escaped.
bool Scanner::ScanUriEscapes(bool directive, const Mark& start,
                             std::string* out) {
  int left = 0;
  do {
    if (!Ensure(3)) return false;
    const int high = HexDigit(At(1));
    const int low = HexDigit(At(2));
    if (At() != '%' || high < 0 || low < 0) {
      return FailTag(directive, start, "did not find URI escaped octet");
    }
    const int octet = high << 4 | low;
    if (left == 0) {
      left = octet < 0x80             ? 1
             : (octet & 0xe0) == 0xc0 ? 2
             : (octet & 0xf0) == 0xe0 ? 3
             : (octet & 0xf8) == 0xf0 ? 4
                                      : 0;
      if (left == 0) {
        return FailTag(directive, start,
                       "found an incorrect leading UTF-8 octet");
      }
    } else if ((octet & 0xc0) != 0x80) {
      return FailTag(directive, start,
                     "found an incorrect trailing UTF-8 octet");
    }
    out->push_back(static_cast<char>(octet));
    Skip(3);
  } while (--left > 0);
  return true;
}

}  // namespace weir::yaml
