#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "training/objective.h"
#include "training/trainable_unet.h"
#include "training/training_batch.h"
#include "training/training_data.h"

namespace audioldm {

struct ValidationSettings {
  std::vector<int64_t> items;
  int64_t draws = 1;  // of each item, 1 … T
  uint64_t seed = 0;
  int64_t batch_size = 1;
  double text_probability = 1;
  double scaling_factor = 1;
};

// Mean squared errors [items, draws], float32 on the CPU. Draw d (from 0) is at timestep
// ⌊(d + ½) · T / draws⌋; what else is random follows from (seed, item, d), so that neither the
// other items nor the size of a pass matter. `data` has been through CheckTrainingData. Throws
// Error, Aborted between two passes among them.
at::Tensor ValidationErrors(TrainableUnet& unet, const Objective& objective,
                            const TrainingData& data, const ValidationSettings& settings,
                            const std::function<bool()>& cancelled);

}  // namespace audioldm
