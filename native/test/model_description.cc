#include "model_description.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tensor/dtype.h"

namespace audioldm {
namespace {

template <typename T>
T Read(std::istream& fields) {
  T value{};
  if (!(fields >> value)) throw std::runtime_error("unreadable model description");
  return value;
}

template <typename T>
std::vector<T> ReadMany(std::istream& fields, size_t count) {
  std::vector<T> values;
  for (size_t i = 0; i < count; ++i) values.push_back(Read<T>(fields));
  return values;
}

Attribute ReadAttribute(std::istream& fields) {
  Attribute attribute{Read<std::string>(fields), 0.0};
  const bool flags = Read<std::string>(fields) == "bool";
  const auto count = Read<std::string>(fields);
  if (count == "scalar") {
    const auto value = Read<double>(fields);
    if (flags) {
      attribute.value = value != 0;
    } else {
      attribute.value = value;
    }
    return attribute;
  }
  const auto values = ReadMany<double>(fields, std::stoul(count));
  if (flags) {
    attribute.value = std::vector<bool>(values.begin(), values.end());
  } else {
    attribute.value = values;
  }
  return attribute;
}

WeightView ReadTensor(std::istream& fields) {
  WeightView view;
  view.name = Read<std::string>(fields);
  view.file = Read<size_t>(fields);
  view.offset = Read<uint64_t>(fields);
  view.dtype = ParseDType(Read<std::string>(fields)).value();
  const auto dimensions = Read<size_t>(fields);
  view.shape = ReadMany<int64_t>(fields, dimensions);
  view.strides = ReadMany<int64_t>(fields, dimensions);
  return view;
}

PartSpec* PartOf(PipelineSpec& spec, const std::string& name) {
  if (name == "unet") return &spec.unet;
  if (name == "vae_decoder") return &spec.vae_decoder;
  if (name == "vocoder") return &spec.vocoder;
  if (name == "text_encoder") return &spec.text_encoder;
  if (name == "vae_encoder") return &spec.vae_encoder;
  if (name == "mel_spectrogram") return &spec.mel_spectrogram;
  if (name == "audio_encoder") return &spec.audio_encoder;
  throw std::runtime_error("unknown part " + name);
}

}  // namespace

PipelineSpec ReadModelDescription(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  PipelineSpec spec;
  PartSpec* part = nullptr;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    const auto kind = Read<std::string>(fields);
    if (kind == "dtype") {
      spec.dtype = ParseDType(Read<std::string>(fields)).value();
    } else if (kind == "scaling_factor") {
      spec.scaling_factor = Read<double>(fields);
    } else if (kind == "alphas_cumprod") {
      for (double alpha; fields >> alpha;) spec.alphas_cumprod.push_back(alpha);
    } else if (kind == "file") {
      spec.files.push_back(Read<std::string>(fields));
    } else if (kind == "part") {
      part = PartOf(spec, Read<std::string>(fields));
      part->archive = Read<std::string>(fields);
    } else if (kind == "attribute" && part != nullptr) {
      part->attributes.push_back(ReadAttribute(fields));
    } else if (kind == "tensor" && part != nullptr) {
      part->weights.push_back(ReadTensor(fields));
    } else {
      throw std::runtime_error("unknown line: " + line);
    }
  }
  return spec;
}

}  // namespace audioldm
