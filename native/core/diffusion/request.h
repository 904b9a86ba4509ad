#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "diffusion/scheduler.h"
#include "diffusion/windows.h"

namespace audioldm {

// What a pipeline is asked for: the requests of lib/native/binding.ts. Tensors may be of any dtype
// and on any device.

// Token ids of a prompt with bos and eos, without padding.
using TokenIds = std::vector<int64_t>;

struct DecodeRequest {
  std::vector<int64_t> samples;  // kept of each clip
  int64_t window_frames = 0;     // mel frames per vocoder window; 0: one window
  std::optional<WindowSpec> windows;
  bool loop = false;  // the end meets the beginning; no clip has samples beyond its frames then
};

struct EncodeRequest {
  std::optional<std::vector<uint64_t>> seeds;  // one per clip; none: the posterior's mean
  bool moments = false;                        // the posterior itself; seeds are not looked at
  std::optional<WindowSpec> windows;
};

struct ClipRequest {
  TokenIds input_ids;  // not looked at where there is an embedding
  TokenIds negative_input_ids;
  double guidance_scale = 1;
  uint64_t seed = 0;
  at::Tensor embedding = {};  // [E] or [windows, E]
  at::Tensor init = {};       // latents [C, t, f] as the UNet sees them
  at::Tensor mask = {};       // [t, f]: 1 keeps `init`, 0 does not
  // The timesteps, both included, that are guided; at others the scale is 1.
  double guidance_from = 0;
  double guidance_to = std::numeric_limits<double>::infinity();
};

struct GenerateRequest {
  std::vector<ClipRequest> clips;  // at least one
  DecodeRequest decode;            // one entry of `samples` per clip
  int64_t latent_frames = 0;
  int64_t first_step = 0;  // steps left out at the start; more than 0 needs an `init` for each clip
  std::string scheduler;
  SchedulerConfig scheduler_config;  // alphas_cumprod is the model's and need not be set
  int64_t feature_cache = 1;         // the UNet is whole at every n-th step
};

}  // namespace audioldm
