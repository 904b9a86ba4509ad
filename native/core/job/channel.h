#pragma once

#include <napi.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "job/event.h"

namespace audioldm {

// Carries events from an engine thread to the JavaScript thread of one environment.
//
// Memory stays bounded however slowly JavaScript listens: a step event replaces the undelivered one
// of the same job; other events are never dropped, and are small or few.
//
// Close() is for the JavaScript thread, at the end of the model or the environment; afterwards
// Send() does nothing, so the engine thread may outlive the environment's threadsafe functions.
class Channel {
 public:
  // `deliver` runs on the JavaScript thread, inside a handle scope.
  Channel(Napi::Env env, std::function<void(Napi::Env, Event)> deliver);

  void Send(Event event);  // any thread
  void Close();            // JavaScript thread; idempotent

  // While a job runs the channel keeps the process alive. JavaScript thread.
  void Ref(Napi::Env env);
  void Unref(Napi::Env env);

 private:
  struct State;
  static void Drain(Napi::Env env, Napi::Function callback, std::nullptr_t* context, State* state);

  using Function = Napi::TypedThreadSafeFunction<std::nullptr_t, State, &Channel::Drain>;

  // Outlives the channel in calls that are already queued.
  struct State {
    std::mutex mutex;
    std::deque<Event> queue;
    bool open = true;
    bool scheduled = false;
    std::function<void(Napi::Env, Event)> deliver;
    std::shared_ptr<State> self;  // held while a Drain call is on its way
  };

  std::shared_ptr<State> state_;
  Function function_;
};

}  // namespace audioldm
