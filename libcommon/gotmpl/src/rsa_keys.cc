#include "rsa_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace weir::gotmpl {
namespace {

constexpr BN_ULONG kExponent = 65537;
// So many odd numbers from a random one on are looked at. A prime of 2,048
// bits is among 710 of them, on average.
constexpr size_t kWindow = 1 << 14;
constexpr uint32_t kLargestSmallPrime = 1 << 16;
// The chance that a composite passes is below 2^-112 after 5 rounds for 1,024
// bits, and 4 for 2,048.
constexpr int kRounds = 10;

struct Free {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(BN_MONT_CTX* context) const { BN_MONT_CTX_free(context); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(OSSL_PARAM_BLD* builder) const {
    OSSL_PARAM_BLD_free(builder);
  }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;
using Number = Owned<BIGNUM>;

Number New() { return Number(BN_new()); }

// Odd primes.
const std::vector<uint32_t>& SmallPrimes() {
  static const auto& primes = *[] {
    auto* out = new std::vector<uint32_t>;
    std::vector<bool> composite(kLargestSmallPrime);
    for (uint32_t n = 3; n < kLargestSmallPrime; n += 2) {
      if (composite[n]) continue;
      out->push_back(n);
      for (uint64_t m = uint64_t{n} * n; m < kLargestSmallPrime; m += 2 * n) {
        composite[m] = true;
      }
    }
    return out;
  }();
  return primes;
}

// One number that is to be tested.
class Candidate {
 public:
  // n - 1 = 2^twos * odd.
  Candidate(const BIGNUM* n, BN_CTX* context)
      : n_(n), context_(context), minus_one_(New()), odd_(New()) {
    is_ok_ = BN_sub(minus_one_.get(), n, BN_value_one()) == 1;
    while (is_ok_ && !BN_is_bit_set(minus_one_.get(), twos_)) ++twos_;
    montgomery_.reset(BN_MONT_CTX_new());
    is_ok_ = is_ok_ && BN_rshift(odd_.get(), minus_one_.get(), twos_) == 1 &&
             BN_MONT_CTX_set(montgomery_.get(), n, context) == 1;
  }

  bool PassesBase2() {
    const Number x = New();
    return is_ok_ &&
           BN_mod_exp_mont_word(x.get(), 2, odd_.get(), n_, context_,
                                montgomery_.get()) == 1 &&
           IsRootOfOne(x.get());
  }

  bool PassesRandomBases() {
    const Number base = New();
    const Number x = New();
    for (int i = 0; i < kRounds; ++i) {
      if (BN_rand_range(base.get(), minus_one_.get()) != 1) return false;
      if (BN_is_zero(base.get()) || BN_is_one(base.get())) continue;
      if (BN_mod_exp_mont(x.get(), base.get(), odd_.get(), n_, context_,
                          montgomery_.get()) != 1 ||
          !IsRootOfOne(x.get())) {
        return false;
      }
    }
    return true;
  }

 private:
  bool IsRootOfOne(BIGNUM* x) {
    if (BN_is_one(x)) return true;
    for (int i = 0; i < twos_; ++i) {
      if (BN_cmp(x, minus_one_.get()) == 0) return true;
      if (BN_mod_sqr(x, x, n_, context_) != 1) return false;
    }
    return false;
  }

  const BIGNUM* const n_;
  BN_CTX* const context_;
  const Number minus_one_;
  const Number odd_;
  Owned<BN_MONT_CTX> montgomery_;
  int twos_ = 0;
  bool is_ok_ = false;
};

// Which of the odd numbers from `start` on a small prime divides.
std::vector<bool> Sieve(const BIGNUM* start) {
  std::vector<bool> composite(kWindow);
  for (const uint32_t prime : SmallPrimes()) {
    const auto rest = static_cast<uint32_t>(BN_mod_word(start, prime));
    // The first k with start + 2k = 0 modulo the prime.
    const uint32_t missing = rest == 0 ? 0 : prime - rest;
    size_t k = missing % 2 == 0 ? missing / 2 : (missing + prime) / 2;
    for (; k < kWindow; k += prime) composite[k] = true;
  }
  return composite;
}

// A prime with both top bits set, less than which by one the exponent has no
// common factor with. Null when randomness or memory fail.
Number FindPrime(int bits, BN_CTX* context) {
  const Number start = New();
  Number candidate = New();
  while (start != nullptr && candidate != nullptr) {
    if (BN_rand(start.get(), bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD) != 1) {
      return nullptr;
    }
    const std::vector<bool> composite = Sieve(start.get());
    for (size_t k = 0; k < kWindow; ++k) {
      if (composite[k]) continue;
      if (BN_copy(candidate.get(), start.get()) == nullptr ||
          BN_add_word(candidate.get(), 2 * k) != 1) {
        return nullptr;
      }
      if (BN_num_bits(candidate.get()) != bits) break;
      if (BN_mod_word(candidate.get(), kExponent) == 1) continue;
      Candidate tested(candidate.get(), context);
      if (tested.PassesBase2() && tested.PassesRandomBases()) return candidate;
    }
  }
  return nullptr;
}

// What else a key consists of.
struct Parts {
  Number n = New(), e = New(), d = New();
  Number p, q;
  Number p_exponent = New(), q_exponent = New(), coefficient = New();

  bool Compute(BN_CTX* context) {
    const Number p1 = New(), q1 = New(), phi = New();
    if (BN_cmp(p.get(), q.get()) < 0) p.swap(q);
    return BN_set_word(e.get(), kExponent) == 1 &&
           BN_mul(n.get(), p.get(), q.get(), context) == 1 &&
           BN_sub(p1.get(), p.get(), BN_value_one()) == 1 &&
           BN_sub(q1.get(), q.get(), BN_value_one()) == 1 &&
           BN_mul(phi.get(), p1.get(), q1.get(), context) == 1 &&
           BN_mod_inverse(d.get(), e.get(), phi.get(), context) != nullptr &&
           BN_mod(p_exponent.get(), d.get(), p1.get(), context) == 1 &&
           BN_mod(q_exponent.get(), d.get(), q1.get(), context) == 1 &&
           BN_mod_inverse(coefficient.get(), q.get(), p.get(), context) !=
               nullptr;
  }
};

EVP_PKEY* ToKey(const Parts& parts) {
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  const std::pair<const char*, const BIGNUM*> numbers[] = {
      {OSSL_PKEY_PARAM_RSA_N, parts.n.get()},
      {OSSL_PKEY_PARAM_RSA_E, parts.e.get()},
      {OSSL_PKEY_PARAM_RSA_D, parts.d.get()},
      {OSSL_PKEY_PARAM_RSA_FACTOR1, parts.p.get()},
      {OSSL_PKEY_PARAM_RSA_FACTOR2, parts.q.get()},
      {OSSL_PKEY_PARAM_RSA_EXPONENT1, parts.p_exponent.get()},
      {OSSL_PKEY_PARAM_RSA_EXPONENT2, parts.q_exponent.get()},
      {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, parts.coefficient.get()}};
  for (const auto& [name, number] : numbers) {
    if (OSSL_PARAM_BLD_push_BN(builder.get(), name, number) != 1) {
      return nullptr;
    }
  }
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr ||
      EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) !=
          1) {
    return nullptr;
  }
  return key;
}

}  // namespace

EVP_PKEY* MakeRsaKey(int bits) {
  const Owned<BN_CTX> context(BN_CTX_new());
  Parts parts;
  do {
    parts.p = FindPrime(bits / 2, context.get());
    parts.q = FindPrime(bits / 2, context.get());
    if (parts.p == nullptr || parts.q == nullptr) return nullptr;
  } while (BN_cmp(parts.p.get(), parts.q.get()) == 0);
  return parts.Compute(context.get()) ? ToKey(parts) : nullptr;
}

}  // namespace weir::gotmpl
