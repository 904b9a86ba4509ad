#pragma once

#include <torch/csrc/jit/api/module.h>

namespace audioldm {

// Makes a frozen module that holds bfloat16 weights compute in float32: its bfloat16 constants
// become float32 with the same values, and casts to bfloat16 become casts to float32. For CPUs that
// do not multiply bfloat16. Weights stay rounded, all else is more exact; results come as float32.
//
// Call it before the module's first run.
void WidenBfloat16(torch::jit::Module& frozen);

}  // namespace audioldm
