#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "job/channel.h"
#include "job/engine.h"

namespace audioldm {

// A job as its work sees it, on the engine thread.
class RunningJob {
 public:
  using Flag = std::shared_ptr<std::atomic<bool>>;
  RunningJob(uint32_t id, Flag cancelled, std::shared_ptr<Channel> channel)
      : id_(id), cancelled_(std::move(cancelled)), channel_(std::move(channel)) {}

  bool Cancelled() const { return cancelled_->load(); }
  void ThrowIfCancelled() const;
  // Sends an event of this job.
  void Send(Event event) const;
  // What cancels it.
  const Flag& cancelled() const { return cancelled_; }

 private:
  uint32_t id_;
  Flag cancelled_;
  std::shared_ptr<Channel> channel_;
};

// What every native object with jobs is made of: an engine thread, the channel its events come back
// through, and the callbacks they go to. Its members are for the JavaScript thread.
//
// The JavaScript thread never waits for the engine, but in two places: when the environment or the
// process ends (the engine must not outlive it) and when the garbage collector takes an idle owner.
// While a job runs the owner is kept alive, and the process with it.
class JobHost {
 public:
  // What a job does on the engine thread; what it returns becomes the last event.
  using Work = std::function<Event(const RunningJob&)>;

  struct Options {
    const char* what;               // "model", as messages call it
    int threads;                    // of the engine's operators
    std::function<void()> release;  // frees on the engine thread what was made on it
  };

  // `owner`: the JavaScript object that holds this host.
  JobHost(Napi::Object owner, Options options);
  // Waits for the engine.
  ~JobHost();

  JobHost(const JobHost&) = delete;
  JobHost& operator=(const JobHost&) = delete;

  // Ends every host of this environment.
  static void ShutdownAll(Napi::Env env);

  // Loads what the owner works with; `on_loaded` is called with null or an error. For constructors.
  void Load(Napi::Function on_loaded, std::function<void(const RunningJob&)> work);
  // Posts the work and returns the NativeJob of it. Throws when disposed.
  Napi::Value Start(const Napi::Value& on_event, Work work);
  // `dispose` of the interfaces in lib/native/binding.ts.
  void Dispose(const Napi::CallbackInfo& info);

 private:
  enum class Kind { kLoad, kWork, kDispose };
  struct Job {
    Kind kind;
    Napi::FunctionReference callback;
    RunningJob::Flag cancelled;
  };

  // Enters a job, with the callback that gets its events.
  RunningJob Enter(Kind kind, Napi::Function callback);
  // Does the work on the engine thread; what it throws becomes an error event. `doing`: a verb.
  void Post(RunningJob job, const char* doing, Work work);
  void Deliver(Napi::Env env, Event event);
  void CancelAll();
  // Stops and joins the engine. After it nothing reaches JavaScript. Idempotent.
  void Shutdown();
  static void EndOfEnvironment(void* self);

  napi_env env_;
  const char* what_;
  Napi::ObjectReference owner_;  // strong while there are jobs
  std::function<void()> release_;
  std::shared_ptr<Channel> channel_;
  std::map<uint32_t, Job> jobs_;
  uint32_t last_job_ = 0;
  bool disposing_ = false;
  std::unique_ptr<Engine> engine_;
};

}  // namespace audioldm
