#include "job/channel.h"

#include <algorithm>
#include <utility>

namespace audioldm {

Channel::Channel(Napi::Env env, std::function<void(Napi::Env, Event)> deliver)
    : state_(std::make_shared<State>()) {
  state_->deliver = std::move(deliver);
  function_ = Function::New(env, "audioldm events", 0, 1);
  function_.Unref(env);
}

void Channel::Send(Event event) {
  std::lock_guard lock(state_->mutex);
  if (!state_->open) return;
  auto& queue = state_->queue;
  if (event.type == Event::Type::kStep) {
    auto stale = std::find_if(queue.begin(), queue.end(), [&](const Event& other) {
      return other.type == Event::Type::kStep && other.job == event.job;
    });
    if (stale != queue.end()) {
      *stale = std::move(event);
      return;
    }
  }
  queue.push_back(std::move(event));
  if (state_->scheduled) return;
  // Under the lock: Close() cannot release the function between the check above and this call.
  state_->self = state_;
  state_->scheduled = function_.NonBlockingCall(state_.get()) == napi_ok;
  if (!state_->scheduled) state_->self.reset();
}

void Channel::Drain(Napi::Env env, Napi::Function, std::nullptr_t*, State* raw) {
  std::shared_ptr<State> state;
  std::deque<Event> events;
  {
    std::lock_guard lock(raw->mutex);
    state = std::move(raw->self);
    raw->self.reset();
    raw->scheduled = false;
    events.swap(raw->queue);
    // A null environment means that it is being torn down: nothing can be delivered any more.
    if (!raw->open || static_cast<napi_env>(env) == nullptr) return;
  }
  for (auto& event : events) {
    Napi::HandleScope scope(env);
    try {
      state->deliver(env, std::move(event));
    } catch (const Napi::Error& error) {
      // A listener threw. That must not cost the other events their delivery, and Node would only
      // warn of it: make it an uncaught exception. Fails, rightly, where an environment ends.
      napi_fatal_exception(env, error.Value());
    }
  }
}

void Channel::Close() {
  std::deque<Event> dropped;
  {
    std::lock_guard lock(state_->mutex);
    if (!state_->open) return;
    state_->open = false;
    dropped.swap(state_->queue);
  }
  function_.Release();
}

void Channel::Ref(Napi::Env env) { function_.Ref(env); }

void Channel::Unref(Napi::Env env) { function_.Unref(env); }

}  // namespace audioldm
