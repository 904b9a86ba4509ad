#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

#include "audio/vocoder_windows.h"
#include "module/part.h"

namespace audioldm {

// What a pipeline is loaded from: NativeModelSpec of lib/native/binding.ts, less what only training
// and encoding need.
struct PipelineSpec {
  std::string device = "cpu";
  c10::ScalarType dtype = c10::kFloat;
  std::vector<std::string> files;
  PartSpec unet;
  PartSpec vae_decoder;
  PartSpec vocoder;
  PartSpec text_encoder;
  double scaling_factor = 1;
  int64_t latent_channels = 8;
  int64_t latent_bins = 16;
  std::vector<double> alphas_cumprod;
  VocoderGeometry vocoder_geometry;
};

}  // namespace audioldm
