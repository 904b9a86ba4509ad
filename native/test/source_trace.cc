// Encodes, embeds, decodes and generates as told; source_trace.py runs diffusers and transformers
// on the same and compares.
//
//   source_trace MODEL.txt FOLDER < COMMANDS
//
// A command is a line of an operation and its settings, key=value; files lie in FOLDER and hold raw
// float32 values:
//   embed out=F waves=F clips=B
//   encode out=F waves=F clips=B [seeds=N,N…] [windows=FRAMES,OVERLAP]
//   decode out=F latents=F clips=B samples=N [windows=…]
//   generate out=F scheduler=S steps=N eta=X first=N guidance=X frames=N samples=N [windows=…]
//            clips=CLIP;CLIP…
// where CLIP is seed:ids:negative ids:embedding:init:mask, ids separated by commas and the last
// three files or nothing. What comes of the clips is written one after the other to `out`.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>

#include "diffusion/pipeline.h"
#include "model_description.h"
#include "module/jit_settings.h"
#include "tensor/error.h"

namespace {

constexpr int64_t kChannels = 8, kBins = 16, kWidth = 512;

using Settings = std::map<std::string, std::string>;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream fields(text + separator);
  for (std::string part; std::getline(fields, part, separator);) parts.push_back(part);
  return parts;
}

template <typename Number>
std::vector<Number> Numbers(const std::string& text) {
  std::vector<Number> numbers;
  for (const std::string& part : Split(text, ',')) numbers.push_back(std::stoull(part));
  return numbers;
}

class Runner {
 public:
  Runner(const std::string& description, std::string folder)
      : folder_(std::move(folder)),
        pipeline_(audioldm::ReadModelDescription(description), never_) {}

  void Run(const std::string& operation, const Settings& settings) {
    settings_ = settings;
    if (operation == "embed") return Write({pipeline_.EmbedAudio(Waves(), never_)});
    if (operation == "encode") return Encode();
    audioldm::DecodeRequest decode;
    decode.windows = Windows();
    const int64_t clips = operation == "decode" ? Number("clips") : Split(At("clips"), ';').size();
    decode.samples.assign(clips, Number("samples"));
    const audioldm::PipelineCallbacks quiet{[](int64_t, int64_t, const at::Tensor&) {},
                                            [](int64_t, int64_t, const at::Tensor&) {}, never_};
    if (operation == "decode") {
      const at::Tensor latents = Read(At("latents"), {clips, kChannels, -1, kBins});
      return Write(pipeline_.DecodeLatents(latents, decode, quiet).waveforms);
    }
    Write(pipeline_.Generate(Request(decode), quiet).waveforms);
  }

 private:
  std::string At(const std::string& name) const {
    const auto found = settings_.find(name);
    return found == settings_.end() ? "" : found->second;
  }
  int64_t Number(const std::string& name) const { return std::stoll(At(name)); }

  std::optional<audioldm::WindowSpec> Windows() const {
    if (At("windows").empty()) return std::nullopt;
    const auto numbers = Numbers<int64_t>(At("windows"));
    return audioldm::WindowSpec{numbers.at(0), numbers.at(1)};
  }

  at::Tensor Read(const std::string& name, std::vector<int64_t> shape) const {
    if (name.empty()) return {};
    std::ifstream file(folder_ + "/" + name, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + name);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const at::Tensor flat = at::empty({static_cast<int64_t>(bytes.size() / sizeof(float))});
    std::copy(bytes.begin(), bytes.end(), static_cast<char*>(flat.mutable_data_ptr()));
    return flat.view(shape);
  }

  at::Tensor Waves() const { return Read(At("waves"), {Number("clips"), -1}); }

  void Write(const std::vector<at::Tensor>& results) const {
    std::ofstream file(folder_ + "/" + At("out"), std::ios::binary);
    for (const at::Tensor& result : results) {
      const at::Tensor flat = result.to(at::kFloat).cpu().contiguous();
      file.write(static_cast<const char*>(flat.const_data_ptr()), flat.nbytes());
    }
  }

  void Encode() {
    audioldm::EncodeRequest request;
    if (!At("seeds").empty()) request.seeds = Numbers<uint64_t>(At("seeds"));
    request.windows = Windows();
    Write({pipeline_.EncodeAudio(Waves(), request, never_)});
  }

  audioldm::GenerateRequest Request(const audioldm::DecodeRequest& decode) const {
    audioldm::GenerateRequest request;
    request.decode = decode;
    request.scheduler = At("scheduler");
    request.scheduler_config.steps = Number("steps");
    request.scheduler_config.eta = std::stod(At("eta"));
    request.first_step = Number("first");
    request.latent_frames = Number("frames");
    for (const std::string& text : Split(At("clips"), ';')) {
      const auto fields = Split(text, ':');
      audioldm::ClipRequest clip;
      clip.seed = std::stoull(fields.at(0));
      clip.input_ids = Numbers<int64_t>(fields.at(1));
      clip.negative_input_ids = Numbers<int64_t>(fields.at(2));
      clip.guidance_scale = std::stod(At("guidance"));
      clip.embedding = Read(fields.at(3), {-1, kWidth});
      clip.init = Read(fields.at(4), {kChannels, -1, kBins});
      clip.mask = Read(fields.at(5), {-1, kBins});
      request.clips.push_back(clip);
    }
    return request;
  }

  std::function<bool()> never_ = [] { return false; };
  std::string folder_;
  audioldm::Pipeline pipeline_;
  Settings settings_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  at::set_num_threads(2);
  audioldm::ApplyInferenceJitSettings();
  try {
    Runner runner(argv[1], argv[2]);
    for (std::string line; std::getline(std::cin, line);) {
      const auto fields = Split(line, ' ');
      Settings settings;
      for (size_t i = 1; i < fields.size(); ++i) {
        const size_t equals = fields[i].find('=');
        settings[fields[i].substr(0, equals)] = fields[i].substr(equals + 1);
      }
      runner.Run(fields.at(0), settings);
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
