#include "binding/event_object.h"

#include <utility>

#include "binding/native_tensor.h"

namespace audioldm {
namespace {

Napi::Object ToTimings(Napi::Env env, const Timings& timings) {
  auto steps = Napi::Array::New(env, timings.step_ms.size());
  for (size_t i = 0; i < timings.step_ms.size(); i++) {
    steps.Set(static_cast<uint32_t>(i), timings.step_ms[i]);
  }
  auto object = Napi::Object::New(env);
  object.Set("textMs", timings.text_ms);
  object.Set("stepMs", steps);
  object.Set("vaeMs", timings.vae_ms);
  object.Set("vocoderMs", timings.vocoder_ms);
  return object;
}

}  // namespace

Napi::Object ToError(Napi::Env env, const Event& event) {
  auto error = Napi::Object::New(env);
  error.Set("code", event.code);
  error.Set("message", event.message);
  return error;
}

Napi::Object ToObject(Napi::Env env, Event event) {
  auto object = Napi::Object::New(env);
  switch (event.type) {
    case Event::Type::kStep:
      object.Set("type", "step");
      object.Set("step", static_cast<double>(event.step));
      object.Set("steps", static_cast<double>(event.steps));
      if (!event.tensors.empty()) {
        object.Set("latents", NativeTensor::Wrap(env, std::move(event.tensors[0])));
      }
      break;
    case Event::Type::kAudio:
      object.Set("type", "audio");
      object.Set("index", static_cast<double>(event.index));
      object.Set("startSample", static_cast<double>(event.start_sample));
      object.Set("samples", NativeTensor::Wrap(env, std::move(event.tensors[0])));
      break;
    case Event::Type::kTrain:
      object.Set("type", "train");
      object.Set("step", static_cast<double>(event.train.step));
      object.Set("loss", event.train.loss);
      object.Set("learningRate", event.train.learning_rate);
      object.Set("gradientNorm", event.train.gradient_norm);
      object.Set("skipped", event.train.skipped);
      object.Set("ms", event.train.ms);
      break;
    case Event::Type::kError:
      object.Set("type", "end");
      object.Set("error", ToError(env, event));
      break;
    default: {
      object.Set("type", "end");
      auto tensors = Napi::Array::New(env, event.tensors.size());
      for (size_t i = 0; i < event.tensors.size(); i++) {
        tensors.Set(static_cast<uint32_t>(i), NativeTensor::Wrap(env, std::move(event.tensors[i])));
      }
      object.Set("tensors", tensors);
      if (event.timings) object.Set("timings", ToTimings(env, *event.timings));
    }
  }
  return object;
}

}  // namespace audioldm
