// BLAKE3 in its plain hash mode with 32 bytes of output; see the public
// specification, "BLAKE3: one function, fast everywhere" (2020), section 2.
//
// Touches: nothing.
// Threads: one object belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace weir::crypto {

class Blake3 {
 public:
  Blake3();
  void Update(absl::string_view bytes);
  // 32 raw bytes. Update may go on afterwards.
  std::string Finish() const;

 private:
  using Words = std::array<uint32_t, 8>;

  void AddChunk(Words value, uint64_t total_chunks);

  // The chunk under way: its chaining value, its last block and how far.
  Words chunk_value_;
  uint64_t chunk_counter_ = 0;
  std::array<uint8_t, 64> block_{};
  int block_size_ = 0;
  int blocks_compressed_ = 0;
  // Values of complete subtrees, the largest first: one for each 1 bit of the
  // number of complete chunks.
  std::array<Words, 54> stack_;
  int stack_size_ = 0;
};

}  // namespace weir::crypto
