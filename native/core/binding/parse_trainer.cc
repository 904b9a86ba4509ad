#include "binding/parse_trainer.h"

#include "binding/fields.h"
#include "binding/native_tensor.h"
#include "binding/parse.h"

namespace audioldm {
namespace {

// One of two names: whether it is the second.
bool IsSecond(const Napi::Object& object, const char* name, const char* first, const char* second) {
  const std::string value = StringField(object, name);
  if (value != first && value != second) {
    Wrong(object.Env(), name, (std::string(first) + " or " + second).c_str());
  }
  return value == second;
}

// From 1 to 2^31 - 1.
int64_t PositiveField(const Napi::Object& object, const char* name) {
  const int64_t value = IntegerField(object, name);
  if (value < 1 || value > INT32_MAX) Wrong(object.Env(), name, "1 to 2^31 - 1");
  return value;
}

LoraSpec ParseLora(const Napi::Object& lora) {
  return {PositiveField(lora, "rank"), NumberField(lora, "alpha"), StringsField(lora, "modules")};
}

}  // namespace

ThreadedTrainerSpec ParseTrainerSpec(const Napi::Value& value) {
  const Napi::Object spec = AsObject(value, "spec");
  ThreadedTrainerSpec threaded;
  TrainerSpec& trainer = threaded.trainer;
  threaded.threads = ParseThreads(Field(spec, "threads"));
  trainer.device = StringField(spec, "device");
  trainer.files = StringsField(spec, "files");
  trainer.unet = ParsePart(ObjectField(spec, "unet"));
  trainer.scratch = IsSecond(spec, "init", "pretrained", "scratch");
  trainer.bfloat16 = IsSecond(spec, "precision", "float32", "bfloat16");
  trainer.scaling_factor = NumberField(spec, "scalingFactor");
  trainer.alphas_cumprod = ParseFloat64Array(Field(spec, "alphasCumprod"), "alphasCumprod");
  trainer.seed = ParseSeed(Field(spec, "seed"));
  trainer.batch_size = PositiveField(spec, "batchSize");
  trainer.accumulate = PositiveField(spec, "accumulate");
  trainer.text_probability = NumberField(spec, "textProbability");
  trainer.condition_dropout = NumberField(spec, "conditionDropout");
  trainer.learning_rate = NumberField(spec, "learningRate");
  trainer.warmup_steps = CountField(spec, "warmupSteps");
  IsSecond(spec, "schedule", "constant", "cosine");
  trainer.schedule = StringField(spec, "schedule");
  trainer.total_steps = CountField(spec, "totalSteps");
  const Napi::Array betas = ArrayField(spec, "betas");
  trainer.beta1 = AsNumber(betas.Get(uint32_t{0}), "betas");
  trainer.beta2 = AsNumber(betas.Get(uint32_t{1}), "betas");
  trainer.epsilon = NumberField(spec, "epsilon");
  trainer.weight_decay = NumberField(spec, "weightDecay");
  trainer.max_gradient_norm = NumberField(spec, "maxGradientNorm");
  trainer.ema_decay = NumberField(spec, "emaDecay");
  if (!IsAbsent(Field(spec, "lora"))) trainer.lora = ParseLora(ObjectField(spec, "lora"));
  if (!IsAbsent(Field(spec, "state"))) trainer.state = ParseWeights(Field(spec, "state"), "state");
  return threaded;
}

TrainingData ParseTrainingData(const Napi::Value& value) {
  const Napi::Object object = AsObject(value, "data");
  TrainingData data;
  data.moments = NativeTensor::TensorOf(Field(object, "moments"));
  data.moments_row = ParseInt32Array(Field(object, "momentsRow"), "momentsRow");
  data.text = OptionalTensorField(object, "text");
  data.text_rows = ParseInt32Array(Field(object, "textRows"), "textRows");
  data.text_start = ParseInt32Array(Field(object, "textStart"), "textStart");
  data.audio = OptionalTensorField(object, "audio");
  data.audio_row = ParseInt32Array(Field(object, "audioRow"), "audioRow");
  data.unconditional = NativeTensor::TensorOf(Field(object, "unconditional"));
  return data;
}

InspectRequest ParseInspectRequest(const Napi::Value& value) {
  const Napi::Object request = AsObject(value, "request");
  return {CountField(request, "step"), BoolField(request, "gradients")};
}

ValidateRequest ParseValidateRequest(const Napi::Value& value) {
  const Napi::Object request = AsObject(value, "request");
  return {ParseInt32Array(Field(request, "items"), "items"), PositiveField(request, "draws"),
          ParseSeed(Field(request, "seed")), BoolField(request, "ema")};
}

std::vector<SaveEntry> ParseSaveEntries(const Napi::Value& value) {
  const Napi::Array array = ParseArray(value, "entries");
  std::vector<SaveEntry> entries;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::HandleScope scope(value.Env());
    const Napi::Object entry = AsObject(array.Get(i), "an entry of entries");
    entries.push_back({StringField(entry, "name"), StringField(entry, "source")});
  }
  return entries;
}

std::map<std::string, std::string> ParseMetadata(const Napi::Value& value) {
  const Napi::Object object = AsObject(value, "metadata");
  const Napi::Array names = object.GetPropertyNames();
  std::map<std::string, std::string> metadata;
  for (uint32_t i = 0; i < names.Length(); i++) {
    const std::string key = names.Get(i).As<Napi::String>();
    metadata[key] = ParseString(object.Get(key), key.c_str());
  }
  return metadata;
}

}  // namespace audioldm
