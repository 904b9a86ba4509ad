#include "training/objective.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include <cmath>

#include "ops/bfloat16.h"

namespace audioldm {
namespace {

// While it lives, operators of the device that gain from bfloat16 run in it on this thread. Casts
// of weights are remembered until it ends.
class Bfloat16Autocast {
 public:
  Bfloat16Autocast(c10::Device device, bool enabled)
      : device_(device.type()),
        enabled_before_(at::autocast::is_autocast_enabled(device_)),
        dtype_before_(at::autocast::get_autocast_dtype(device_)) {
    at::autocast::set_autocast_enabled(device_, enabled);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Bfloat16Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, enabled_before_);
    at::autocast::set_autocast_dtype(device_, dtype_before_);
  }
  Bfloat16Autocast(const Bfloat16Autocast&) = delete;
  Bfloat16Autocast& operator=(const Bfloat16Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool enabled_before_;
  at::ScalarType dtype_before_;
};

at::Tensor PerSample(const at::Tensor& table, const at::Tensor& timesteps, c10::Device device) {
  return table.index_select(0, timesteps).view({-1, 1, 1, 1}).to(device);
}

}  // namespace

Objective::Objective(const std::vector<double>& alphas_cumprod, c10::Device device, bool bfloat16)
    : device_(device), bfloat16_(bfloat16 && (!device.is_cpu() || MultipliesBfloat16())) {
  const at::Tensor alphas = at::tensor(alphas_cumprod, at::kDouble);
  signal_ = alphas.sqrt().to(at::kFloat);
  spread_ = (1 - alphas).sqrt().to(at::kFloat);
}

at::Tensor Objective::SquaredErrors(TrainableUnet& unet, const TrainingBatch& batch) const {
  const at::Tensor noise = batch.noise.to(device_);
  const at::Tensor noisy =
      PerSample(signal_, batch.timesteps, device_) * batch.latents.to(device_) +
      PerSample(spread_, batch.timesteps, device_) * noise;
  at::Tensor prediction;
  {
    const Bfloat16Autocast autocast(device_, bfloat16_);
    prediction =
        unet.Forward(noisy, batch.timesteps.to(device_, at::kFloat), batch.conditions.to(device_));
  }
  return (prediction.to(at::kFloat) - noise).square();
}

}  // namespace audioldm
