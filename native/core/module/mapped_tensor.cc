#include "module/mapped_tensor.h"

#include <ATen/ATen.h>

#include <memory>

#include "module/mapped_file.h"
#include "tensor/error.h"

namespace audioldm {

at::Tensor MapTensor(const std::string& path, int64_t offset, const std::vector<int64_t>& shape) {
  const std::shared_ptr<MappedFile> file = MappedFile::Open(path);
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorCode::kEngineFailed, "Cannot map the file '" + path + "': " + why);
  };
  constexpr int64_t kItem = sizeof(float);
  if (offset < 0 || offset % kItem != 0) {
    fail("the offset " + std::to_string(offset) + " is not a multiple of 4.");
  }
  int64_t end = kItem;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(end, size, &end)) fail("the shape is too large.");
  }
  if (__builtin_add_overflow(end, offset, &end) || static_cast<uint64_t>(end) > file->size()) {
    fail("a tensor " + c10::str(c10::IntArrayRef(shape)) + " at byte " + std::to_string(offset) +
         " reaches beyond its end (" + std::to_string(file->size()) + " bytes).");
  }
  return at::from_blob(
      const_cast<std::byte*>(file->data()) + offset, shape, [file](void*) {},
      at::TensorOptions(at::kFloat));
}

}  // namespace audioldm
