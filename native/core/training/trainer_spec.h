#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "module/part.h"

namespace audioldm {

// Trains low-rank adapters of these linear layers, named `….to_q`, and nothing else.
struct LoraSpec {
  int64_t rank = 1;
  double alpha = 1;
  std::vector<std::string> modules;
};

// What a trainer is made from; NativeTrainerSpec of lib/native/binding.ts says what each field is.
struct TrainerSpec {
  std::string device = "cpu";
  std::vector<std::string> files;
  PartSpec unet;
  bool scratch = false;
  bool bfloat16 = false;
  double scaling_factor = 1;
  std::vector<double> alphas_cumprod;
  uint64_t seed = 0;
  int64_t batch_size = 1;
  int64_t accumulate = 1;
  double text_probability = 1;
  double condition_dropout = 0.1;
  double learning_rate = 1e-4;
  int64_t warmup_steps = 0;
  std::string schedule = "constant";  // or "cosine"
  int64_t total_steps = 1;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  double max_gradient_norm = 0;
  double ema_decay = 0.9999;
  std::optional<LoraSpec> lora;
  std::optional<std::vector<WeightView>> state;
};

// Throws Error (kEngineFailed) naming a setting that no training can have.
void CheckTrainerSpec(const TrainerSpec& spec);

}  // namespace audioldm
