#include "module/weights.h"

#include <ATen/ATen.h>

#include <cstring>
#include <memory>

#include "tensor/error.h"

namespace audioldm {
namespace {

constexpr size_t kMaxDimensions = 8;

[[noreturn]] void Fail(const WeightView& view, const std::string& why) {
  throw Error(ErrorCode::kInvalidWeights, "The tensor '" + view.name + "' " + why);
}

// The number of elements from the first to the last, gaps included; 0 for an empty tensor.
// Overflow counts as leaving the file.
int64_t Extent(const WeightView& view) {
  if (view.shape.size() != view.strides.size() || view.shape.size() > kMaxDimensions) {
    Fail(view, "has " + std::to_string(view.shape.size()) + " dimensions and " +
                   std::to_string(view.strides.size()) + " strides.");
  }
  int64_t extent = 1;
  int64_t elements = 1;
  bool empty = false;
  for (size_t i = 0; i < view.shape.size(); ++i) {
    const int64_t size = view.shape[i];
    if (size < 0 || view.strides[i] < 0) Fail(view, "has a negative size or stride.");
    if (size == 0) {
      empty = true;
      continue;
    }
    int64_t span = 0;
    // `elements` is what a copy would allocate: with strides of 0 it is not bounded by the file.
    if (__builtin_mul_overflow(size - 1, view.strides[i], &span) ||
        __builtin_add_overflow(extent, span, &extent) ||
        __builtin_mul_overflow(elements, size, &elements)) {
      Fail(view, "is larger than any file.");
    }
  }
  if (empty) return 0;
  if (elements > extent) Fail(view, "has overlapping elements.");
  return extent;
}

// The tensor as the file has it: a view of the mapping, or a copy where the offset is not a
// multiple of the element size.
at::Tensor Source(const WeightView& view, const MappedFiles& files, int64_t extent) {
  if (view.file >= files.size()) Fail(view, "lies in a file that was not given.");
  const std::shared_ptr<MappedFile>& file = files[view.file];
  const size_t item = c10::elementSize(view.dtype);
  size_t bytes = 0;
  size_t end = 0;
  if (__builtin_mul_overflow(static_cast<size_t>(extent), item, &bytes) ||
      __builtin_add_overflow(static_cast<size_t>(view.offset), bytes, &end) || end > file->size()) {
    Fail(view, "reaches beyond the end of '" + file->path() + "' (" + std::to_string(file->size()) +
                   " bytes). The file may be truncated.");
  }
  const std::byte* start = file->data() + view.offset;
  const auto release = [file, offset = view.offset, bytes](void*) {
    file->AdviseDontNeed(offset, bytes);
  };
  const auto options = at::TensorOptions(view.dtype);
  if (view.offset % item != 0) {
    const at::Tensor copy = at::empty({extent}, options);
    std::memcpy(copy.data_ptr(), start, bytes);
    release(nullptr);
    return copy.as_strided(view.shape, view.strides);
  }
  // Never written to: what is bound is read by frozen modules only.
  return at::from_blob(const_cast<std::byte*>(start), view.shape, view.strides, release, options);
}

// The strides of a row-major or channels-last tensor.
std::vector<int64_t> TargetStrides(const std::vector<int64_t>& shape, bool channels_last) {
  // Dimensions from the innermost outwards: channels last has dimension 1 innermost.
  std::vector<size_t> order;
  if (channels_last) order.push_back(1);
  for (size_t i = shape.size(); i-- > 0;) {
    if (!channels_last || i != 1) order.push_back(i);
  }
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (const size_t dimension : order) {
    strides[dimension] = stride;
    stride *= shape[dimension];
  }
  return strides;
}

// Whether elements lie the same way under both strides: those of dimensions of size 1 do not count.
bool SameLayout(const std::vector<int64_t>& shape, const std::vector<int64_t>& a,
                const std::vector<int64_t>& b) {
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] > 1 && a[i] != b[i]) return false;
  }
  return true;
}

bool Narrows(at::ScalarType from, at::ScalarType to) {
  return from != to && (from == at::kDouble || to == at::kHalf);
}

}  // namespace

at::Tensor LoadWeight(const WeightView& view, const MappedFiles& files,
                      const WeightPlacement& placement) {
  const int64_t extent = Extent(view);
  const at::ScalarType dtype = at::isFloatingType(view.dtype) ? placement.dtype : view.dtype;
  const auto options = at::TensorOptions(dtype);
  if (extent == 0) return at::empty(view.shape, options.device(placement.device));

  const at::Tensor source = Source(view, files, extent);
  const std::vector<int64_t> strides =
      TargetStrides(view.shape, placement.channels_last && view.shape.size() >= 3);
  if (dtype == view.dtype && SameLayout(view.shape, view.strides, strides)) {
    // As the target's strides, where dimensions of size 1 leave a choice.
    return source.as_strided(view.shape, strides).to(placement.device);
  }
  const at::Tensor copy = at::empty_strided(view.shape, strides, options).copy_(source);
  if (Narrows(view.dtype, dtype) &&
      at::logical_and(copy.isinf(), source.isfinite()).any().item<bool>()) {
    Fail(view, "has values too large for the dtype the model is loaded in.");
  }
  return copy.to(placement.device);
}

}  // namespace audioldm
