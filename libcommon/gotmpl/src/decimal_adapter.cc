#include <openssl/bn.h>

#include <cmath>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "decimal.h"
#include "go_strconv.h"
#include "weir/base/status.h"

namespace weir::gotmpl {
namespace {

constexpr int kDivisionDigits = 16;

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;
struct FreeContext {
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};

// value * 10^exponent.
struct Decimal {
  Number value{BN_new()};
  int exponent = 0;
};

class Arithmetic {
 public:
  absl::StatusOr<Decimal> FromDouble(double number);
  Decimal Add(Decimal a, Decimal b, bool subtracts);
  Decimal Multiply(Decimal a, Decimal b);
  absl::StatusOr<Decimal> Divide(Decimal a, Decimal b);
  double ToDouble(const Decimal& decimal);

 private:
  void Scale(BIGNUM* number, int digits);

  std::unique_ptr<BN_CTX, FreeContext> context_{BN_CTX_new()};
};

absl::StatusOr<Decimal> Arithmetic::FromDouble(double number) {
  std::string text;
  AppendFloat(number, 'e', -1, &text);
  if (!std::isfinite(number)) {
    return absl::InvalidArgumentError(
        absl::StrCat("Cannot create a Decimal from ", text));
  }
  Decimal decimal;
  const size_t e = text.find('e');
  std::string digits;
  int decimals = 0;
  bool after_point = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.') {
      after_point = true;
      continue;
    }
    digits.push_back(c);
    if (after_point) ++decimals;
  }
  BIGNUM* raw = decimal.value.get();
  BN_dec2bn(&raw, digits.c_str());
  decimal.exponent = std::atoi(text.c_str() + e + 1) - decimals;
  return decimal;
}

void Arithmetic::Scale(BIGNUM* number, int digits) {
  const Number power(BN_new()), ten(BN_new()), count(BN_new());
  BN_set_word(ten.get(), 10);
  BN_set_word(count.get(), static_cast<BN_ULONG>(digits));
  BN_exp(power.get(), ten.get(), count.get(), context_.get());
  BN_mul(number, number, power.get(), context_.get());
}

Decimal Arithmetic::Add(Decimal a, Decimal b, bool subtracts) {
  const int exponent = std::min(a.exponent, b.exponent);
  Scale(a.value.get(), a.exponent - exponent);
  Scale(b.value.get(), b.exponent - exponent);
  Decimal sum;
  sum.exponent = exponent;
  if (subtracts) {
    BN_sub(sum.value.get(), a.value.get(), b.value.get());
  } else {
    BN_add(sum.value.get(), a.value.get(), b.value.get());
  }
  return sum;
}

Decimal Arithmetic::Multiply(Decimal a, Decimal b) {
  Decimal product;
  product.exponent = a.exponent + b.exponent;
  BN_mul(product.value.get(), a.value.get(), b.value.get(), context_.get());
  return product;
}

absl::StatusOr<Decimal> Arithmetic::Divide(Decimal a, Decimal b) {
  if (BN_is_zero(b.value.get())) {
    return absl::InvalidArgumentError("decimal division by 0");
  }
  const int shift = a.exponent - b.exponent + kDivisionDigits;
  Scale(shift > 0 ? a.value.get() : b.value.get(), std::abs(shift));
  const bool negative =
      BN_is_negative(a.value.get()) != BN_is_negative(b.value.get());
  Decimal quotient;
  quotient.exponent = -kDivisionDigits;
  const Number rest(BN_new());
  BN_div(quotient.value.get(), rest.get(), a.value.get(), b.value.get(),
         context_.get());
  BN_lshift1(rest.get(), rest.get());
  if (BN_ucmp(rest.get(), b.value.get()) >= 0) {
    if (negative) {
      BN_sub_word(quotient.value.get(), 1);
    } else {
      BN_add_word(quotient.value.get(), 1);
    }
  }
  return quotient;
}

double Arithmetic::ToDouble(const Decimal& decimal) {
  char* digits = BN_bn2dec(decimal.value.get());
  const std::string text = absl::StrCat(digits, "e", decimal.exponent);
  OPENSSL_free(digits);
  const std::optional<double> number = ParseFloat(text);
  if (number) return *number == 0 ? 0.0 : *number;
  return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
}

}  // namespace

absl::StatusOr<double> CombineDecimals(DecimalOperation operation, double first,
                                       absl::Span<const double> others) {
  Arithmetic arithmetic;
  WEIR_ASSIGN_OR_RETURN(Decimal result, arithmetic.FromDouble(first));
  for (const double other : others) {
    WEIR_ASSIGN_OR_RETURN(Decimal next, arithmetic.FromDouble(other));
    switch (operation) {
      case DecimalOperation::kAdd:
      case DecimalOperation::kSubtract:
        result = arithmetic.Add(std::move(result), std::move(next),
                                operation == DecimalOperation::kSubtract);
        break;
      case DecimalOperation::kMultiply:
        result = arithmetic.Multiply(std::move(result), std::move(next));
        break;
      case DecimalOperation::kDivide: {
        WEIR_ASSIGN_OR_RETURN(
            result, arithmetic.Divide(std::move(result), std::move(next)));
        break;
      }
    }
  }
  return arithmetic.ToDouble(result);
}

}  // namespace weir::gotmpl
