#include "autograd/pack.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>
#include <cstring>

namespace audioldm {

void PackedMatrix::SetRows(const uint16_t* x, int64_t count, int64_t stride, int64_t columns) {
  for (int64_t start = 0; start < columns_; start += kPanel) {
    const int64_t width = std::min(WidthAt(start), columns - start);
    for (int64_t row = 0; row < count; row += 2) {
      uint32_t* pairs = Panel(start, row / 2);
      const uint16_t* even = x + row * stride + start;
      const uint16_t* odd = even + stride;
      if (row + 1 < count) {
        for (int64_t j = 0; j < width; j++) {
          pairs[j] = even[j] | static_cast<uint32_t>(odd[j]) << 16;
        }
      } else {
        std::copy_n(even, width, pairs);
      }
    }
  }
}

void PackedMatrix::SetTransposed(const uint16_t* x, int64_t count, int64_t stride) {
  for (int64_t start = 0; start < count; start += kPanel) {
    const int64_t width = WidthAt(start), filled = std::min(width, count - start);
    uint32_t* pairs = Panel(start);
    for (int64_t j = 0; j < filled; j++) {
      const uint16_t* row = x + (start + j) * stride;
      for (int64_t pair = 0; pair < rows_ / 2; pair++) {
        std::memcpy(pairs + pair * width + j, row + 2 * pair, sizeof(uint32_t));
      }
    }
  }
}

void Multiply(const uint16_t* left, int64_t left_stride, int64_t m, const PackedMatrix& right,
              bool add, float* out, int64_t out_stride) {
  for (int64_t start = 0; start < right.columns(); start += PackedMatrix::kPanel) {
    const int64_t width = right.WidthAt(start);
    at::native::cpublas::brgemm(m, width, right.rows(), left_stride, width, out_stride, add,
                                reinterpret_cast<const at::BFloat16*>(left),
                                reinterpret_cast<const at::BFloat16*>(right.Panel(start)),
                                out + start);
  }
}

}  // namespace audioldm
