#include "weir/base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace weir {
namespace {

// Whether the loader has written into segments that only read.
bool HasTextRelocations(const dl_phdr_info& object, const ElfW(Phdr) & header) {
  const auto* entry =
      reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + header.p_vaddr);
  for (; entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_TEXTREL) return true;
    if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0) {
      return true;
    }
  }
  return false;
}

int DropPages(dl_phdr_info* object, size_t, void*) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type == PT_DYNAMIC && HasTextRelocations(*object, header)) {
      return 0;
    }
  }
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) != 0) continue;
    const uintptr_t start = object->dlpi_addr + header.p_vaddr;
    const uintptr_t from = start & ~(page - 1);
    const uintptr_t to = (start + header.p_memsz + page - 1) & ~(page - 1);
    // What cannot be dropped stays.
    (void)madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void DropProgramPages() { dl_iterate_phdr(DropPages, nullptr); }

void ReleaseUnusedMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  DropProgramPages();
}

}  // namespace weir
