#include "job/engine.h"

#include <ATen/Parallel.h>

#include <utility>

#include "module/jit_settings.h"

namespace audioldm {

Engine::Engine(int threads) : thread_([this, threads] { Run(threads); }) {}

Engine::~Engine() {
  Finish();
  thread_.join();
}

void Engine::Post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    if (finishing_) return;
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Engine::Finish() {
  {
    std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  wake_.notify_one();
}

void Engine::Run(int threads) {
  // The first question makes ATen apply its process-wide default to this thread; only then does
  // our own setting last.
  at::get_num_threads();
  at::set_num_threads(threads);
  ApplyInferenceJitSettings();
  for (;;) {
    std::function<void()> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return finishing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace audioldm
