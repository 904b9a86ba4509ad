// Cancellation of the sampling loop, batch independence of its noise, and the vocoder's windows on
// a vocoder whose samples can be told in advance.

#include <ATen/ATen.h>

#include <functional>
#include <set>

#include "audio/vocoder_windows.h"
#include "checks.h"
#include "diffusion/feature_cache.h"
#include "diffusion/prediction.h"
#include "diffusion/registry.h"
#include "diffusion/sampler.h"
#include "diffusion/vae_windows.h"
#include "tensor/error.h"

namespace {

using audioldm::Check;

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
  const std::vector<audioldm::GuidedInterval> guidance(seeds.size(), {2.0});
  const audioldm::UNetFn unet = [](const at::Tensor& x, const at::Tensor&, const at::Tensor& c) {
    return x * 0.5 + c.select(1, 0).view({-1, 1, 1, 1});
  };
  const audioldm::Prediction prediction(unet, {(labels + 1).unsqueeze(1), labels, guidance},
                                        audioldm::Windows(4, {}), cancelled);
  const auto predict = [&](const at::Tensor& x, float t) { return prediction.Predict(x, t); };
  return audioldm::Sample({scheduler.get(), &noise, predict, {}},
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
      const at::Tensor wave =
          audioldm::Vocode(vocoder, geometry, mel, window, /*loop=*/false, samples,
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
  // A loop sounds as the middle of many rounds does, wherever it is cut into windows.
  const at::Tensor round = Smooth(mel.repeat({1, 3, 1}))[0].slice(0, 44, 88);
  for (const int64_t window : {0, 1, 3, 40}) {
    const at::Tensor wave =
        audioldm::Vocode(Smooth, geometry, mel, window, /*loop=*/true, 100,
                         {[](int64_t, const at::Tensor&) {}, [] { return false; }});
    Check(at::equal(wave, round), "a loop in windows of " + std::to_string(window));
  }
  bool refused = false;
  try {
    audioldm::Vocode(Smooth, {5, 2, 1}, mel, 0, /*loop=*/false, 44,
                     {[](int64_t, const at::Tensor&) {}, [] { return false; }});
  } catch (const audioldm::Error&) {
    refused = true;
  }
  Check(refused, "a vocoder of another hop");
}

// Windows cover a clip as asked, and their weights sum to 1.
void TestWindowGeometry() {
  for (const int64_t total : {1, 5, 24, 25, 40, 97, 1500}) {
    for (const auto& [frames, overlap] : {std::pair{24, 8}, {24, 0}, {24, 23}, {1, 0}, {256, 64}}) {
      const audioldm::Windows windows(total, audioldm::WindowSpec{frames, overlap});
      const std::string what = "windows of " + std::to_string(frames) + " less " +
                               std::to_string(overlap) + " over " + std::to_string(total);
      const int64_t length = std::min<int64_t>(frames, total);
      const int64_t expected =
          total <= frames ? 1 : (total - overlap + frames - overlap - 1) / (frames - overlap);
      Check(windows.count() == expected && windows.frames() == length, what + ": their number");
      const int64_t last = windows.count() - 1;
      Check(windows.start(0) == 0 && windows.start(last) == total - length, what + ": ends");
      for (int64_t k = 0; k < last; ++k) {
        const int64_t shared = windows.start(k) + length - windows.start(k + 1);
        Check(shared >= overlap, what + ": overlap");
      }
      for (const int64_t values : {1, 4}) {
        const at::Tensor weights = windows.Weights(values);
        at::Tensor sums = at::zeros({values * total}, at::kDouble);
        for (int64_t k = 0; k <= last; ++k) {
          sums.narrow(0, values * windows.start(k), values * length).add_(weights[k]);
        }
        Check((sums - 1).abs().max().item<double>() < 1e-6, what + ": weights sum to 1");
        Check((weights >= 0).all().item<bool>(), what + ": weights are not negative");
      }
    }
  }
  for (const audioldm::WindowSpec wrong :
       {audioldm::WindowSpec{0, 0}, {4, 4}, {4, 9}, {-3, -4}, {4, -1}}) {
    bool refused = false;
    try {
      audioldm::Windows(100, wrong);
    } catch (const audioldm::Error&) {
      refused = true;
    }
    Check(refused, "windows of " + std::to_string(wrong.frames) + " that overlap by " +
                       std::to_string(wrong.overlap));
  }
}

// A UNet that answers with its labels, and counts the frames it is shown.
void TestPrediction() {
  for (const int64_t clips : {1, 3, 7}) {
    for (const int64_t total : {24, 40, 80, 160}) {
      const audioldm::Windows windows(total, audioldm::WindowSpec{24, 8});
      int64_t rows = 0;
      const audioldm::UNetFn unet = [&](const at::Tensor& x, const at::Tensor& t,
                                        const at::Tensor& labels) {
        rows += x.size(0);
        Check(x.size(0) == t.size(0) && x.size(0) == labels.size(0) && x.size(2) <= 24,
              "what the UNet sees");
        Check(x.size(0) <= 2 * std::max<int64_t>(clips, 4), "a call of the UNet is bounded");
        return x + labels.select(1, 0).view({-1, 1, 1, 1});
      };
      const int64_t count = windows.count();
      // Clip b in window k is conditioned on 10 b + k.
      const at::Tensor conditions = 10 * at::arange(clips, at::kFloat).view({-1, 1, 1}) +
                                    at::arange(count, at::kFloat).view({1, -1, 1});
      const at::Tensor none = at::full({clips, 1}, -1.0f);
      const std::vector<audioldm::GuidedInterval> guided(clips, {3.0, 5, 7});
      const audioldm::Prediction prediction(unet, {conditions, none, guided}, windows,
                                            [] { return false; });
      const at::Tensor x = at::randn({clips, 2, total, 3});
      const at::Tensor noise = prediction.Predict(x, 5);
      Check(rows == 2 * clips * count, "the UNet is called once for each window");

      const at::Tensor weights = windows.Weights();
      at::Tensor expected = x.clone();
      for (int64_t k = 0; k < count; ++k) {
        expected.narrow(2, windows.start(k), windows.frames())
            .add_((3 * conditions.select(1, k) - 2 * none).view({-1, 1, 1, 1}) *
                  weights[k].view({-1, 1}));
      }
      Check(at::allclose(noise, expected, 1e-5, 1e-5), "windows have their own conditions");
      if (count == 1) {
        const audioldm::Guidance guidance(conditions.select(1, 0), none,
                                          std::vector<double>(clips, 3.0));
        Check(at::equal(noise, guidance.Predict(unet, x, 5)), "one window is the plain prediction");
      }
      rows = 0;
      const at::Tensor outside = prediction.Predict(x, 7.5);
      Check(rows == clips * count, "timesteps outside the interval take half the work");
      if (count == 1) {
        const at::Tensor conditional = x + conditions.select(1, 0).view({-1, 1, 1, 1});
        Check(at::equal(outside, conditional), "timesteps outside the interval are not guided");
      }
      const audioldm::Prediction cancelled(unet, {conditions, none, guided}, windows,
                                           [] { return true; });
      bool aborted = false;
      try {
        cancelled.Predict(x, 5);
      } catch (const audioldm::Aborted&) {
        aborted = true;
      }
      Check(aborted == (count > std::max<int64_t>(1, 4 / clips)),
            "an abort takes effect between calls of the UNet");
    }
  }
}

// The deep features are numbers that say which step they were computed at, and for which call.
void TestFeatureCache() {
  double now = 0;
  audioldm::FeatureCache cache(
      3,
      [&](const at::Tensor& x, const at::Tensor&, const at::Tensor& labels) {
        return std::pair(x, at::full_like(x, now) + labels);
      },
      [](const at::Tensor&, const at::Tensor&, const at::Tensor&, const at::Tensor& deep) {
        return deep;
      });
  const at::Tensor pair = at::zeros({2, 1});
  const at::Tensor single = at::zeros({1, 1});
  const auto call = [&](const at::Tensor& x, double label) {
    return cache(x, at::Tensor(), at::full_like(x, label)).max().item<double>();
  };
  for (int step = 0; step < 7; ++step) {
    now = 10 * step;
    cache.NextStep();
    const double of = step % 3 == 0 ? 0 : 10 * (step - step % 3);
    for (const double label : {1.0, 2.0}) {
      const double expected = step % 3 == 0 ? 0 : of + label;
      Check(call(pair, label) == expected, "deep features are those of their step and call");
    }
  }
  now = 70;
  cache.NextStep();
  Check(call(single, 5) == 0, "another batch is computed whole");
  now = 80;
  cache.NextStep();
  Check(call(single, 6) == 75, "and its deep features are kept");
}

// Networks that work frame by frame give in windows what they give at once.
void TestVaeWindows() {
  const auto never = [] { return false; };
  std::multiset<int64_t> lengths;
  const audioldm::VaeDecoderFn decoder = [&](const at::Tensor& z) {
    lengths.insert(z.size(2));
    return z.narrow(1, 0, 1).repeat_interleave(4, 2).repeat_interleave(4, 3) * 2;
  };
  const audioldm::VaeEncoderFn encoder = [&](const at::Tensor& mel) {
    return at::avg_pool2d(mel, {4, 4});
  };
  for (const int64_t total : {5, 24, 25, 100}) {
    const audioldm::Windows windows(total, audioldm::WindowSpec{24, 8});
    const at::Tensor z = at::randn({1, 2, total, 3});
    lengths.clear();
    const at::Tensor mel = audioldm::DecodeInWindows(decoder, z, windows, never);
    const bool bounded = *lengths.rbegin() <= 24;
    Check(bounded && static_cast<int64_t>(lengths.size()) == windows.count(), "decoded windows");
    Check(at::allclose(mel, decoder(z), 1e-6, 1e-6), "decoding in windows");
    const at::Tensor moments = audioldm::EncodeInWindows(encoder, mel, windows, never);
    Check(at::allclose(moments, 2 * z.narrow(1, 0, 1), 1e-5, 1e-5), "encoding in windows");
  }
}

}  // namespace

int main() {
  TestSampling();
  TestWindows();
  TestWindowGeometry();
  TestPrediction();
  TestFeatureCache();
  TestVaeWindows();
  return audioldm::Summarize();
}
