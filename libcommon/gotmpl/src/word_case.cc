#include "word_case.h"

#include "absl/strings/str_cat.h"

namespace weir::gotmpl {
namespace {

enum class Word {
  kInvalid,
  kNumber,
  kUpper,
  kAlphabet,
  kConnector,
  kPunct,
  kOther
};

struct Piece {
  Word type = Word::kInvalid;
  absl::string_view text;
};

bool IsConnector(Rune rune) {
  return rune == '-' || rune == '_' || IsSpace(rune);
}

bool IsAlphabet(Rune rune) { return IsLetter(rune); }

// Skips what is no character; `rune` is left as it was when nothing follows.
size_t NextRune(absl::string_view text, Rune* rune) {
  size_t total = 0;
  while (!text.empty()) {
    size_t size = 1;
    const Rune next = DecodeRune(text, &size);
    total += size;
    if (next != kRuneError) {
      *rune = next;
      return total;
    }
    text.remove_prefix(size);
  }
  return total;
}

// How far the characters for which `continues` holds go.
template <typename Continues>
size_t Run(absl::string_view text, size_t offset, Rune rune,
           Continues continues) {
  while (offset < text.size()) {
    const size_t size = NextRune(text.substr(offset), &rune);
    if (!continues(rune, size)) break;
    offset += size;
  }
  return offset;
}

bool IsSmall(Rune rune, size_t) { return IsAlphabet(rune) && !IsUpper(rune); }

size_t UpperWordEnd(absl::string_view text, size_t offset, Rune rune) {
  if (offset == text.size()) return offset;
  size_t size = NextRune(text.substr(offset), &rune);
  if (!IsUpper(rune)) {
    if (!IsAlphabet(rune)) return offset;
    return Run(text, offset + size, rune, IsSmall);
  }
  size_t previous = size;
  offset += size;
  while (offset < text.size()) {
    size = NextRune(text.substr(offset), &rune);
    if (!IsUpper(rune)) break;
    previous = size;
    offset += size;
  }
  // The S of "HTTPStatus" belongs to the next word.
  if (offset < text.size() && IsAlphabet(rune)) offset -= previous;
  return offset;
}

Piece NextWord(absl::string_view* text) {
  Piece piece;
  if (text->empty()) return piece;
  Rune rune = kRuneError;
  size_t end = NextRune(*text, &rune);
  if (rune == kRuneError) {
    piece.type = Word::kInvalid;
  } else if (IsConnector(rune)) {
    piece.type = Word::kConnector;
    end = Run(*text, end, rune, [](Rune r, size_t) { return IsConnector(r); });
  } else if (IsPunct(rune)) {
    piece.type = Word::kPunct;
    end = Run(*text, end, rune, [](Rune r, size_t) { return IsPunct(r); });
  } else if (IsUpper(rune)) {
    piece.type = Word::kUpper;
    end = UpperWordEnd(*text, end, rune);
  } else if (IsAlphabet(rune)) {
    piece.type = Word::kAlphabet;
    end = Run(*text, end, rune, IsSmall);
  } else if (IsNumber(rune)) {
    piece.type = Word::kNumber;
    end = Run(*text, end, rune, [](Rune r, size_t) { return IsNumber(r); });
  } else {
    piece.type = Word::kOther;
    end = Run(*text, end, rune, [](Rune r, size_t size) {
      return size != 0 && !IsConnector(r) && !IsAlphabet(r) && !IsNumber(r) &&
             !IsPunct(r);
    });
  }
  piece.text = text->substr(0, end);
  text->remove_prefix(end);
  return piece;
}

class Joiner {
 public:
  Joiner(absl::string_view text, Rune connector)
      : rest_(text), connector_(connector) {}

  std::string Join();

 private:
  void Lower(const Piece& piece);
  void Connect() { AppendRune(connector_, &out_); }
  void ConnectUnless(bool ends_here) {
    if (!ends_here) Connect();
  }
  // Numbers and small letters that belong to the word before.
  void TakeTail();
  void AfterWord();

  absl::string_view rest_;
  const Rune connector_;
  Piece piece_;
  std::string out_;
};

void Joiner::Lower(const Piece& piece) {
  if (piece.type != Word::kUpper && piece.type != Word::kConnector) {
    absl::StrAppend(&out_, piece.text);
    return;
  }
  absl::string_view text = piece.text;
  while (!text.empty()) {
    size_t size = 1;
    const Rune rune = DecodeRune(text, &size);
    text.remove_prefix(size);
    if (IsConnector(rune)) {
      Connect();
    } else {
      AppendRune(IsUpper(rune) ? ToLower(rune) : rune, &out_);
    }
  }
}

void Joiner::TakeTail() {
  while (piece_.type == Word::kAlphabet || piece_.type == Word::kNumber) {
    Lower(piece_);
    piece_ = NextWord(&rest_);
  }
  ConnectUnless(piece_.type == Word::kInvalid || piece_.type == Word::kPunct ||
                piece_.type == Word::kConnector);
}

void Joiner::AfterWord() {
  const auto joins = [this] {
    return piece_.type == Word::kConnector || piece_.type == Word::kPunct;
  };
  if (piece_.type != Word::kNumber) {
    ConnectUnless(joins());
    return;
  }
  if (rest_.empty()) return;
  const Piece number = piece_;
  piece_ = NextWord(&rest_);
  if (piece_.type != Word::kAlphabet) {
    Lower(number);
    ConnectUnless(joins());
    return;
  }
  Connect();
  Lower(number);
  TakeTail();
}

std::string Joiner::Join() {
  piece_ = NextWord(&rest_);
  while (!rest_.empty()) {
    if (piece_.type != Word::kConnector) Lower(piece_);
    const Piece previous = piece_;
    piece_ = NextWord(&rest_);
    switch (previous.type) {
      case Word::kNumber:
        TakeTail();
        break;
      case Word::kConnector:
        Lower(previous);
        break;
      case Word::kPunct:
        break;
      default:
        AfterWord();
    }
  }
  Lower(piece_);
  return std::move(out_);
}

}  // namespace

std::string JoinWords(absl::string_view text, Rune connector) {
  if (text.empty()) return "";
  return Joiner(text, connector).Join();
}

std::string PascalCase(absl::string_view text) {
  std::string out;
  if (text.empty()) return out;
  bool was_upper = false;
  Rune rune = 0;
  // Connectors in front are kept.
  while (!text.empty()) {
    size_t size = 1;
    rune = DecodeRune(text, &size);
    text.remove_prefix(size);
    if (!IsConnector(rune)) {
      was_upper = IsUpper(rune);
      rune = ToUpper(rune);
      break;
    }
    AppendRune(rune, &out);
  }
  if (text.empty()) {
    AppendRune(rune, &out);
    return out;
  }
  while (!text.empty()) {
    const Rune previous = rune;
    size_t size = 1;
    rune = DecodeRune(text, &size);
    text.remove_prefix(size);
    if (IsConnector(rune) && IsConnector(previous)) {
      AppendRune(previous, &out);
      continue;
    }
    if (IsConnector(previous)) {
      was_upper = IsUpper(rune);
      rune = ToUpper(rune);
      continue;
    }
    if (was_upper) {
      if (IsUpper(rune)) {
        rune = ToLower(rune);
      } else {
        was_upper = false;
      }
    }
    AppendRune(previous, &out);
  }
  AppendRune(rune, &out);
  return out;
}

}  // namespace weir::gotmpl
