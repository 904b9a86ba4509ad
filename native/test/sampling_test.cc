// Cancellation of the sampling loop, batch independence of its noise, and the vocoder's windows on
// a vocoder whose samples can be told in advance.

#include <ATen/ATen.h>

#include <iostream>

#include "audio/vocoder_windows.h"
#include "diffusion/registry.h"
#include "diffusion/sampler.h"
#include "tensor/error.h"

namespace {

int failures = 0;

void Check(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::cerr << "FAIL " << what << "\n";
}

audioldm::SchedulerConfig Config(int64_t steps) {
  audioldm::SchedulerConfig config;
  config.steps = steps;
  config.eta = 1;
  double product = 1;
  for (int i = 0; i < 1000; ++i) config.alphas_cumprod.push_back(product *= 1 - 1e-3);
  return config;
}

at::Tensor Run(const std::vector<uint64_t>& seeds, const std::function<bool()>& cancelled,
               int64_t* steps) {
  const auto scheduler = audioldm::CreateScheduler("ddim", Config(10));
  audioldm::Noise noise(seeds, {8, 4, 16}, at::Device(at::kCPU));
  const at::Tensor labels = at::zeros({static_cast<int64_t>(seeds.size()), 512});
  const std::vector<double> scales(seeds.size(), 2.0);
  const audioldm::Guidance guidance(labels + 1, labels, scales);
  const audioldm::UNetFn unet = [](const at::Tensor& x, const at::Tensor&, const at::Tensor& c) {
    return x * 0.5 + c.select(1, 0).view({-1, 1, 1, 1});
  };
  return audioldm::Sample({scheduler.get(), &noise, &guidance}, unet,
                          {[&](int64_t step, const at::Tensor&) { *steps = step; }, cancelled})
      .latents;
}

void TestSampling() {
  int64_t steps = 0;
  const at::Tensor batch = Run({7, 8, 9}, [] { return false; }, &steps);
  Check(steps == 10, "ten steps are taken");
  const at::Tensor alone = Run({8}, [] { return false; }, &steps);
  Check(at::allclose(batch[1], alone[0], 1e-6, 1e-6), "a clip does not depend on its batch");
  Check(!at::allclose(batch[0], batch[1]), "seeds matter");

  steps = 0;
  bool aborted = false;
  try {
    Run({7}, [&] { return steps == 3; }, &steps);
  } catch (const audioldm::Aborted& error) {
    aborted = error.code() == audioldm::ErrorCode::kAborted;
  }
  Check(aborted && steps == 3, "an abort takes effect before the next step");

  for (const std::string& name : audioldm::SchedulerNames()) {
    for (const int64_t wrong : {0, -1, 1001}) {
      bool refused = false;
      try {
        audioldm::CreateScheduler(name, Config(wrong));
      } catch (const audioldm::Error&) {
        refused = true;
      }
      Check(refused, name + " with " + std::to_string(wrong) + " steps");
    }
  }
}

// Sample n is the mean of the frames around frame n / 4, one on either side; hop 4, tail 2.
at::Tensor Smooth(const at::Tensor& mel) {
  const at::Tensor frames = mel.select(2, 0);
  const at::Tensor padded = at::constant_pad_nd(frames, {1, 1});
  const int64_t count = frames.size(1);
  const at::Tensor mean =
      (padded.narrow(1, 0, count) + padded.narrow(1, 1, count) + padded.narrow(1, 2, count)) / 3;
  return at::constant_pad_nd(mean.repeat_interleave(4, 1), {0, 2}, 9);
}

void TestWindows() {
  const audioldm::VocoderGeometry geometry{4, 2, 1};
  const at::Tensor mel = at::randn({1, 11, 3});
  const at::Tensor whole = Smooth(mel)[0];
  for (const int64_t window : {0, 1, 3, 10, 11, 40}) {
    for (const int64_t samples : {0, 1, 13, 44, 46, 100}) {
      std::vector<at::Tensor> stretches = {at::empty({0})};
      int64_t end = 0;
      int64_t calls = 0;
      const auto vocoder = [&](const at::Tensor& x) {
        ++calls;
        return Smooth(x);
      };
      const at::Tensor wave = audioldm::Vocode(vocoder, geometry, mel, window, samples,
                                               {[&](int64_t start, const at::Tensor& stretch) {
                                                  if (start != end) end = -1000;
                                                  end += stretch.size(0);
                                                  stretches.push_back(stretch);
                                                },
                                                [] { return false; }});
      const std::string what =
          "window " + std::to_string(window) + ", samples " + std::to_string(samples);
      Check(at::equal(wave, whole.slice(0, 0, samples)), what);
      Check(at::equal(at::cat(stretches), wave) && end == wave.size(0), what + ": stretches");
      const int64_t width = 4 * (window > 0 ? window : 11);
      const int64_t needed = (std::min<int64_t>(samples, 44) + width - 1) / width;
      Check(calls == needed, what + ": " + std::to_string(calls) + " windows computed");
    }
  }
  bool refused = false;
  try {
    audioldm::Vocode(Smooth, {5, 2, 1}, mel, 0, 44,
                     {[](int64_t, const at::Tensor&) {}, [] { return false; }});
  } catch (const audioldm::Error&) {
    refused = true;
  }
  Check(refused, "a vocoder of another hop");
}

}  // namespace

int main() {
  TestSampling();
  TestWindows();
  std::cout << failures << " failures\n";
  return failures == 0 ? 0 : 1;
}
