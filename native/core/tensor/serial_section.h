#pragma once

#include <ATen/Parallel.h>

namespace audioldm {

// While it lives, operators called on this thread use one thread. For work made of many small
// operators, such as freezing a module (which compares weights pairwise): there, starting and
// joining a team of threads for each costs ten times the work itself.
class SerialSection {
 public:
  SerialSection() : threads_(at::get_num_threads()) { at::set_num_threads(1); }
  ~SerialSection() { at::set_num_threads(threads_); }
  SerialSection(const SerialSection&) = delete;
  SerialSection& operator=(const SerialSection&) = delete;

 private:
  int threads_;
};

}  // namespace audioldm
