#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace audioldm {

// One long-lived thread with a queue: everything a model computes runs here, in the order it was
// posted. TorchScript's settings, gradient mode and the OpenMP thread count are thread-local, so
// they are set once, at the start of this thread, and hold for all work of the model.
class Engine {
 public:
  // `threads`: how many threads an operator may use.
  explicit Engine(int threads);

  // Runs what is queued, then ends and joins the thread. Cancel the work first: a queued task that
  // is not cancelled runs to its end.
  ~Engine();

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Never blocks. Tasks must not throw. Ignored after Finish().
  void Post(std::function<void()> task);

  // Lets the thread end once its queue is empty. Does not wait.
  void Finish();

 private:
  void Run(int threads);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace audioldm
