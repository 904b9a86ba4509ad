#include "diffusion/sampler.h"

#include <ATen/ATen.h>

#include "tensor/device.h"
#include "tensor/error.h"
#include "tensor/stopwatch.h"

namespace audioldm {

Samples Sample(const SampleRequest& request, const SampleCallbacks& callbacks) {
  Scheduler& scheduler = *request.scheduler;
  const Source& source = request.source;
  const std::vector<float>& timesteps = scheduler.timesteps();
  const auto steps = static_cast<int64_t>(timesteps.size());
  const int64_t first = source.first_step;
  Samples result;
  if (first == steps) {
    result.latents = source.latents;
    return result;
  }
  const at::Tensor start = request.noise->Draw();
  result.latents = first == 0 ? start * scheduler.InitNoiseSigma()
                              : scheduler.AddNoise(source.latents, start, first);
  for (int64_t i = first; i < steps; ++i) {
    if (callbacks.cancelled()) throw Aborted();
    const Stopwatch stopwatch;
    if (source.mask.defined()) {
      result.latents = source.Keep(scheduler.AddNoise(source.latents, start, i), result.latents);
    }
    const at::Tensor input = scheduler.ScaleModelInput(result.latents, i);
    const at::Tensor noise = request.predict(input, timesteps[i]);
    result.latents = scheduler.Step(noise, i, result.latents, *request.noise);
    if (i + 1 == steps) result.latents = source.Keep(source.latents, result.latents);
    Synchronize(result.latents.device());
    result.step_ms.push_back(stopwatch.ElapsedMs());
    callbacks.on_step(i - first + 1, result.latents);
  }
  return result;
}

}  // namespace audioldm
