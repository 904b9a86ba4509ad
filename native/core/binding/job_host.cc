#include "binding/job_host.h"

#include <c10/util/ScopeExit.h>

#include <utility>

#include "binding/event_object.h"
#include "binding/fields.h"
#include "binding/instance.h"
#include "tensor/error.h"
#include "tensor/trim.h"

namespace audioldm {

void RunningJob::ThrowIfCancelled() const {
  if (Cancelled()) throw Aborted();
}

void RunningJob::Send(Event event) const {
  event.job = id_;
  channel_->Send(std::move(event));
}

JobHost::JobHost(Napi::Object owner, Options options)
    : env_(owner.Env()),
      what_(options.what),
      owner_(Napi::Weak(owner)),
      release_(std::move(options.release)),
      channel_(std::make_shared<Channel>(
          env_, [this](Napi::Env env, Event event) { Deliver(env, std::move(event)); })) {
  engine_ = std::make_unique<Engine>(options.threads);
  // Registered after the channel's own hook, hence run before it when the environment ends.
  napi_add_env_cleanup_hook(env_, &JobHost::EndOfEnvironment, this);
  Instance::Of(env_).hosts.insert(this);
}

JobHost::~JobHost() { Shutdown(); }

void JobHost::ShutdownAll(Napi::Env env) {
  auto& hosts = Instance::Of(env).hosts;
  while (!hosts.empty()) (*hosts.begin())->Shutdown();
}

void JobHost::EndOfEnvironment(void* self) { static_cast<JobHost*>(self)->Shutdown(); }

void JobHost::Load(Napi::Function on_loaded, std::function<void(const RunningJob&)> work) {
  Post(Enter(Kind::kLoad, on_loaded), "loading", [work = std::move(work)](const RunningJob& job) {
    work(job);
    Event event;
    event.type = Event::Type::kLoaded;
    return event;
  });
}

Napi::Value JobHost::Start(const Napi::Value& on_event, Work work) {
  const Napi::Env env = env_;
  if (disposing_ || engine_ == nullptr) {
    throw Napi::Error::New(env, std::string("this ") + what_ + " was disposed");
  }
  const RunningJob job = Enter(Kind::kWork, ParseFunction(on_event, "onEvent"));
  Post(job, "running", [work = std::move(work)](const RunningJob& job) {
    job.ThrowIfCancelled();
    return work(job);
  });
  auto handle = Napi::Object::New(env);
  handle.Set("abort",
             Napi::Function::New(env, [cancelled = job.cancelled()](const Napi::CallbackInfo&) {
               *cancelled = true;
             }));
  return handle;
}

void JobHost::Dispose(const Napi::CallbackInfo& info) {
  const Napi::Function on_disposed = ParseFunction(info[0], "onDisposed");
  if (disposing_ || engine_ == nullptr) {
    on_disposed.Call({});
    return;
  }
  disposing_ = true;
  CancelAll();
  Post(Enter(Kind::kDispose, on_disposed), "disposing of", [release = release_](const RunningJob&) {
    release();
    TrimMemory();
    Event event;
    event.type = Event::Type::kDisposed;
    return event;
  });
  engine_->Finish();
}

RunningJob JobHost::Enter(Kind kind, Napi::Function callback) {
  if (jobs_.empty()) {
    owner_.Ref();
    channel_->Ref(env_);
  }
  const uint32_t id = ++last_job_;
  auto cancelled = std::make_shared<std::atomic<bool>>(false);
  jobs_[id] = {kind, Napi::Persistent(callback), cancelled};
  return RunningJob(id, std::move(cancelled), channel_);
}

void JobHost::Post(RunningJob job, const char* doing, Work work) {
  engine_->Post([job = std::move(job), doing, work = std::move(work), what = what_] {
    Event event;
    try {
      event = work(job);
    } catch (...) {
      const Error error = AsError(std::current_exception(), std::string(doing) + " the " + what);
      event.type = Event::Type::kError;
      event.code = CodeName(error.code());
      event.message = error.what();
    }
    job.Send(std::move(event));
  });
}

void JobHost::Deliver(Napi::Env env, Event event) {
  auto found = jobs_.find(event.job);
  if (found == jobs_.end()) return;
  const Kind kind = found->second.kind;
  auto callback = found->second.callback.Value();
  const bool last = event.type != Event::Type::kStep && event.type != Event::Type::kAudio &&
                    event.type != Event::Type::kTrain;
  if (last) jobs_.erase(found);
  if (kind == Kind::kDispose) Shutdown();
  // What Dispose() cancelled was not aborted by its owner.
  if (disposing_ && event.code == CodeName(ErrorCode::kAborted)) {
    event.code = CodeName(ErrorCode::kDisposed);
  }

  std::vector<napi_value> arguments;
  if (kind == Kind::kWork) {
    arguments.push_back(ToObject(env, std::move(event)));
  } else if (kind == Kind::kLoad) {
    arguments.push_back(event.type == Event::Type::kError ? ToError(env, event) : env.Null());
  }
  const bool idle = last && jobs_.empty();
  if (idle && kind != Kind::kDispose) channel_->Unref(env);
  // After the call, which may throw; nothing of this object is used then.
  const auto unref = c10::make_scope_exit([&] {
    if (idle) owner_.Unref();
  });
  callback.Call(arguments);
}

void JobHost::CancelAll() {
  for (auto& [id, job] : jobs_) *job.cancelled = true;
}

void JobHost::Shutdown() {
  if (engine_ == nullptr) return;
  napi_remove_env_cleanup_hook(env_, &JobHost::EndOfEnvironment, this);
  Instance::Of(env_).hosts.erase(this);
  CancelAll();
  channel_->Close();
  engine_->Post(release_);
  engine_.reset();
}

}  // namespace audioldm
