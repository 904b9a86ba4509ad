#pragma once

#include <cstdint>
#include <string>

namespace audioldm {

// How the learning rate goes over a run.
struct LearningRate {
  double peak = 1e-4;
  int64_t warmup_steps = 0;
  bool cosine = false;  // else constant
  int64_t total_steps = 1;

  // The rate of step `step`, from 0. Of the warm-up, step k (from 1) has k / warmup_steps of the
  // peak; after it a cosine falls from the peak and is 0 at `total_steps`, the first step that is
  // not taken.
  double At(int64_t step) const;
};

}  // namespace audioldm
