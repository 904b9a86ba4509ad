// Trains, inspects, validates and saves as told; training_trace.py does the same in PyTorch and
// compares.
//
//   training_trace MODEL.txt DATA.txt < COMMANDS
//
// A command is a line of an operation and its settings, key=value:
//   trainer [batch=N accumulate=N seed=N text=P dropout=P rate=X warmup=N schedule=S steps=N clip=X
//            ema=X threads=N bfloat16=1 scratch=1 rank=N alpha=X modules=A,B,… state=STATE.txt]
//            replaces the trainer; STATE.txt is a description of a file that was saved; prints
//            ready, the step, how many tensors are trained, whether the CPU multiplies bfloat16
//   step count=N         prints step, loss, rate, gradient norm, whether skipped, ms, ms of CPU
//   inspect step=N gradients=0|1 out=F   writes what it gives as safetensors
//   validate items=A,B,… draws=N seed=N ema=0|1 out=F
//   save out=F           writes the whole state, and merged/ of every weight of the UNet
// An error is printed as `error CODE MESSAGE`; the next command then follows.
//
// DATA.txt has a line `NAME values…` for each index list of TrainingData and a line `NAME FILE
// SIZE…` of raw float32 values for each of its tensors.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <map>
#include <sstream>

#include "model_description.h"
#include "module/jit_settings.h"
#include "ops/bfloat16.h"
#include "tensor/error.h"
#include "training/safetensors_writer.h"
#include "training/trainer.h"

namespace {

using Settings = std::map<std::string, std::string>;
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream fields(text);
  for (std::string part; std::getline(fields, part, separator);) parts.push_back(part);
  return parts;
}

at::Tensor ReadTensor(std::istream& fields) {
  std::string path;
  fields >> path;
  std::vector<int64_t> shape;
  for (int64_t size = 0; fields >> size;) shape.push_back(size);
  const at::Tensor tensor = at::empty(shape, at::kFloat);
  std::ifstream(path, std::ios::binary)
      .read(static_cast<char*>(tensor.mutable_data_ptr()), static_cast<int64_t>(tensor.nbytes()));
  return tensor;
}

audioldm::TrainingData ReadData(const std::string& path) {
  audioldm::TrainingData data;
  const std::map<std::string, at::Tensor*> tensors = {{"moments", &data.moments},
                                                      {"text", &data.text},
                                                      {"audio", &data.audio},
                                                      {"unconditional", &data.unconditional}};
  const std::map<std::string, std::vector<int64_t>*> lists = {{"moments_row", &data.moments_row},
                                                              {"text_rows", &data.text_rows},
                                                              {"text_start", &data.text_start},
                                                              {"audio_row", &data.audio_row}};
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string name;
    fields >> name;
    if (tensors.contains(name)) {
      *tensors.at(name) = ReadTensor(fields);
    } else {
      for (int64_t value = 0; fields >> value;) lists.at(name)->push_back(value);
    }
  }
  return data;
}

class Runner {
 public:
  Runner(const std::string& model, const std::string& data)
      : model_(audioldm::ReadModelDescription(model)), data_(ReadData(data)) {}

  void Run(const std::string& operation, const Settings& settings) {
    settings_ = settings;
    if (operation == "trainer") return MakeTrainer();
    if (operation == "step") return Step();
    if (operation == "inspect") return Inspect();
    if (operation == "validate") return Validate();
    if (operation == "save") return Save();
    throw std::runtime_error("unknown operation " + operation);
  }

 private:
  std::string Text(const std::string& name, const std::string& otherwise = "") const {
    const auto found = settings_.find(name);
    return found == settings_.end() ? otherwise : found->second;
  }
  double Number(const std::string& name, double otherwise = 0) const {
    return std::stod(Text(name, std::to_string(otherwise)));
  }
  int64_t Whole(const std::string& name, int64_t otherwise = 0) const {
    return std::stoll(Text(name, std::to_string(otherwise)));
  }

  void MakeTrainer() {
    at::set_num_threads(static_cast<int>(Whole("threads", 1)));
    audioldm::TrainerSpec spec;
    spec.files = model_.files;
    spec.unet = model_.unet;
    spec.scratch = Whole("scratch") != 0;
    spec.bfloat16 = Whole("bfloat16") != 0;
    spec.scaling_factor = model_.scaling_factor;
    spec.alphas_cumprod = model_.alphas_cumprod;
    spec.seed = std::stoull(Text("seed", "0"));
    spec.batch_size = Whole("batch", 1);
    spec.accumulate = Whole("accumulate", 1);
    spec.text_probability = Number("text", 1);
    spec.condition_dropout = Number("dropout", 0.1);
    spec.learning_rate = std::stod(Text("rate", "1e-4"));
    spec.warmup_steps = Whole("warmup");
    spec.schedule = Text("schedule", "constant");
    spec.total_steps = Whole("steps", 1000);
    spec.max_gradient_norm = Number("clip");
    spec.ema_decay = std::stod(Text("ema", "0.9999"));
    if (Whole("rank") > 0) {
      spec.lora =
          audioldm::LoraSpec{Whole("rank"), Number("alpha", 1), Split(Text("modules"), ',')};
    }
    if (!Text("state").empty()) {
      const audioldm::PipelineSpec saved = audioldm::ReadModelDescription(Text("state"));
      spec.state = saved.unet.weights;
      for (audioldm::WeightView& view : *spec.state) view.file += spec.files.size();
      spec.files.insert(spec.files.end(), saved.files.begin(), saved.files.end());
    }
    trainer_.reset();
    trainer_ = std::make_unique<audioldm::Trainer>(spec, [] { return false; });
    std::cout << "ready " << trainer_->step() << " " << trainer_->trainable().size() << " "
              << audioldm::MultipliesBfloat16() << "\n";
  }

  void Step() {
    for (int64_t i = 0; i < Whole("count", 1); ++i) {
      const std::clock_t start = std::clock();
      const audioldm::StepReport report = trainer_->Step(data_);
      const double cpu_ms = 1e3 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      std::cout << "step " << report.step << " " << report.loss << " " << report.learning_rate
                << " " << report.gradient_norm << " " << report.skipped << " " << report.ms << " "
                << cpu_ms << "\n";
    }
    struct rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::cout << "peak " << usage.ru_maxrss << " kB\n";
  }

  void Inspect() {
    const auto results =
        trainer_->Inspect(data_, Whole("step"), /*gradients=*/Whole("gradients") != 0);
    static const std::vector<std::string> kNames = {"latents",   "noise", "timesteps",
                                                    "condition", "items", "kind"};
    NamedTensors tensors;
    for (size_t i = 0; i < results.size(); ++i) {
      tensors.emplace_back(i < kNames.size() ? kNames[i]
                           : i == kNames.size()
                               ? "loss"
                               : "gradient/" + trainer_->trainable()[i - kNames.size() - 1].first,
                           results[i]);
    }
    audioldm::WriteSafetensors(Text("out"), tensors, {{"step", Text("step")}});
    std::cout << "inspected\n";
  }

  void Validate() {
    std::vector<int64_t> items;
    for (const std::string& item : Split(Text("items"), ',')) items.push_back(std::stoll(item));
    const at::Tensor errors =
        trainer_->Validate(data_, items, Whole("draws", 1), std::stoull(Text("seed", "0")),
                           Whole("ema") != 0, [] { return false; });
    audioldm::WriteSafetensors(Text("out"), {{"errors", errors}}, {});
    std::cout << "validated\n";
  }

  void Save() {
    std::vector<audioldm::SaveEntry> entries = {{"counters", "counters"}};
    for (const auto& [name, shape] : trainer_->trainable()) {
      for (const std::string group : {"trainable/", "ema/", "exp_avg/", "exp_avg_sq/"}) {
        entries.push_back({group + name, group + name});
      }
    }
    for (const audioldm::WeightView& view : model_.unet.weights) {
      entries.push_back({"merged/" + view.name, "merged/" + view.name});
    }
    trainer_->Save(Text("out"), entries, {{"quote\"d", "tab\there, \xC3\xA9 \\"}});
    std::cout << "saved\n";
  }

  audioldm::PipelineSpec model_;
  audioldm::TrainingData data_;
  Settings settings_;
  std::unique_ptr<audioldm::Trainer> trainer_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  audioldm::ApplyInferenceJitSettings();
  Runner runner(argv[1], argv[2]);
  std::cout << std::setprecision(17);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream fields(line);
    std::string operation;
    fields >> operation;
    Settings settings;
    for (std::string field; fields >> field;) {
      const size_t mark = field.find('=');
      settings[field.substr(0, mark)] = field.substr(mark + 1);
    }
    try {
      runner.Run(operation, settings);
    } catch (const audioldm::Error& error) {
      std::cout << "error " << audioldm::CodeName(error.code()) << " " << error.what() << "\n";
    }
    std::cout.flush();
  }
}
