#pragma once

#include <c10/core/Device.h>

#include <string>

namespace audioldm {

// "cpu" or "cuda:N". Throws Error (kEngineFailed) for anything else, and for a CUDA device that
// libtorch does not offer.
c10::Device ParseDevice(const std::string& name);

// Waits for what was launched on the device. Nothing to do on the CPU.
void Synchronize(c10::Device device);

}  // namespace audioldm
