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

  int64_t items() const { return static_cast<int64_t>(moments_row.size()); }
  // [C, t, f]
  std::vector<int64_t> latent_shape() const;
};

// Throws Error (kEngineFailed), naming what is wrong, unless every tensor has the dtype and shape
// that a UNet of `channels` latent channels and conditions of `width` numbers takes, and every row
// lies in its tensor. An item that lacks something is no error before something takes it.
void CheckTrainingData(const TrainingData& data, int64_t channels, int64_t width);

}  // namespace audioldm
