#include "binding/parse.h"

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "binding/native_tensor.h"
#include "tensor/dtype.h"

namespace audioldm {
namespace {

[[noreturn]] void Wrong(Napi::Env env, const std::string& field, const char* expected) {
  throw Napi::TypeError::New(env, "native request: " + field + " is not " + expected);
}

Napi::Value Field(const Napi::Object& object, const char* name) { return object.Get(name); }

std::string String(const Napi::Object& object, const char* name) {
  return ParseString(Field(object, name), name);
}

double AsNumber(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) Wrong(value.Env(), name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

double Number(const Napi::Object& object, const char* name) {
  return AsNumber(Field(object, name), name);
}

// Whole numbers of JavaScript are exact up to 2^53; NaN fails every comparison.
bool IsWhole(double value) { return std::abs(value) <= 0x1p53 && std::floor(value) == value; }

int64_t AsInteger(const Napi::Value& value, const char* name) {
  const double number = AsNumber(value, name);
  if (!IsWhole(number)) Wrong(value.Env(), name, "a whole number");
  return static_cast<int64_t>(number);
}

int64_t Integer(const Napi::Object& object, const char* name) {
  return AsInteger(Field(object, name), name);
}

// A whole number of 0 and more.
int64_t Count(const Napi::Object& object, const char* name) {
  const int64_t value = Integer(object, name);
  if (value < 0) Wrong(object.Env(), name, "0 or more");
  return value;
}

bool Bool(const Napi::Object& object, const char* name) {
  auto value = Field(object, name);
  if (!value.IsBoolean()) Wrong(object.Env(), name, "a boolean");
  return value.As<Napi::Boolean>();
}

Napi::Object AsObject(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) Wrong(value.Env(), name, "an object");
  return value.As<Napi::Object>();
}

Napi::Object Object(const Napi::Object& object, const char* name) {
  return AsObject(Field(object, name), name);
}

bool IsAbsent(const Napi::Value& value) { return value.IsUndefined() || value.IsNull(); }

// A tensor, or an undefined one where the field is absent.
at::Tensor OptionalTensor(const Napi::Object& object, const char* name) {
  const Napi::Value value = Field(object, name);
  return IsAbsent(value) ? at::Tensor() : NativeTensor::TensorOf(value);
}

Napi::Array Array(const Napi::Object& object, const char* name) {
  return ParseArray(Field(object, name), name);
}

std::vector<std::string> Strings(const Napi::Object& object, const char* name) {
  auto array = Array(object, name);
  std::vector<std::string> values;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value item = array.Get(i);
    if (!item.IsString()) Wrong(object.Env(), name, "an array of strings");
    values.push_back(item.As<Napi::String>());
  }
  return values;
}

std::vector<int64_t> Integers(const Napi::Object& object, const char* name) {
  auto array = Array(object, name);
  std::vector<int64_t> values;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::HandleScope scope(object.Env());
    const Napi::Value item = array.Get(i);
    const double value = item.IsNumber() ? item.As<Napi::Number>().DoubleValue() : NAN;
    if (!IsWhole(value)) Wrong(object.Env(), name, "an array of whole numbers");
    values.push_back(static_cast<int64_t>(value));
  }
  return values;
}

// The elements of a typed array of exactly this type: another one would be read past its end.
template <typename T>
T Elements(const Napi::Value& value, napi_typedarray_type type, const char* name,
           const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    Wrong(value.Env(), name, expected);
  }
  return value.As<T>();
}

c10::ScalarType DType(const Napi::Object& object, const char* name) {
  auto dtype = ParseDType(String(object, name));
  if (!dtype) Wrong(object.Env(), name, "a dtype");
  return *dtype;
}

AttributeValue ParseAttribute(const std::string& name, const Napi::Value& value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue();
  if (!value.IsArray()) Wrong(value.Env(), name, "a number, a boolean or an array of one of them");
  auto array = value.As<Napi::Array>();
  std::vector<double> numbers;
  std::vector<bool> flags;
  for (uint32_t i = 0; i < array.Length(); i++) {
    auto item = array.Get(i);
    if (item.IsBoolean()) {
      flags.push_back(item.As<Napi::Boolean>());
    } else if (item.IsNumber()) {
      numbers.push_back(item.As<Napi::Number>());
    } else {
      Wrong(value.Env(), name, "an array of numbers or booleans");
    }
  }
  if (!flags.empty()) return flags;
  return numbers;
}

PartSpec ParsePart(const Napi::Object& part) {
  PartSpec spec;
  spec.archive = String(part, "archive");
  auto attributes = Object(part, "attributes");
  auto names = attributes.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    std::string name = names.Get(i).As<Napi::String>();
    spec.attributes.push_back({name, ParseAttribute(name, attributes.Get(name))});
  }
  auto weights = Array(part, "weights");
  for (uint32_t i = 0; i < weights.Length(); i++) {
    Napi::HandleScope scope(part.Env());
    auto weight = AsObject(weights.Get(i), "an entry of weights");
    spec.weights.push_back({String(weight, "name"), static_cast<size_t>(Count(weight, "file")),
                            static_cast<uint64_t>(Count(weight, "offset")), DType(weight, "dtype"),
                            Integers(weight, "shape"), Integers(weight, "strides")});
  }
  return spec;
}

TimestepSpacing ParseSpacing(const Napi::Object& scheduler) {
  const std::string name = String(scheduler, "timestepSpacing");
  if (name == "leading") return TimestepSpacing::kLeading;
  if (name == "linspace") return TimestepSpacing::kLinspace;
  if (name == "trailing") return TimestepSpacing::kTrailing;
  Wrong(scheduler.Env(), "timestepSpacing", "leading, linspace or trailing");
}

uint64_t ParseSeed(const Napi::Value& seed) {
  if (!seed.IsBigInt()) Wrong(seed.Env(), "seed", "a bigint");
  bool lossless = false;
  const uint64_t value = seed.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) Wrong(seed.Env(), "seed", "from 0 to 2^64 - 1");
  return value;
}

ClipRequest ParseClip(const Napi::Object& clip) {
  ClipRequest request;
  request.input_ids = ParseTokenIds(clip.Get("inputIds"));
  request.negative_input_ids = ParseTokenIds(clip.Get("negativeInputIds"));
  request.guidance_scale = Number(clip, "guidanceScale");
  request.seed = ParseSeed(clip.Get("seed"));
  request.embedding = OptionalTensor(clip, "embedding");
  request.init = OptionalTensor(clip, "init");
  request.mask = OptionalTensor(clip, "mask");
  return request;
}

std::optional<WindowSpec> ParseWindows(const Napi::Object& request) {
  const Napi::Value value = Field(request, "windows");
  if (IsAbsent(value)) return std::nullopt;
  const Napi::Object windows = AsObject(value, "windows");
  return WindowSpec{Count(windows, "frames"), Count(windows, "overlap")};
}

// Loaded when first used; without an archive where it is absent.
PartSpec ParseOptionalPart(const Napi::Object& parts, const char* name) {
  return IsAbsent(Field(parts, name)) ? PartSpec{} : ParsePart(Object(parts, name));
}

}  // namespace

int ParseThreads(const Napi::Value& value) {
  const int64_t threads = AsInteger(value, "threads");
  if (threads < 1 || threads > 1024) Wrong(value.Env(), "threads", "1 to 1024");
  return static_cast<int>(threads);
}

std::map<std::string, double> ParseNumbers(const Napi::Value& value, const char* name) {
  const Napi::Object object = AsObject(value, name);
  const Napi::Array names = object.GetPropertyNames();
  std::map<std::string, double> numbers;
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string key = names.Get(i).As<Napi::String>();
    numbers[key] = AsNumber(object.Get(key), key);
  }
  return numbers;
}

std::string ParseString(const Napi::Value& value, const char* name) {
  if (!value.IsString()) Wrong(value.Env(), name, "a string");
  return value.As<Napi::String>();
}

Napi::Array ParseArray(const Napi::Value& value, const char* name) {
  if (!value.IsArray()) Wrong(value.Env(), name, "an array");
  return value.As<Napi::Array>();
}

Napi::Function ParseFunction(const Napi::Value& value, const char* name) {
  if (!value.IsFunction()) Wrong(value.Env(), name, "a function");
  return value.As<Napi::Function>();
}

ModelSpec ParseModelSpec(const Napi::Value& value) {
  const Napi::Object spec = AsObject(value, "spec");
  ModelSpec model;
  PipelineSpec& pipeline = model.pipeline;
  model.threads = ParseThreads(Field(spec, "threads"));
  pipeline.device = String(spec, "device");
  pipeline.dtype = DType(spec, "dtype");
  pipeline.files = Strings(spec, "files");
  auto parts = Object(spec, "parts");
  pipeline.unet = ParsePart(Object(parts, "unet"));
  pipeline.vae_decoder = ParsePart(Object(parts, "vae_decoder"));
  pipeline.vocoder = ParsePart(Object(parts, "vocoder"));
  pipeline.text_encoder = ParsePart(Object(parts, "text_encoder"));
  pipeline.vae_encoder = ParsePart(Object(parts, "vae_encoder"));
  pipeline.mel_spectrogram = ParsePart(Object(parts, "mel_spectrogram"));
  pipeline.audio_encoder = ParseOptionalPart(parts, "audio_encoder");
  pipeline.scaling_factor = Number(spec, "scalingFactor");
  pipeline.latent_channels = Count(spec, "latentChannels");
  pipeline.latent_bins = Count(spec, "latentBins");
  pipeline.vae_factor = Count(spec, "vaeFactor");
  auto values = Elements<Napi::Float64Array>(spec.Get("alphasCumprod"), napi_float64_array,
                                             "alphasCumprod", "a Float64Array");
  pipeline.alphas_cumprod.assign(values.Data(), values.Data() + values.ElementLength());
  pipeline.vocoder_geometry = {Count(spec, "vocoderHop"), Count(spec, "vocoderTail"),
                               Count(spec, "vocoderContext")};
  return model;
}

ThreadedNetworkSpec ParseNetworkSpec(const Napi::Value& value) {
  const Napi::Object spec = AsObject(value, "spec");
  ThreadedNetworkSpec network;
  network.threads = ParseThreads(Field(spec, "threads"));
  network.network.device = String(spec, "device");
  network.network.files = Strings(spec, "files");
  network.network.part = ParsePart(Object(spec, "network"));
  return network;
}

GenerateSpec ParseGenerateRequest(const Napi::Value& value) {
  const Napi::Object object = AsObject(value, "request");
  GenerateSpec spec;
  GenerateRequest& request = spec.request;
  auto clips = Array(object, "clips");
  for (uint32_t i = 0; i < clips.Length(); i++) {
    request.clips.push_back(ParseClip(AsObject(clips.Get(i), "an entry of clips")));
  }
  request.decode = ParseDecodeRequest(value);
  request.latent_frames = Count(object, "latentFrames");
  if (!IsAbsent(Field(object, "firstStep"))) request.first_step = Integer(object, "firstStep");
  auto scheduler = Object(object, "scheduler");
  request.scheduler = String(scheduler, "name");
  SchedulerConfig& config = request.scheduler_config;
  config.steps = Integer(scheduler, "steps");
  config.eta = Number(scheduler, "eta");
  config.karras = Bool(scheduler, "karras");
  config.spacing = ParseSpacing(scheduler);
  config.steps_offset = Integer(scheduler, "stepsOffset");
  config.set_alpha_to_one = Bool(scheduler, "setAlphaToOne");
  spec.step_latents = Bool(object, "stepLatents");
  return spec;
}

DecodeRequest ParseDecodeRequest(const Napi::Value& value) {
  const Napi::Object request = AsObject(value, "request");
  return {Integers(request, "samples"), Count(request, "windowFrames"), ParseWindows(request)};
}

EncodeRequest ParseEncodeRequest(const Napi::Value& value) {
  const Napi::Object object = AsObject(value, "request");
  EncodeRequest request;
  if (!Field(object, "seeds").IsNull()) {
    const Napi::Array seeds = Array(object, "seeds");
    request.seeds.emplace();
    for (uint32_t i = 0; i < seeds.Length(); i++) request.seeds->push_back(ParseSeed(seeds.Get(i)));
  }
  request.windows = ParseWindows(object);
  return request;
}

TokenIds ParseTokenIds(const Napi::Value& ids) {
  auto array = Elements<Napi::Int32Array>(ids, napi_int32_array, "token ids", "an Int32Array");
  return TokenIds(array.Data(), array.Data() + array.ElementLength());
}

}  // namespace audioldm
