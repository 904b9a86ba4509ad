// Runs a pipeline and writes what it computes; pipeline_trace.py compares it with diffusers.
//
//   pipeline_trace MODEL.txt OUT_DIR SCHEDULER STEPS GUIDANCE FRAMES SAMPLES WINDOW CLIP…
//
// Each CLIP is "seed:ids:negative ids", ids separated by commas. Writes clip_<i>.bin (float32) from
// the result, events_<i>.bin glued together from audio events, and embeddings.bin.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "diffusion/pipeline.h"
#include "model_description.h"
#include "module/jit_settings.h"
#include "tensor/stopwatch.h"

namespace {

audioldm::TokenIds ParseIds(const std::string& text) {
  audioldm::TokenIds ids;
  std::istringstream fields(text);
  for (std::string id; std::getline(fields, id, ',');) ids.push_back(std::stoll(id));
  return ids;
}

void Write(const std::string& path, const at::Tensor& values) {
  const at::Tensor flat = values.to(at::kFloat).cpu().contiguous();
  std::ofstream(path, std::ios::binary)
      .write(static_cast<const char*>(flat.data_ptr()), flat.numel() * sizeof(float));
}

long PeakMegabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 10) return 2;
  const std::string out = argv[2];
  audioldm::GenerateRequest request;
  request.scheduler = argv[3];
  request.scheduler_config.steps = std::stoll(argv[4]);
  request.latent_frames = std::stoll(argv[6]);
  request.decode.window_frames = std::stoll(argv[8]);
  std::vector<audioldm::TokenIds> prompts;
  for (int i = 9; i < argc; ++i) {
    std::istringstream fields(argv[i]);
    std::string seed, ids, negative_ids;
    std::getline(fields, seed, ':');
    std::getline(fields, ids, ':');
    std::getline(fields, negative_ids, ':');
    request.clips.push_back(
        {ParseIds(ids), ParseIds(negative_ids), std::stod(argv[5]), std::stoull(seed)});
    request.decode.samples.push_back(std::stoll(argv[7]));
    prompts.push_back(request.clips.back().input_ids);
  }

  at::set_num_threads(2);
  audioldm::ApplyInferenceJitSettings();
  const auto never = [] { return false; };
  const audioldm::Stopwatch load;
  audioldm::Pipeline pipeline(audioldm::ReadModelDescription(argv[1]), never);
  std::cout << "load_ms " << load.ElapsedMs() << " peak_mb " << PeakMegabytes() << "\n";
  Write(out + "/embeddings.bin", pipeline.EncodeText(prompts, never));

  std::vector<std::vector<at::Tensor>> events(request.clips.size());
  int64_t steps_seen = 0;
  const audioldm::Stopwatch whole;
  const audioldm::PipelineResult result = pipeline.Generate(
      request,
      {[&](int64_t step, int64_t, const at::Tensor&) { steps_seen = step; },
       [&](int64_t clip, int64_t, const at::Tensor& samples) { events[clip].push_back(samples); },
       never});
  std::cout << "whole_ms " << whole.ElapsedMs() << " peak_mb " << PeakMegabytes() << "\n";
  std::cout << "text_ms " << result.timings.text_ms << " vae_ms " << result.timings.vae_ms
            << " vocoder_ms " << result.timings.vocoder_ms << " step_ms";
  for (const double ms : result.timings.step_ms) std::cout << " " << ms;
  std::cout << "\n";
  if (steps_seen != request.scheduler_config.steps) return 1;
  for (size_t i = 0; i < result.waveforms.size(); ++i) {
    Write(out + "/clip_" + std::to_string(i) + ".bin", result.waveforms[i]);
    Write(out + "/events_" + std::to_string(i) + ".bin", at::cat(events[i]));
  }
  return 0;
}
