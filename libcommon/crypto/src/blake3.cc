#include "src/blake3.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace weir::crypto {
namespace {

using Words = std::array<uint32_t, 8>;
using Block = std::array<uint32_t, 16>;

constexpr Words kInitial = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                            0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
constexpr std::array<int, 16> kPermutation = {2, 6,  3,  10, 7, 0,  4,  13,
                                              1, 11, 12, 5,  9, 14, 15, 8};
constexpr int kBlockBytes = 64;
constexpr int kBlocksPerChunk = 16;

constexpr uint32_t kChunkStart = 1;
constexpr uint32_t kChunkEnd = 2;
constexpr uint32_t kParent = 4;
constexpr uint32_t kRoot = 8;

inline void Mix(Block& v, int a, int b, int c, int d, uint32_t x, uint32_t y) {
  v[a] = v[a] + v[b] + x;
  v[d] = std::rotr(v[d] ^ v[a], 16);
  v[c] = v[c] + v[d];
  v[b] = std::rotr(v[b] ^ v[c], 12);
  v[a] = v[a] + v[b] + y;
  v[d] = std::rotr(v[d] ^ v[a], 8);
  v[c] = v[c] + v[d];
  v[b] = std::rotr(v[b] ^ v[c], 7);
}

Words Compress(const Words& value, Block m, uint64_t counter, uint32_t size,
               uint32_t flags) {
  Block v = {value[0],
             value[1],
             value[2],
             value[3],
             value[4],
             value[5],
             value[6],
             value[7],
             kInitial[0],
             kInitial[1],
             kInitial[2],
             kInitial[3],
             static_cast<uint32_t>(counter),
             static_cast<uint32_t>(counter >> 32),
             size,
             flags};
  for (int round = 0; round < 7; ++round) {
    Mix(v, 0, 4, 8, 12, m[0], m[1]);
    Mix(v, 1, 5, 9, 13, m[2], m[3]);
    Mix(v, 2, 6, 10, 14, m[4], m[5]);
    Mix(v, 3, 7, 11, 15, m[6], m[7]);
    Mix(v, 0, 5, 10, 15, m[8], m[9]);
    Mix(v, 1, 6, 11, 12, m[10], m[11]);
    Mix(v, 2, 7, 8, 13, m[12], m[13]);
    Mix(v, 3, 4, 9, 14, m[14], m[15]);
    Block permuted;
    for (int i = 0; i < 16; ++i) permuted[i] = m[kPermutation[i]];
    m = permuted;
  }
  Words out;
  for (int i = 0; i < 8; ++i) out[i] = v[i] ^ v[i + 8];
  return out;
}

Block LoadBlock(const std::array<uint8_t, 64>& bytes) {
  Block words;
  for (int i = 0; i < 16; ++i) {
    words[i] = static_cast<uint32_t>(bytes[4 * i]) |
               static_cast<uint32_t>(bytes[4 * i + 1]) << 8 |
               static_cast<uint32_t>(bytes[4 * i + 2]) << 16 |
               static_cast<uint32_t>(bytes[4 * i + 3]) << 24;
  }
  return words;
}

Words Parent(const Words& left, const Words& right, uint32_t flags) {
  Block block;
  std::copy(left.begin(), left.end(), block.begin());
  std::copy(right.begin(), right.end(), block.begin() + 8);
  return Compress(kInitial, block, 0, kBlockBytes, kParent | flags);
}

}  // namespace

Blake3::Blake3() : chunk_value_(kInitial) {}

void Blake3::AddChunk(Words value, uint64_t total_chunks) {
  // Each trailing 0 bit of the count closes a subtree.
  while ((total_chunks & 1) == 0) {
    value = Parent(stack_[--stack_size_], value, 0);
    total_chunks >>= 1;
  }
  stack_[stack_size_++] = value;
}

void Blake3::Update(absl::string_view bytes) {
  while (!bytes.empty()) {
    // A full block is compressed only once more input is known to follow, for
    // the last one is flagged.
    if (block_size_ == kBlockBytes) {
      const bool ends_chunk = blocks_compressed_ == kBlocksPerChunk - 1;
      const uint32_t flags = (blocks_compressed_ == 0 ? kChunkStart : 0) |
                             (ends_chunk ? kChunkEnd : 0);
      chunk_value_ = Compress(chunk_value_, LoadBlock(block_), chunk_counter_,
                              kBlockBytes, flags);
      ++blocks_compressed_;
      if (ends_chunk) {
        AddChunk(chunk_value_, ++chunk_counter_);
        chunk_value_ = kInitial;
        blocks_compressed_ = 0;
      }
      block_size_ = 0;
    }
    const size_t take =
        std::min<size_t>(kBlockBytes - block_size_, bytes.size());
    std::memcpy(block_.data() + block_size_, bytes.data(), take);
    block_size_ += static_cast<int>(take);
    bytes.remove_prefix(take);
  }
}

std::string Blake3::Finish() const {
  std::array<uint8_t, 64> last = block_;
  std::fill(last.begin() + block_size_, last.end(), 0);
  const uint32_t flags =
      kChunkEnd | (blocks_compressed_ == 0 ? kChunkStart : 0);
  Words value = Compress(chunk_value_, LoadBlock(last), chunk_counter_,
                         block_size_, flags | (stack_size_ == 0 ? kRoot : 0));
  for (int i = stack_size_ - 1; i >= 0; --i) {
    value = Parent(stack_[i], value, i == 0 ? kRoot : 0);
  }
  std::string out(32, '\0');
  for (int i = 0; i < 32; ++i) {
    out[i] = static_cast<char>(value[i / 4] >> (8 * (i % 4)));
  }
  return out;
}

}  // namespace weir::crypto
