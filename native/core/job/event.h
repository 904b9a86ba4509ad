#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diffusion/timings.h"
#include "training/trainer.h"

namespace audioldm {

// What a job tells JavaScript; the variants of NativeEvent in lib/native/binding.ts, and the two
// that are about its host.
struct Event {
  enum class Type { kLoaded, kStep, kAudio, kTrain, kEnd, kError, kDisposed };

  uint32_t job = 0;
  Type type = Type::kEnd;

  int64_t step = 0;                 // kStep: steps done
  int64_t steps = 0;                // kStep: steps in all
  StepReport train;                 // kTrain
  int64_t index = 0;                // kAudio: clip of the batch
  int64_t start_sample = 0;         // kAudio
  std::vector<at::Tensor> tensors;  // kStep: latents or none; kAudio: samples; kEnd: results
  std::optional<Timings> timings;   // kEnd, where a model ran
  std::string code;                 // kError
  std::string message;              // kError
};

}  // namespace audioldm
