#include "training/trainer_spec.h"

#include <cmath>

#include "tensor/error.h"

namespace audioldm {
namespace {

void Require(bool holds, const std::string& what) {
  if (!holds) throw Error(ErrorCode::kEngineFailed, "Training needs " + what + ".");
}

bool In(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

void CheckTrainerSpec(const TrainerSpec& spec) {
  constexpr int64_t kMaxSamples = 1 << 20;
  Require(spec.batch_size >= 1 && spec.accumulate >= 1 && spec.batch_size <= kMaxSamples &&
              spec.accumulate <= kMaxSamples / spec.batch_size,
          "1 to " + std::to_string(kMaxSamples) + " samples in a step");
  Require(In(spec.text_probability, 0, 1) && In(spec.condition_dropout, 0, 1),
          "probabilities from 0 to 1");
  Require(std::isfinite(spec.scaling_factor) && spec.scaling_factor > 0,
          "a scaling factor above 0");
  Require(std::isfinite(spec.learning_rate) && spec.learning_rate >= 0,
          "a learning rate of 0 or more");
  Require(spec.schedule == "constant" || spec.schedule == "cosine",
          "the schedule 'constant' or 'cosine', not '" + spec.schedule + "'");
  Require(spec.warmup_steps >= 0 && spec.total_steps >= 1, "a number of steps");
  Require(spec.beta1 >= 0 && spec.beta1 < 1 && spec.beta2 >= 0 && spec.beta2 < 1,
          "betas from 0 to below 1");
  Require(std::isfinite(spec.epsilon) && spec.epsilon > 0, "an epsilon above 0");
  Require(std::isfinite(spec.weight_decay) && spec.weight_decay >= 0,
          "a weight decay of 0 or more");
  Require(std::isfinite(spec.max_gradient_norm) && spec.max_gradient_norm >= 0,
          "a largest gradient norm of 0 or more");
  Require(In(spec.ema_decay, 0, 1), "an EMA decay from 0 to 1");
  Require(!spec.alphas_cumprod.empty(), "alphasCumprod");
  for (const double alpha : spec.alphas_cumprod) {
    Require(In(alpha, 0, 1), "numbers from 0 to 1 in alphasCumprod");
  }
  if (spec.lora) Require(std::isfinite(spec.lora->alpha), "a finite alpha of the adapters");
}

}  // namespace audioldm
