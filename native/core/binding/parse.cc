#include "binding/parse.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding/fields.h"

namespace audioldm {
namespace {

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

WeightView ParseWeight(const Napi::Object& weight) {
  return {StringField(weight, "name"),
          static_cast<size_t>(CountField(weight, "file")),
          static_cast<uint64_t>(CountField(weight, "offset")),
          DTypeField(weight, "dtype"),
          IntegersField(weight, "shape"),
          IntegersField(weight, "strides")};
}

Adapter ParseAdapter(const Napi::Object& adapter) {
  return {StringField(adapter, "target"), ParseWeight(ObjectField(adapter, "down")),
          ParseWeight(ObjectField(adapter, "up")), NumberField(adapter, "scale")};
}

TimestepSpacing ParseSpacing(const Napi::Object& scheduler) {
  const std::string name = StringField(scheduler, "timestepSpacing");
  if (name == "leading") return TimestepSpacing::kLeading;
  if (name == "linspace") return TimestepSpacing::kLinspace;
  if (name == "trailing") return TimestepSpacing::kTrailing;
  Wrong(scheduler.Env(), "timestepSpacing", "leading, linspace or trailing");
}

ClipRequest ParseClip(const Napi::Object& clip) {
  ClipRequest request;
  request.input_ids = ParseTokenIds(clip.Get("inputIds"));
  request.negative_input_ids = ParseTokenIds(clip.Get("negativeInputIds"));
  request.guidance_scale = NumberField(clip, "guidanceScale");
  if (const Napi::Value interval = Field(clip, "guidanceInterval"); !IsAbsent(interval)) {
    const Napi::Object object = AsObject(interval, "guidanceInterval");
    request.guidance_from = NumberField(object, "from");
    request.guidance_to = NumberField(object, "to");
  }
  request.seed = ParseSeed(clip.Get("seed"));
  request.embedding = OptionalTensorField(clip, "embedding");
  request.init = OptionalTensorField(clip, "init");
  request.mask = OptionalTensorField(clip, "mask");
  return request;
}

std::optional<WindowSpec> ParseWindows(const Napi::Object& request) {
  const Napi::Value value = Field(request, "windows");
  if (IsAbsent(value)) return std::nullopt;
  const Napi::Object windows = AsObject(value, "windows");
  return WindowSpec{CountField(windows, "frames"), CountField(windows, "overlap")};
}

// Loaded when first used; without an archive where it is absent.
PartSpec ParseOptionalPart(const Napi::Object& parts, const char* name) {
  return IsAbsent(Field(parts, name)) ? PartSpec{} : ParsePart(ObjectField(parts, name));
}

}  // namespace

PartSpec ParsePart(const Napi::Object& part) {
  PartSpec spec;
  spec.archive = StringField(part, "archive");
  auto attributes = ObjectField(part, "attributes");
  auto names = attributes.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); i++) {
    std::string name = names.Get(i).As<Napi::String>();
    spec.attributes.push_back({name, ParseAttribute(name, attributes.Get(name))});
  }
  spec.weights = ParseWeights(Field(part, "weights"), "weights");
  if (!IsAbsent(Field(part, "adapters"))) {
    auto adapters = ArrayField(part, "adapters");
    for (uint32_t i = 0; i < adapters.Length(); i++) {
      Napi::HandleScope scope(part.Env());
      spec.adapters.push_back(ParseAdapter(AsObject(adapters.Get(i), "an entry of adapters")));
    }
  }
  return spec;
}

std::vector<WeightView> ParseWeights(const Napi::Value& value, const char* name) {
  auto array = ParseArray(value, name);
  std::vector<WeightView> weights;
  for (uint32_t i = 0; i < array.Length(); i++) {
    Napi::HandleScope scope(value.Env());
    weights.push_back(ParseWeight(AsObject(array.Get(i), "an entry of weights")));
  }
  return weights;
}

ModelSpec ParseModelSpec(const Napi::Value& value) {
  const Napi::Object spec = AsObject(value, "spec");
  ModelSpec model;
  PipelineSpec& pipeline = model.pipeline;
  model.threads = ParseThreads(Field(spec, "threads"));
  pipeline.device = StringField(spec, "device");
  pipeline.dtype = DTypeField(spec, "dtype");
  pipeline.files = StringsField(spec, "files");
  auto parts = ObjectField(spec, "parts");
  pipeline.unet = ParsePart(ObjectField(parts, "unet"));
  pipeline.vae_decoder = ParsePart(ObjectField(parts, "vae_decoder"));
  pipeline.vocoder = ParsePart(ObjectField(parts, "vocoder"));
  pipeline.text_encoder = ParsePart(ObjectField(parts, "text_encoder"));
  pipeline.vae_encoder = ParsePart(ObjectField(parts, "vae_encoder"));
  pipeline.mel_spectrogram = ParsePart(ObjectField(parts, "mel_spectrogram"));
  pipeline.audio_encoder = ParseOptionalPart(parts, "audio_encoder");
  pipeline.scaling_factor = NumberField(spec, "scalingFactor");
  pipeline.latent_channels = CountField(spec, "latentChannels");
  pipeline.latent_bins = CountField(spec, "latentBins");
  pipeline.vae_factor = CountField(spec, "vaeFactor");
  pipeline.alphas_cumprod = ParseFloat64Array(Field(spec, "alphasCumprod"), "alphasCumprod");
  pipeline.vocoder_geometry = {CountField(spec, "vocoderHop"), CountField(spec, "vocoderTail"),
                               CountField(spec, "vocoderContext")};
  return model;
}

ThreadedNetworkSpec ParseNetworkSpec(const Napi::Value& value) {
  const Napi::Object spec = AsObject(value, "spec");
  ThreadedNetworkSpec network;
  network.threads = ParseThreads(Field(spec, "threads"));
  network.network.device = StringField(spec, "device");
  network.network.files = StringsField(spec, "files");
  network.network.part = ParsePart(ObjectField(spec, "network"));
  return network;
}

GenerateSpec ParseGenerateRequest(const Napi::Value& value) {
  const Napi::Object object = AsObject(value, "request");
  GenerateSpec spec;
  GenerateRequest& request = spec.request;
  auto clips = ArrayField(object, "clips");
  for (uint32_t i = 0; i < clips.Length(); i++) {
    request.clips.push_back(ParseClip(AsObject(clips.Get(i), "an entry of clips")));
  }
  request.decode = ParseDecodeRequest(value);
  request.latent_frames = CountField(object, "latentFrames");
  if (!IsAbsent(Field(object, "firstStep"))) request.first_step = IntegerField(object, "firstStep");
  auto scheduler = ObjectField(object, "scheduler");
  request.scheduler = StringField(scheduler, "name");
  SchedulerConfig& config = request.scheduler_config;
  config.steps = IntegerField(scheduler, "steps");
  config.eta = NumberField(scheduler, "eta");
  config.karras = BoolField(scheduler, "karras");
  config.spacing = ParseSpacing(scheduler);
  config.steps_offset = IntegerField(scheduler, "stepsOffset");
  config.set_alpha_to_one = BoolField(scheduler, "setAlphaToOne");
  if (!IsAbsent(Field(object, "featureCache"))) {
    request.feature_cache = IntegerField(object, "featureCache");
  }
  spec.step_latents = BoolField(object, "stepLatents");
  return spec;
}

DecodeRequest ParseDecodeRequest(const Napi::Value& value) {
  const Napi::Object request = AsObject(value, "request");
  return {IntegersField(request, "samples"), CountField(request, "windowFrames"),
          ParseWindows(request), !IsAbsent(Field(request, "loop")) && BoolField(request, "loop")};
}

EncodeRequest ParseEncodeRequest(const Napi::Value& value) {
  const Napi::Object object = AsObject(value, "request");
  EncodeRequest request;
  if (!Field(object, "seeds").IsNull()) {
    const Napi::Array seeds = ArrayField(object, "seeds");
    request.seeds.emplace();
    for (uint32_t i = 0; i < seeds.Length(); i++) request.seeds->push_back(ParseSeed(seeds.Get(i)));
  }
  request.moments = !IsAbsent(Field(object, "moments")) && BoolField(object, "moments");
  request.windows = ParseWindows(object);
  return request;
}

TokenIds ParseTokenIds(const Napi::Value& ids) { return ParseInt32Array(ids, "token ids"); }

}  // namespace audioldm
