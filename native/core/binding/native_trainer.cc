#include "binding/native_trainer.h"

#include <ATen/ATen.h>
#include <c10/util/ScopeExit.h>

#include "binding/fields.h"
#include "binding/parse_trainer.h"
#include "tensor/error.h"
#include "tensor/trim.h"
#include "training/items.h"

namespace audioldm {
namespace {

Event TrainEvent(const StepReport& report) {
  Event event;
  event.type = Event::Type::kTrain;
  event.train = report;
  return event;
}

}  // namespace

Napi::Function NativeTrainer::Define(Napi::Env env) {
  return DefineClass(env, "NativeTrainer",
                     {InstanceAccessor("trainable", &NativeTrainer::Trainable, nullptr),
                      InstanceAccessor("step", &NativeTrainer::Step, nullptr),
                      InstanceMethod("itemsOf", &NativeTrainer::ItemsOf),
                      InstanceMethod("train", &NativeTrainer::Train),
                      InstanceMethod("inspect", &NativeTrainer::Inspect),
                      InstanceMethod("validate", &NativeTrainer::Validate),
                      InstanceMethod("save", &NativeTrainer::Save),
                      InstanceMethod("dispose", &NativeTrainer::Dispose)});
}

NativeTrainer::NativeTrainer(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NativeTrainer>(info) {
  ThreadedTrainerSpec spec = ParseTrainerSpec(info[0]);
  const Napi::Function on_loaded = ParseFunction(info[1], "onLoaded");
  seed_ = spec.trainer.seed;
  per_step_ = spec.trainer.batch_size * spec.trainer.accumulate;
  host_ = std::make_unique<JobHost>(
      info.This().As<Napi::Object>(),
      JobHost::Options{"trainer", spec.threads, [shared = shared_] { shared->trainer.reset(); }});
  host_->Load(on_loaded, [shared = shared_, spec = std::move(spec.trainer)](const RunningJob& job) {
    job.ThrowIfCancelled();
    shared->trainer = std::make_unique<Trainer>(spec, [&job] { return job.Cancelled(); });
    shared->trainable = shared->trainer->trainable();
    shared->step = shared->trainer->step();
    shared->loaded = true;
    TrimMemory();
  });
}

Napi::Value NativeTrainer::Trainable(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto list = Napi::Array::New(env);
  if (!shared_->loaded) return list;
  for (uint32_t i = 0; i < shared_->trainable.size(); i++) {
    const Napi::HandleScope scope(env);
    const auto& [name, sizes] = shared_->trainable[i];
    auto shape = Napi::Array::New(env, sizes.size());
    for (uint32_t k = 0; k < sizes.size(); k++) shape.Set(k, static_cast<double>(sizes[k]));
    auto entry = Napi::Object::New(env);
    entry.Set("name", name);
    entry.Set("shape", shape);
    list.Set(i, entry);
  }
  return list;
}

Napi::Value NativeTrainer::Step(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shared_->step.load()));
}

Napi::Value NativeTrainer::ItemsOf(const Napi::CallbackInfo& info) {
  const int64_t step = AsInteger(info[0], "step");
  const int64_t count = AsInteger(info[1], "items");
  if (count > INT32_MAX) Wrong(info.Env(), "items", "a number below 2^31");
  const std::vector<int64_t> items = audioldm::ItemsOf(seed_, step, per_step_, count);
  auto array = Napi::Int32Array::New(info.Env(), items.size());
  for (size_t i = 0; i < items.size(); i++) array[i] = static_cast<int32_t>(items[i]);
  return array;
}

Napi::Value NativeTrainer::Train(const Napi::CallbackInfo& info) {
  TrainingData data = ParseTrainingData(info[0]);
  const int64_t until = AsInteger(info[1], "until");
  return Start(info[2], [data = std::move(data), until](Shared& shared, const RunningJob& job) {
    Trainer& trainer = *shared.trainer;
    while (trainer.step() < until) {
      job.ThrowIfCancelled();
      // A step that throws may have counted.
      const auto publish = c10::make_scope_exit([&] { shared.step = trainer.step(); });
      job.Send(TrainEvent(trainer.Step(data)));
    }
    return Event();
  });
}

Napi::Value NativeTrainer::Inspect(const Napi::CallbackInfo& info) {
  TrainingData data = ParseTrainingData(info[0]);
  const InspectRequest request = ParseInspectRequest(info[1]);
  return Start(info[2], [data = std::move(data), request](Shared& shared, const RunningJob&) {
    Event event;
    event.tensors = shared.trainer->Inspect(data, request.step, request.gradients);
    return event;
  });
}

Napi::Value NativeTrainer::Validate(const Napi::CallbackInfo& info) {
  TrainingData data = ParseTrainingData(info[0]);
  ValidateRequest request = ParseValidateRequest(info[1]);
  return Start(info[2], [data = std::move(data), request = std::move(request)](
                            Shared& shared, const RunningJob& job) {
    Event event;
    event.tensors = {shared.trainer->Validate(data, request.items, request.draws, request.seed,
                                              request.ema, [&job] { return job.Cancelled(); })};
    return event;
  });
}

Napi::Value NativeTrainer::Save(const Napi::CallbackInfo& info) {
  std::string path = ParseString(info[0], "path");
  std::vector<SaveEntry> entries = ParseSaveEntries(info[1]);
  std::map<std::string, std::string> metadata = ParseMetadata(info[2]);
  return Start(info[3], [path = std::move(path), entries = std::move(entries),
                         metadata = std::move(metadata)](Shared& shared, const RunningJob&) {
    shared.trainer->Save(path, entries, metadata);
    return Event();
  });
}

Napi::Value NativeTrainer::Start(const Napi::Value& on_event, Work work) {
  return host_->Start(on_event, [shared = shared_, work = std::move(work)](const RunningJob& job) {
    if (shared->trainer == nullptr) {
      throw Error(ErrorCode::kEngineFailed, "The trainer is not loaded.");
    }
    const auto trim = c10::make_scope_exit([] { TrimMemory(); });
    return work(*shared, job);
  });
}

}  // namespace audioldm
