#include "tensor/trim.h"

#include <climits>
#include <cstdlib>  // defines __GLIBC__ where it is glibc

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace audioldm {

void TrimMemory() {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

void KeepMemory() {
#if defined(__GLIBC__)
  constexpr int kLargest = 32 << 20;  // that glibc takes
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

}  // namespace audioldm
