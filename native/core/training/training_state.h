#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "module/mapped_file.h"
#include "module/weights.h"
#include "training/adamw.h"

namespace audioldm {

// All that a run changes, but for what is trained: names and values of that are the UNet's.
struct TrainingState {
  TrainingState(const std::vector<at::Tensor>& values, const AdamWSettings& settings);

  std::vector<at::Tensor> ema;  // of the values, laid out as they are; starts as they are
  AdamW optimizer;
  int64_t steps = 0;           // done, skipped ones included
  int64_t skipped_in_row = 0;  // up to the last

  // [3] int64: steps, updates of the optimizer, skipped in a row.
  at::Tensor Counters() const;

  // The tensor that a saved state has under this name, `trainable/NAME`, `ema/NAME`,
  // `exp_avg/NAME`, `exp_avg_sq/NAME` or `counters`; nothing for another name. `names` are those of
  // `values`, in order.
  std::optional<at::Tensor> Find(const std::string& source, const std::vector<std::string>& names,
                                 const std::vector<at::Tensor>& values) const;

  // Takes everything, the values too, from what was saved. Throws Error (kInvalidWeights) naming a
  // tensor that is missing or of another shape or dtype.
  void Restore(const std::vector<WeightView>& saved, const MappedFiles& files,
               const std::vector<std::string>& names, std::vector<at::Tensor>& values);
};

}  // namespace audioldm
