#include "rsa_keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace weir::gotmpl {
namespace {

constexpr BN_ULONG kExponent = 65537;
// So many odd numbers from a random one on are looked at. A prime of 2,048
// bits is among 710 of them, on average.
constexpr size_t kWindow = 1 << 14;
constexpr uint32_t kLargestSmallPrime = 1 << 16;
// The chance that a composite passes is below 2^-112 after 5 rounds for 1,024
// bits, and 4 for 2,048; they are made in pairs, after a first one.
constexpr int kRounds = 4;

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

// Whether two powers modulo numbers of that size cost hardly more than one: a
// processor with the right instructions does both at once.
bool HasPairs(int bits) {
#if defined(__x86_64__)
  // Asked here and now: what compilers have for it asks a dozen questions
  // before `main`, of which each may go to a hypervisor.
  unsigned a = 0, b = 0, c = 0, d = 0;
  return bits == 1024 && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 &&
         (b & bit_AVX512IFMA) != 0;
#else
  (void)bits;
  return false;
#endif
}

// One number that is to be tested.
class Candidate {
 public:
  // `start` + 2 * `steps`.
  Candidate(const BIGNUM* start, size_t steps, BN_CTX* context)
      : context_(context), montgomery_(BN_MONT_CTX_new()) {
    // n - 1 = 2^twos * odd.
    is_ok_ = BN_copy(n_.get(), start) != nullptr &&
             BN_add_word(n_.get(), 2 * steps) == 1 &&
             BN_sub(minus_one_.get(), n_.get(), BN_value_one()) == 1;
    while (is_ok_ && !BN_is_bit_set(minus_one_.get(), twos_)) ++twos_;
    is_ok_ = is_ok_ && BN_rshift(odd_.get(), minus_one_.get(), twos_) == 1 &&
             BN_MONT_CTX_set(montgomery_.get(), n_.get(), context) == 1;
  }

  int bits() const { return BN_num_bits(n_.get()); }
  bool FitsExponent() const { return BN_mod_word(n_.get(), kExponent) != 1; }
  Number Take() { return std::move(n_); }

  bool PassesBase2() {
    const Number x = New();
    return is_ok_ &&
           BN_mod_exp_mont_word(x.get(), 2, odd_.get(), n_.get(), context_,
                                montgomery_.get()) == 1 &&
           IsRootOfOne(x.get());
  }

  // Each candidate by its base, which is below it.
  static bool PassPair(Candidate& a, const BIGNUM* base_a, bool* passes_a,
                       Candidate& b, const BIGNUM* base_b, bool* passes_b) {
    const Number x = New(), y = New();
    if (!a.is_ok_ || !b.is_ok_ ||
        BN_mod_exp_mont_consttime_x2(x.get(), base_a, a.odd_.get(), a.n_.get(),
                                     a.montgomery_.get(), y.get(), base_b,
                                     b.odd_.get(), b.n_.get(),
                                     b.montgomery_.get(), a.context_) != 1) {
      return false;
    }
    *passes_a = a.IsRootOfOne(x.get());
    *passes_b = b.IsRootOfOne(y.get());
    return true;
  }

  bool PassesRandomBases() {
    const Number base = New(), other = New();
    for (int i = 0; i < kRounds; i += 2) {
      if (!TakeBase(base.get()) || !TakeBase(other.get())) return false;
      bool passes = false;
      bool passes_other = false;
      if (!PassPair(*this, base.get(), &passes, *this, other.get(),
                    &passes_other) ||
          !passes || !passes_other) {
        return false;
      }
    }
    return true;
  }

 private:
  bool TakeBase(BIGNUM* base) {
    do {
      if (BN_rand_range(base, minus_one_.get()) != 1) return false;
    } while (BN_is_zero(base) || BN_is_one(base));
    return true;
  }

  bool IsRootOfOne(BIGNUM* x) {
    if (BN_is_one(x)) return true;
    for (int i = 0; i < twos_; ++i) {
      if (BN_cmp(x, minus_one_.get()) == 0) return true;
      if (BN_mod_sqr(x, x, n_.get(), context_) != 1) return false;
    }
    return false;
  }

  BN_CTX* const context_;
  Number n_ = New();
  const Number minus_one_ = New();
  const Number odd_ = New();
  Owned<BN_MONT_CTX> montgomery_;
  int twos_ = 0;
  bool is_ok_ = false;
};

// Which of the odd numbers from `start` on a small prime divides.
std::vector<bool> Sieve(const BIGNUM* start) {
  std::vector<bool> composite(kWindow);
  const std::vector<uint32_t>& primes = SmallPrimes();
  for (size_t first = 0; first < primes.size();) {
    // One division of the large number serves as many primes as fit in a word.
    uint64_t product = 1;
    size_t end = first;
    while (end < primes.size() && product <= UINT64_MAX / primes[end]) {
      product *= primes[end++];
    }
    const uint64_t rest = BN_mod_word(start, product);
    for (; first < end; ++first) {
      const uint32_t prime = primes[first];
      // The first k with start + 2k = 0 modulo the prime.
      const auto below = static_cast<uint32_t>(rest % prime);
      const uint32_t missing = below == 0 ? 0 : prime - below;
      size_t k = missing % 2 == 0 ? missing / 2 : (missing + prime) / 2;
      for (; k < kWindow; k += prime) composite[k] = true;
    }
  }
  return composite;
}

// The first prime among the odd numbers from `start` on that no small prime
// divides. Null when there is none.
class Search {
 public:
  Search(const BIGNUM* start, BN_CTX* context)
      : start_(start),
        bits_(BN_num_bits(start)),
        context_(context),
        composite_(Sieve(start)) {}

  Number Run() { return HasPairs(bits_) ? RunInPairs() : RunOneByOne(); }

 private:
  // Null when there is no other.
  std::unique_ptr<Candidate> Next() {
    while (next_ < kWindow) {
      const size_t k = next_++;
      if (composite_[k]) continue;
      auto candidate = std::make_unique<Candidate>(start_, k, context_);
      if (candidate->bits() != bits_) return nullptr;
      if (candidate->FitsExponent()) return candidate;
    }
    return nullptr;
  }

  Number RunOneByOne() {
    while (const auto candidate = Next()) {
      if (candidate->PassesBase2() && candidate->PassesRandomBases()) {
        return candidate->Take();
      }
    }
    return nullptr;
  }

  Number RunInPairs() {
    // As long as the numbers themselves, and below them.
    const Number base = New();
    if (BN_rand(base.get(), bits_ - 1, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) !=
        1) {
      return nullptr;
    }
    while (true) {
      const auto a = Next();
      const auto b = Next();
      bool passes_a = false;
      bool passes_b = false;
      if (a == nullptr || b == nullptr ||
          !Candidate::PassPair(*a, base.get(), &passes_a, *b, base.get(),
                               &passes_b)) {
        return nullptr;
      }
      if (passes_a && a->PassesRandomBases()) return a->Take();
      if (passes_b && b->PassesRandomBases()) return b->Take();
    }
  }

  const BIGNUM* const start_;
  const int bits_;
  BN_CTX* const context_;
  const std::vector<bool> composite_;
  size_t next_ = 0;
};

// A prime with both top bits set, less than which by one the exponent has no
// common factor with. Null when randomness or memory fail.
Number FindPrime(int bits, BN_CTX* context) {
  constexpr int kMostStarts = 1000;
  const Number start = New();
  for (int i = 0; i < kMostStarts; ++i) {
    if (start == nullptr ||
        BN_rand(start.get(), bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD) != 1) {
      return nullptr;
    }
    if (Number prime = Search(start.get(), context).Run()) return prime;
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
