#include "tensor/trim.h"

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

}  // namespace audioldm
