// Sprig's random text and numbers.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "rows.h"
#include "unicode.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

// How many random numbers are picked in the time of a step.
constexpr size_t kPicksPerStep = 2;

// Characters of ' ' to 'z' for which `is_good` holds, or all that print.
template <bool (*is_good)(unsigned char)>
Result Characters(Call& call) {
  const int64_t count = call.args[0].AsInt();
  if (count <= 0) return Any::String("");
  WEIR_RETURN_IF_ERROR(call.execution.Charge(static_cast<size_t>(count)));
  WEIR_RETURN_IF_ERROR(
      call.execution.Step(static_cast<uint64_t>(count) / kPicksPerStep));
  std::string alphabet;
  for (char c = ' '; c <= '~'; ++c) {
    if (is_good(static_cast<unsigned char>(c))) alphabet.push_back(c);
  }
  std::string out(static_cast<size_t>(count), '\0');
  for (char& c : out) c = alphabet[call.execution.RandomBelow(alphabet.size())];
  return Any::String(out);
}

bool IsAlphaNumeric(unsigned char c) { return absl::ascii_isalnum(c); }
bool IsAlpha(unsigned char c) { return absl::ascii_isalpha(c); }
bool IsNumeric(unsigned char c) { return absl::ascii_isdigit(c); }
bool IsAscii(unsigned char) { return true; }

Result Bytes(Call& call) {
  const int64_t count = call.args[0].AsInt();
  if (count < 0) {
    return GoError("runtime error: makeslice: len out of range");
  }
  WEIR_RETURN_IF_ERROR(call.execution.Charge(static_cast<size_t>(count)));
  std::string bytes(static_cast<size_t>(count), '\0');
  call.execution.Random(bytes.data(), bytes.size());
  return Text(call, absl::Base64Escape(bytes));
}

Result Integer(Call& call) {
  const auto low = call.args[0].AsUint(), high = call.args[1].AsUint();
  const auto span = static_cast<int64_t>(high - low);
  if (span <= 0) return GoError("invalid argument to Intn");
  const uint64_t pick = call.execution.RandomBelow(static_cast<uint64_t>(span));
  return Any::Int(static_cast<int64_t>(low + pick));
}

Result Shuffle(Call& call) {
  std::u32string runes = ToRunes(call.args[0].AsString());
  WEIR_RETURN_IF_ERROR(call.execution.Step(runes.size() / kPicksPerStep));
  for (size_t i = runes.size(); i > 1; --i) {
    std::swap(runes[i - 1], runes[call.execution.RandomBelow(i)]);
  }
  return Text(call, FromRunes(runes));
}

Result Uuid(Call& call) {
  std::string bytes(16, '\0');
  call.execution.Random(bytes.data(), bytes.size());
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  const std::string hex = absl::BytesToHexString(bytes);
  const absl::string_view h = hex;
  return Any::String(absl::StrCat(h.substr(0, 8), "-", h.substr(8, 4), "-",
                                  h.substr(12, 4), "-", h.substr(16, 4), "-",
                                  h.substr(20)));
}

constexpr Row kRows[] = {
    {"randAlphaNum", "func(int) string", Characters<IsAlphaNumeric>},
    {"randAlpha", "func(int) string", Characters<IsAlpha>},
    {"randNumeric", "func(int) string", Characters<IsNumeric>},
    {"randAscii", "func(int) string", Characters<IsAscii>},
    {"randBytes", "func(int) (string, error)", Bytes},
    {"randInt", "func(int, int) int", Integer},
    {"shuffle", "func(string) string", Shuffle},
    {"uuidv4", "func() string", Uuid},
};

}  // namespace

void AddRandom(FunctionTable& table) { AddRows(kRows, table, 8); }

}  // namespace weir::gotmpl
