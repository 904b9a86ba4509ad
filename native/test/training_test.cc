// The parts of training that need no model: data order, draws, learning rate, averages, checks of
// what is given, and files that cannot be written.

#include <ATen/ATen.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <set>

#include "checks.h"
#include "training/draws.h"
#include "training/ema.h"
#include "training/items.h"
#include "training/learning_rate.h"
#include "training/random_seed.h"
#include "training/safetensors_writer.h"
#include "training/trainer.h"
#include "training/training_batch.h"
#include "training/training_data.h"

namespace {

using audioldm::Check;
using audioldm::CheckRefused;
using audioldm::ErrorCode;
using audioldm::TrainingData;

// The first of the generator's numbers for seed 0, as its author publishes them.
void TestSplitMix() {
  uint64_t state = 0;
  Check(audioldm::SplitMix64(state) == 0xE220A8397B1DCDAF, "first number of splitmix64");
  Check(audioldm::SplitMix64(state) == 0x6E789E6AA1B965F4, "second number of splitmix64");
  using audioldm::RandomStream;
  std::set<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    for (const auto stream : {RandomStream::kStep, RandomStream::kEpoch}) {
      for (uint64_t n = 0; n < 50; ++n) seeds.insert(audioldm::SeedOf(seed, stream, n));
    }
  }
  Check(seeds.size() == 300, "seeds differ");
}

std::vector<int64_t> Order(uint64_t seed, int64_t per_step, int64_t items, int64_t steps) {
  std::vector<int64_t> order;
  for (int64_t step = 0; step < steps; ++step) {
    const auto taken = audioldm::ItemsOf(seed, step, per_step, items);
    order.insert(order.end(), taken.begin(), taken.end());
  }
  return order;
}

void TestItems() {
  for (const int64_t items : {1, 2, 7, 64}) {
    const std::vector<int64_t> order = Order(3, 1, items, 3 * items);
    std::set<std::vector<int64_t>> epochs;
    for (int64_t epoch = 0; epoch < 3; ++epoch) {
      const auto begin = order.begin() + epoch * items;
      Check(std::set<int64_t>(begin, begin + items).size() == static_cast<size_t>(items),
            std::to_string(items) + " items: each once an epoch");
      epochs.insert({begin, begin + items});
    }
    Check(items < 7 || epochs.size() == 3, std::to_string(items) + " items: epochs differ");
    for (const int64_t per_step : {2, 3, 5, 200}) {
      std::vector<int64_t> longer = Order(3, per_step, items, 3 * items);
      longer.resize(order.size());
      Check(longer == order, "the order does not depend on the size of a step");
    }
  }
  Check(Order(3, 1, 64, 64) != Order(4, 1, 64, 64), "the order follows the seed");

  // How often an item comes first, over many epochs: 1000 expected, with a deviation of 30.
  std::vector<int> first(8, 0);
  for (int64_t epoch = 0; epoch < 8000; ++epoch) ++first[audioldm::ItemsOf(1, 8 * epoch, 1, 8)[0]];
  for (const int count : first) Check(std::abs(count - 1000) < 150, "a fair first item");

  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  CheckRefused([] { audioldm::ItemsOf(0, 0, 1, 0); }, ErrorCode::kEngineFailed, "of 0 items");
  CheckRefused([] { audioldm::ItemsOf(0, -1, 1, 5); }, ErrorCode::kEngineFailed, "Step -1");
  CheckRefused([] { audioldm::ItemsOf(0, kHuge, 2, 5); }, ErrorCode::kEngineFailed, "cannot take");
  CheckRefused([] { audioldm::ItemsOf(0, 0, 1, kHuge); }, ErrorCode::kEngineFailed, "cannot take");
  CheckRefused([] { audioldm::ItemsOf(0, 0, kHuge, 5); }, ErrorCode::kEngineFailed, "cannot take");
}

// Three items, of which the last has neither caption nor sound.
TrainingData SomeData() {
  TrainingData data;
  data.moments = at::zeros({3, 4, 2, 2});
  data.moments_row = {0, 2, 1};
  data.text = at::full({4, 5}, 1.0f);
  data.text_rows = {0, 1, 3};
  data.text_start = {0, 1, 3, 3};
  data.audio = at::full({2, 5}, 2.0f);
  data.audio_row = {1, 0, -1};
  data.unconditional = at::full({5}, 3.0f);
  return data;
}

void TestConditions() {
  const TrainingData data = SomeData();
  audioldm::CheckTrainingData(data, 2, 5);
  constexpr int64_t kSamples = 20000;
  const audioldm::Draws draws = audioldm::DrawStep(5, 7, kSamples, 1000, {2, 2, 2});
  const std::vector<int64_t> items(kSamples, 1);
  for (const auto& [text, dropout] : {std::pair{0.0, 0.0}, {1.0, 0.0}, {0.3, 0.1}, {0.5, 1.0}}) {
    const audioldm::TrainingBatch batch =
        audioldm::MakeBatch(data, items, draws, {text, dropout}, 1);
    const double expected[] = {text * (1 - dropout), (1 - text) * (1 - dropout), dropout};
    for (int64_t kind = 0; kind < 3; ++kind) {
      const at::Tensor rows = batch.kinds == kind;
      const double share = rows.to(at::kDouble).mean().item<double>();
      // Never where the probability is 0; else four deviations.
      const double allowed = 4 * std::sqrt(expected[kind] * (1 - expected[kind]) / kSamples);
      Check(std::abs(share - expected[kind]) <= allowed,
            "share of kind " + std::to_string(kind) + ": " + std::to_string(share));
      const at::Tensor used = batch.conditions.index({rows});
      Check((used == static_cast<double>(kind + 1)).all().item<bool>(),
            "the embeddings of kind " + std::to_string(kind));
    }
  }
  const double mean = draws.timesteps.to(at::kDouble).mean().item<double>();
  Check(std::abs(mean - 499.5) < 10 && draws.timesteps.min().item<int64_t>() >= 0 &&
            draws.timesteps.max().item<int64_t>() < 1000,
        "timesteps are uniform");
  Check(at::bincount(draws.timesteps, {}, 1000).min().item<int64_t>() > 0, "all timesteps come up");

  const auto with_item = [&](int64_t item, double text) {
    audioldm::MakeBatch(data, {item}, audioldm::DrawStep(0, 0, 1, 10, {2, 2, 2}), {text, 0}, 1);
  };
  CheckRefused([&] { with_item(2, 1); }, ErrorCode::kEngineFailed, "Item 2");
  CheckRefused([&] { with_item(2, 1); }, ErrorCode::kEngineFailed, "no caption");
  CheckRefused([&] { with_item(2, 0); }, ErrorCode::kEngineFailed, "no audio embedding");
  CheckRefused([&] { with_item(3, 1); }, ErrorCode::kEngineFailed, "does not exist");
  CheckRefused([&] { with_item(-1, 1); }, ErrorCode::kEngineFailed, "does not exist");
}

void TestDataChecks() {
  const auto refuse = [](const std::function<void(TrainingData&)>& spoil,
                         const std::string& message) {
    TrainingData data = SomeData();
    spoil(data);
    CheckRefused([&] { audioldm::CheckTrainingData(data, 2, 5); }, ErrorCode::kEngineFailed,
                 message);
  };
  refuse([](TrainingData& d) { d.moments_row = {}; }, "no items");
  refuse([](TrainingData& d) { d.moments = at::Tensor(); }, "'moments' is missing");
  refuse([](TrainingData& d) { d.moments = at::zeros({3, 4, 2}); }, "'moments' is [3, 4, 2]");
  refuse([](TrainingData& d) { d.moments = at::zeros({3, 6, 2, 2}); }, "not [rows, 4,");
  refuse([](TrainingData& d) { d.moments = at::zeros({3, 4, 0, 2}); }, "'moments' is");
  refuse([](TrainingData& d) { d.moments = d.moments.to(at::kDouble); }, "not float32");
  refuse([](TrainingData& d) { d.moments_row[1] = 3; }, "entry 1 of 'momentsRow' is row 3 of 3");
  refuse([](TrainingData& d) { d.moments_row[1] = -2; }, "'momentsRow'");
  refuse([](TrainingData& d) { d.text = at::zeros({4, 6}); }, "'text' is [4, 6]");
  refuse([](TrainingData& d) { d.text_rows[2] = 4; }, "entry 2 of 'textRows'");
  refuse([](TrainingData& d) { d.text_rows[2] = -1; }, "entry 2 of 'textRows'");
  refuse([](TrainingData& d) { d.text_start = {0, 1, 3}; }, "'textStart' has 3 entries, not 4");
  refuse([](TrainingData& d) { d.text_start = {0, 2, 1, 3}; }, "'textStart' does not rise");
  refuse([](TrainingData& d) { d.text_start = {0, 1, 3, 4}; }, "'textStart' does not rise");
  refuse([](TrainingData& d) { d.text_start = {-1, 1, 3, 3}; }, "'textStart' does not rise");
  refuse([](TrainingData& d) { d.audio_row = {0, 1}; }, "'audioRow' has 2 entries");
  refuse([](TrainingData& d) { d.audio_row[0] = 2; }, "entry 0 of 'audioRow'");
  refuse([](TrainingData& d) { d.unconditional = at::Tensor(); }, "'unconditional' is missing");
  refuse([](TrainingData& d) { d.unconditional = at::zeros({4}); }, "'unconditional' is [4]");
  TrainingData data = SomeData();
  data.text = data.audio = at::Tensor();
  audioldm::CheckTrainingData(data, 2, 5);
}

void TestSchedules() {
  const audioldm::LearningRate constant{2.0, 4, false, 10};
  const audioldm::LearningRate cosine{2.0, 4, true, 12};
  for (const auto& rate : {constant, cosine}) {
    Check(rate.At(0) == 0.5 && rate.At(1) == 1 && rate.At(3) == 2 && rate.At(4) == 2, "warm-up");
  }
  Check(constant.At(1000000) == 2, "a constant rate stays");
  Check(std::abs(cosine.At(8) - 1) < 1e-12, "a cosine is half way down half way through");
  Check(cosine.At(11) > 0 && cosine.At(12) < 1e-12 && cosine.At(99) < 1e-12, "it ends at 0");
  const audioldm::LearningRate all_warmup{1.0, 10, true, 10};
  Check(all_warmup.At(9) == 1 && std::isfinite(all_warmup.At(10)), "nothing but warm-up");

  Check(audioldm::EmaDecay(0.9999, 1) == 2.0 / 11 && audioldm::EmaDecay(0.9999, 990) == 0.991,
        "the decay rises");
  Check(audioldm::EmaDecay(0.9999, 1000000) == 0.9999 && audioldm::EmaDecay(0.1, 1) == 0.1,
        "up to its limit");
  std::vector<at::Tensor> average = {at::full({3}, 8.0f)};
  audioldm::UpdateEma(average, {at::full({3}, 4.0f)}, 0.75);
  Check(at::equal(average[0], at::full({3}, 7.0f)), "an average moves by 1 - decay");
}

void TestFiles(const std::string& folder) {
  const std::string path = folder + "/file";
  const std::vector<std::pair<std::string, at::Tensor>> good = {{"a", at::ones({2})}};
  CheckRefused([&] { audioldm::WriteSafetensors(folder + "/none/x", good, {}); },
               ErrorCode::kOutputFailed, "ENOENT: No such file");
  std::ofstream(path) << "mine";
  CheckRefused([&] { audioldm::WriteSafetensors(path, good, {}); }, ErrorCode::kOutputFailed,
               "EEXIST");
  Check(std::filesystem::file_size(path) == 4, "a file that exists is left alone");
  std::filesystem::remove(path);

  for (const float wrong :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const at::Tensor spoiled = at::ones({100});
    spoiled[57] = wrong;
    CheckRefused(
        [&] { audioldm::WriteSafetensors(path, {{"a", good[0].second}, {"b", spoiled}}, {}); },
        ErrorCode::kDiverged, "'b'");
  }
  CheckRefused([&] { audioldm::WriteSafetensors(path, {good[0], good[0]}, {}); },
               ErrorCode::kEngineFailed, "'a'");
  CheckRefused([&] { audioldm::WriteSafetensors(path, {{"h", at::ones({2}, at::kHalf)}}, {}); },
               ErrorCode::kEngineFailed, "'h'");

  // A full disk, as far as a process can have one: writes beyond the limit fail.
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const struct rlimit small{4096, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  CheckRefused([&] { audioldm::WriteSafetensors(path, {{"a", at::ones({5000})}}, {}); },
               ErrorCode::kOutputFailed, "EFBIG");
  ::setrlimit(RLIMIT_FSIZE, &before);
  Check(!std::filesystem::exists(path), "no file is left where writing failed");
}

void TestSpecs() {
  const auto refuse = [](const std::function<void(audioldm::TrainerSpec&)>& spoil,
                         const std::string& message) {
    audioldm::TrainerSpec spec;
    spec.alphas_cumprod = {0.9, 0.5};
    spoil(spec);
    CheckRefused([&] { audioldm::Trainer(spec, [] { return false; }); }, ErrorCode::kEngineFailed,
                 message);
  };
  using Spec = audioldm::TrainerSpec;
  refuse([](Spec& s) { s.batch_size = 0; }, "samples in a step");
  refuse([](Spec& s) { s.batch_size = s.accumulate = int64_t{1} << 40; }, "samples in a step");
  refuse([](Spec& s) { s.text_probability = std::nan(""); }, "probabilities");
  refuse([](Spec& s) { s.condition_dropout = 1.5; }, "probabilities");
  refuse([](Spec& s) { s.learning_rate = -1; }, "learning rate");
  refuse([](Spec& s) { s.schedule = "linear"; }, "'linear'");
  refuse([](Spec& s) { s.beta2 = 1; }, "betas");
  refuse([](Spec& s) { s.epsilon = 0; }, "epsilon");
  refuse([](Spec& s) { s.ema_decay = 2; }, "EMA decay");
  refuse([](Spec& s) { s.alphas_cumprod = {}; }, "alphasCumprod");
  refuse([](Spec& s) { s.alphas_cumprod[1] = 1.5; }, "alphasCumprod");
  refuse([](Spec& s) { s.device = "gpu"; }, "'gpu'");
  refuse([](Spec& s) { s.unet.archive = "/none.pt"; }, "/none.pt");
}

}  // namespace

int main() {
  char name[] = "/tmp/audioldm-training-XXXXXX";
  if (::mkdtemp(name) == nullptr) return 2;
  TestSplitMix();
  TestItems();
  TestConditions();
  TestDataChecks();
  TestSchedules();
  TestFiles(name);
  TestSpecs();
  std::filesystem::remove_all(name);
  return audioldm::Summarize();
}
