#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "module/part.h"

namespace audioldm {

// What a network is loaded from: NativeNetworkSpec of lib/native/binding.ts.
struct NetworkSpec {
  std::string device = "cpu";
  std::vector<std::string> files;
  PartSpec part;
};

// An archive that is run as a whole, in inference mode.
//
// An archive of this package has its weights bound as float32 and runs with this package's kernels.
// One that comes with its weights inside is a user's own and runs as libtorch runs it.
class Network {
 public:
  // Throws Error naming the file.
  explicit Network(const NetworkSpec& spec);

  // `forward` with copies of the inputs. The results share no memory with the network: contiguous,
  // on the CPU, floats as float32. Throws Error, also when forward gives anything but a tensor or a
  // tuple or list of tensors.
  std::vector<at::Tensor> Forward(const std::vector<at::Tensor>& inputs);

 private:
  c10::Device device_;
  torch::jit::Module module_;
};

}  // namespace audioldm
