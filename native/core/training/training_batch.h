#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "training/draws.h"
#include "training/training_data.h"

namespace audioldm {

// What a sample is conditioned on, as Inspect() counts it.
enum class ConditionKind : int64_t { kText = 0, kAudio = 1, kDropped = 2 };

// Samples to train on, on the CPU.
struct TrainingBatch {
  at::Tensor latents;     // [N, C, t, f] float32, as the UNet sees them
  at::Tensor noise;       // [N, C, t, f] float32
  at::Tensor timesteps;   // [N] int64
  at::Tensor conditions;  // [N, E] float32
  at::Tensor kinds;       // [N] int64

  // Samples start … start + length − 1.
  TrainingBatch Narrow(int64_t start, int64_t length) const;
};

// How likely a sample is conditioned on text, and on nothing.
struct ConditionOdds {
  double text = 1;
  double dropout = 0;
};

// The items with what was drawn for them: latents are scaling_factor · (mean + exp(½ logvar) · ε)
// with logvar held within −30 … 20, conditions the embedding of one of the item's captions, of its
// sound, or the unconditional one. `data` has been through CheckTrainingData. Throws Error
// (kEngineFailed) naming an item that is not in the data or has not what it needs.
TrainingBatch MakeBatch(const TrainingData& data, const std::vector<int64_t>& items,
                        const Draws& draws, const ConditionOdds& odds, double scaling_factor);

}  // namespace audioldm
