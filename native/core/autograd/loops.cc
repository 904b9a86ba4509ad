#include "autograd/loops.h"

#include "ops/cpu.h"

namespace audioldm {

namespace avx2 {
extern const Loops kLoops;
}
namespace avx512 {
extern const Loops kLoops;
}

const Loops* FindLoops() {
  if constexpr (kX86) {
    return HasAvx512() ? &avx512::kLoops : HasAvx2() ? &avx2::kLoops : nullptr;
  }
  return nullptr;
}

}  // namespace audioldm
