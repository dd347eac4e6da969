// operator new and delete of the static front: a tenth of a rendering's time
// went into malloc, most of it to merge what is free, which a short process
// does without. Small blocks are cut from chunks and kept by size; large ones
// are malloc's.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

constexpr size_t kStep = 16;
constexpr size_t kHeader = sizeof(size_t);  // Steps of the block; 0: malloc's.
constexpr size_t kMostSteps = 64;
// Each with its pages, which cost less together than one by one.
constexpr size_t kFirstChunk = size_t{64} << 10;
constexpr size_t kChunk = size_t{256} << 10;

struct Block {
  Block* next;
};

struct Heap {
  Block* free[kMostSteps + 1];
  char* at;
  char* end;
  // Where the pages of malloc's heap end that are there.
  uintptr_t present;
};
thread_local Heap heap;

void* Labelled(char* block, size_t steps) {
  *reinterpret_cast<size_t*>(block) = steps;
  return block + kHeader;
}

void* NewChunk(size_t steps) {
  const size_t size = heap.at == nullptr ? kFirstChunk : kChunk;
  void* pages = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  auto* chunk = static_cast<char*>(pages);
  // What is handed out is aligned, and its header before it.
  heap.at = chunk + kStep - kHeader;
  heap.end = chunk + size - kHeader;
  char* block = heap.at;
  heap.at += steps * kStep;
  return Labelled(block, steps);
}

// Pages that are asked for together cost half of what they cost when each is
// missed, and large blocks were a tenth of a rendering's time.
void MakePresent(const void* block, size_t size) {
  constexpr uintptr_t kPage = 4096, kAhead = uintptr_t{64} << 10;
  const auto start = reinterpret_cast<uintptr_t>(block);
  if (start + size <= heap.present) return;
  const auto top = reinterpret_cast<uintptr_t>(sbrk(0));
  if (start + size > top) return;  // A mapping of its own.
  const uintptr_t from = std::max(heap.present, start / kPage * kPage);
  const uintptr_t to = std::min(start + size + kAhead, top) / kPage * kPage;
  if (to <= from) return;
  const int done =
      madvise(reinterpret_cast<void*>(from), to - from, MADV_POPULATE_WRITE);
  // An older system does not know how: ask no more.
  heap.present = done == 0 ? to : UINTPTR_MAX;
}

}  // namespace

void* operator new(size_t size) {
  const size_t steps = (size + kHeader + kStep - 1) / kStep;
  if (steps > kMostSteps || size > kMostSteps * kStep) {
    auto* block = static_cast<char*>(std::malloc(size + kStep));
    if (block == nullptr) throw std::bad_alloc();
    MakePresent(block, size + kStep);
    return Labelled(block + kStep - kHeader, 0);
  }
  if (Block* block = heap.free[steps]; block != nullptr) {
    heap.free[steps] = block->next;
    return block;
  }
  if (static_cast<size_t>(heap.end - heap.at) < steps * kStep) {
    return NewChunk(steps);
  }
  char* block = heap.at;
  heap.at += steps * kStep;
  return Labelled(block, steps);
}

void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  char* block = static_cast<char*>(memory) - kHeader;
  const size_t steps = *reinterpret_cast<size_t*>(block);
  if (steps == 0) {
    std::free(static_cast<char*>(memory) - kStep);
    return;
  }
  auto* freed = static_cast<Block*>(memory);
  freed->next = heap.free[steps];
  heap.free[steps] = freed;
}

void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
