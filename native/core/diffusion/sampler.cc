#include "diffusion/sampler.h"

#include <ATen/ATen.h>

#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/stopwatch.h"

namespace audioldm {

Samples Sample(const SampleRequest& request, const UNetFn& unet, const SampleCallbacks& callbacks) {
  Scheduler& scheduler = *request.scheduler;
  const std::vector<float>& timesteps = scheduler.timesteps();
  Samples result;
  result.latents = request.noise->Draw() * scheduler.InitNoiseSigma();
  for (int64_t i = 0; i < static_cast<int64_t>(timesteps.size()); ++i) {
    if (callbacks.cancelled()) throw Aborted();
    const Stopwatch stopwatch;
    const at::Tensor input = scheduler.ScaleModelInput(result.latents, i);
    const at::Tensor noise = request.guidance->Predict(unet, input, timesteps[i]);
    result.latents = scheduler.Step(noise, i, result.latents, *request.noise);
    Synchronize(result.latents.device());
    result.step_ms.push_back(stopwatch.ElapsedMs());
    callbacks.on_step(i + 1, result.latents);
  }
  return result;
}

}  // namespace audioldm
