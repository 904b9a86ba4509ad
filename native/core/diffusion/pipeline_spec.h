#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

#include "audio/vocoder_windows.h"
#include "module/part.h"

namespace audioldm {

// What a pipeline is loaded from: NativeModelSpec of lib/native/binding.ts.
struct PipelineSpec {
  std::string device = "cpu";
  c10::ScalarType dtype = c10::kFloat;
  std::vector<std::string> files;
  PartSpec unet;
  PartSpec vae_decoder;
  PartSpec vocoder;
  PartSpec text_encoder;
  // Loaded when they are first used.
  PartSpec vae_encoder;
  PartSpec mel_spectrogram;
  PartSpec audio_encoder;  // without an archive where the model has none
  double scaling_factor = 1;
  int64_t latent_channels = 8;
  int64_t latent_bins = 16;
  int64_t vae_factor = 4;  // mel frames per latent frame
  std::vector<double> alphas_cumprod;
  VocoderGeometry vocoder_geometry;
};

}  // namespace audioldm
