// Sorts as Go's sort.Sort does: what is equal ends in the order that its
// quicksort leaves.
//
// Touches: nothing.
// Threads: pure functions.
// Source: Go 1.26, package sort; pattern-defeating quicksort,
// https://arxiv.org/pdf/2106.05123.pdf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace weir::kustomize {

template <typename T, typename Less>
class GoSorter {
 public:
  GoSorter(std::vector<T>* list, const Less& less)
      : list_(*list), less_(less) {}

  void Sort() {
    size_t limit = 0;
    for (size_t n = list_.size(); n > 0; n >>= 1) ++limit;
    Quicksort(0, list_.size(), limit);
  }

 private:
  enum class Hint { kUnknown, kIncreasing, kDecreasing };
  struct Pivot {
    size_t at;
    Hint hint;
  };
  static constexpr size_t kFew = 12;

  bool IsLess(size_t i, size_t j) const { return less_(list_[i], list_[j]); }
  void Swap(size_t i, size_t j) { std::swap(list_[i], list_[j]); }

  // `limit`: of bad pivots, before another way of sorting is taken.
  void Quicksort(size_t a, size_t b, size_t limit) {
    bool was_balanced = true;
    bool was_partitioned = true;
    while (b - a > kFew) {
      if (limit == 0) return HeapSort(a, b);
      if (!was_balanced) {
        BreakPatterns(a, b);
        --limit;
      }
      Pivot pivot = ChoosePivot(a, b);
      if (pivot.hint == Hint::kDecreasing) {
        for (size_t i = a, j = b - 1; i < j; ++i, --j) Swap(i, j);
        pivot = {(b - 1) - (pivot.at - a), Hint::kIncreasing};
      }
      if (was_balanced && was_partitioned && pivot.hint == Hint::kIncreasing &&
          InsertFew(a, b)) {
        return;
      }
      if (a > 0 && !IsLess(a - 1, pivot.at)) {
        a = PartitionEqual(a, b, pivot.at);
        continue;
      }
      const size_t length = b - a;
      const size_t middle = Partition(a, b, pivot.at, &was_partitioned);
      const size_t left = middle - a;
      const size_t right = b - middle;
      if (left < right) {
        was_balanced = left >= length / 8;
        Quicksort(a, middle, limit);
        a = middle + 1;
      } else {
        was_balanced = right >= length / 8;
        Quicksort(middle + 1, b, limit);
        b = middle;
      }
    }
    for (size_t i = a + 1; i < b; ++i) {
      for (size_t j = i; j > a && IsLess(j, j - 1); --j) Swap(j, j - 1);
    }
  }

  void SiftDown(size_t low, size_t high, size_t first) {
    for (size_t root = low; 2 * root + 1 < high;) {
      size_t child = 2 * root + 1;
      if (child + 1 < high && IsLess(first + child, first + child + 1)) ++child;
      if (!IsLess(first + root, first + child)) return;
      Swap(first + root, first + child);
      root = child;
    }
  }

  void HeapSort(size_t a, size_t b) {
    const size_t length = b - a;
    for (size_t i = (length - 1) / 2 + 1; i-- > 0;) SiftDown(i, length, a);
    for (size_t i = length; i-- > 0;) {
      Swap(a, a + i);
      SiftDown(0, i, a);
    }
  }

  // Where the pivot is then; smaller ones are before it.
  size_t Partition(size_t a, size_t b, size_t pivot, bool* was_partitioned) {
    Swap(a, pivot);
    size_t i = a + 1;
    size_t j = b - 1;
    *was_partitioned = true;
    while (true) {
      while (i <= j && IsLess(i, a)) ++i;
      while (i <= j && !IsLess(j, a)) --j;
      if (i > j) break;
      *was_partitioned = false;
      Swap(i++, j--);
    }
    Swap(j, a);
    return j;
  }

  // Where those begin that are greater than the pivot; none is smaller.
  size_t PartitionEqual(size_t a, size_t b, size_t pivot) {
    Swap(a, pivot);
    size_t i = a + 1;
    size_t j = b - 1;
    while (true) {
      while (i <= j && !IsLess(a, i)) ++i;
      while (i <= j && IsLess(a, j)) --j;
      if (i > j) return i;
      Swap(i++, j--);
    }
  }

  // Sorts what has few elements out of order. Returns whether it is in order.
  bool InsertFew(size_t a, size_t b) {
    constexpr int kMaxSteps = 5;
    constexpr size_t kShort = 50;
    size_t i = a + 1;
    for (int step = 0; step < kMaxSteps; ++step) {
      while (i < b && !IsLess(i, i - 1)) ++i;
      if (i == b) return true;
      if (b - a < kShort) return false;
      Swap(i, i - 1);
      if (i - a >= 2) {
        for (size_t j = i - 1; j >= 1 && IsLess(j, j - 1); --j) Swap(j, j - 1);
      }
      if (b - i >= 2) {
        for (size_t j = i + 1; j < b && IsLess(j, j - 1); ++j) Swap(j, j - 1);
      }
    }
    return false;
  }

  void BreakPatterns(size_t a, size_t b) {
    const size_t length = b - a;
    uint64_t random = length;
    size_t modulus = 1;
    while (modulus <= length) modulus <<= 1;
    const size_t from = a + length / 4 * 2 - 1;
    for (size_t i = from; i <= from + 2; ++i) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      size_t other = static_cast<size_t>(random) & (modulus - 1);
      if (other >= length) other -= length;
      Swap(i, a + other);
    }
  }

  Pivot ChoosePivot(size_t a, size_t b) const {
    constexpr size_t kMany = 50;
    constexpr int kMaxSwaps = 12;
    const size_t quarter = (b - a) / 4;
    int swaps = 0;
    size_t at[] = {a + quarter, a + quarter * 2, a + quarter * 3};
    if (b - a >= kMany) {
      for (size_t& i : at) i = Median(i - 1, i, i + 1, &swaps);
    }
    const size_t median = Median(at[0], at[1], at[2], &swaps);
    return {median, swaps == 0           ? Hint::kIncreasing
                    : swaps == kMaxSwaps ? Hint::kDecreasing
                                         : Hint::kUnknown};
  }

  size_t Median(size_t a, size_t b, size_t c, int* swaps) const {
    const auto order = [&](size_t* x, size_t* y) {
      if (!IsLess(*y, *x)) return;
      ++*swaps;
      std::swap(*x, *y);
    };
    order(&a, &b);
    order(&b, &c);
    order(&a, &b);
    return b;
  }

  std::vector<T>& list_;
  const Less& less_;
};

template <typename T, typename Less>
void SortLikeGo(std::vector<T>* list, const Less& less) {
  GoSorter<T, Less>(list, less).Sort();
}

}  // namespace weir::kustomize
