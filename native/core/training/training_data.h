#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace audioldm {

// What steps are made from; NativeTrainingData of lib/native/binding.ts says what each field is.
// Tensors that are not needed may be undefined; none is written to.
struct TrainingData {
  at::Tensor moments;  // [rows, 2C, t, f]
  std::vector<int64_t> moments_row;
  at::Tensor text;  // [rows, E]
  std::vector<int64_t> text_rows;
  std::vector<int64_t> text_start;
  at::Tensor audio;  // [rows, E]
  std::vector<int64_t> audio_row;
  at::Tensor unconditional;  // [E]
};

}  // namespace audioldm
