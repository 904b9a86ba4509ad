#pragma once

#include <ATen/Version.h>

namespace audioldm {

// Files named for an instruction set of x86-64 are compiled there alone; elsewhere libtorch's
// operators do their work.
#if defined(__x86_64__)
inline constexpr bool kX86 = true;

// Whether the files compiled for AVX-512 may run: the processor has the instructions, and libtorch
// uses them too (ATEN_CPU_CAPABILITY can forbid it).
inline bool HasAvx512() {
  static const bool has = at::get_cpu_capability() == "AVX512" &&
                          __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  return has;
}

// The same of AVX2, which a processor with AVX-512 has too.
inline bool HasAvx2() {
  static const bool has = (at::get_cpu_capability() == "AVX2" || HasAvx512()) &&
                          __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
#else
inline constexpr bool kX86 = false;
constexpr bool HasAvx512() { return false; }
constexpr bool HasAvx2() { return false; }
#endif

}  // namespace audioldm
