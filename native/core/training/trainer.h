#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "training/items.h"
#include "training/trainer_spec.h"
#include "training/training_data.h"

namespace audioldm {

struct StepReport {
  int64_t step = 0;  // steps done, this one included
  double loss = 0;
  double learning_rate = 0;
  double gradient_norm = 0;  // before clipping
  bool skipped = false;
  double ms = 0;
};

// A tensor of a file that Save() writes; `source` as NativeTrainer.save of lib/native/binding.ts.
struct SaveEntry {
  std::string name;
  std::string source;
};

// A UNet in training: NativeTrainer of lib/native/binding.ts says what each method does. All of
// them run on the thread that made it. Throws Error.
class Trainer {
 public:
  Trainer(const TrainerSpec& spec, const std::function<bool()>& cancelled);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // Trained tensors by name and shape, in the order of Inspect()'s gradients.
  const std::vector<std::pair<std::string, std::vector<int64_t>>>& trainable() const;

  // Steps done, including those that were skipped.
  int64_t step() const;

  // One step. Nothing but the number of steps done has changed where it was skipped; the tenth
  // skipped step in a row throws kDiverged after it was counted.
  StepReport Step(const TrainingData& data);

  // Latents, noise, timesteps, condition, items, kind and, with `gradients`, the loss and a
  // gradient for each of trainable().
  std::vector<at::Tensor> Inspect(const TrainingData& data, int64_t step, bool gradients);

  // Throws Aborted between two passes once `cancelled` says so.
  at::Tensor Validate(const TrainingData& data, const std::vector<int64_t>& items, int64_t draws,
                      uint64_t seed, bool ema, const std::function<bool()>& cancelled);

  void Save(const std::string& path, const std::vector<SaveEntry>& entries,
            const std::map<std::string, std::string>& metadata);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace audioldm
