#pragma once

#include <vector>

namespace audioldm {

// Where a job's time went, in milliseconds; NativeTimings of lib/native/binding.ts.
struct Timings {
  double text_ms = 0;
  std::vector<double> step_ms;  // one per diffusion step
  double vae_ms = 0;
  double vocoder_ms = 0;
};

}  // namespace audioldm
