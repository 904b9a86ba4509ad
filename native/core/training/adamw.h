#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace audioldm {

struct AdamWSettings {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
};

// Adam with decoupled weight decay, torch.optim.AdamW: each weight falls by the rate times
// weight_decay of it, whatever its gradient is.
class AdamW {
 public:
  // Averages start at 0, laid out as the weights, and no update was made.
  AdamW(const std::vector<at::Tensor>& weights, const AdamWSettings& settings);

  // Changes the weights, which need no gradient of it, from gradients that are laid out as they
  // are and are scaled by `scale` first.
  void Update(std::vector<at::Tensor>& weights, std::vector<at::Tensor>& gradients, double rate,
              double scale);

  // Of gradients and of their squares; the tensors may be written to.
  const std::vector<at::Tensor>& averages() const { return averages_; }
  const std::vector<at::Tensor>& squares() const { return squares_; }
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }

 private:
  AdamWSettings settings_;
  std::vector<at::Tensor> averages_;
  std::vector<at::Tensor> squares_;
  int64_t updates_ = 0;
};

}  // namespace audioldm
