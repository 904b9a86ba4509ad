#include "tensor/device.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "tensor/error.h"

namespace audioldm {

c10::Device ParseDevice(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  // "cuda:" and one to three digits.
  const bool cuda = name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() <= 8 &&
                    name.find_first_not_of("0123456789", 5) == std::string::npos;
  if (!cuda) {
    throw Error(ErrorCode::kEngineFailed,
                "The device '" + name + "' is neither 'cpu' nor 'cuda:N'.");
  }
  const int index = std::stoi(name.substr(5));
  const int count = c10::impl::hasDeviceGuardImpl(c10::kCUDA)
                        ? c10::impl::VirtualGuardImpl(c10::kCUDA).deviceCount()
                        : 0;
  if (index >= count) {
    throw Error(ErrorCode::kEngineFailed, "There is no device '" + name + "': libtorch sees " +
                                              std::to_string(count) + " CUDA devices.");
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

void Synchronize(c10::Device device) {
  if (device.is_cpu()) return;
  c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

}  // namespace audioldm
