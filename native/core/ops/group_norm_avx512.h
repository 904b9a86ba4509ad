#pragma once

#include <cstdint>

namespace audioldm::avx512 {

// `x` holds `pixels` rows of `channels` elements, a multiple of 16; uint16_t stands for bfloat16.

// sums[c] = Σ (x[p][c] − pivot[c]), squares[c] = Σ (x[p][c] − pivot[c])². A pivot near the mean
// keeps both free of cancellation.
void ChannelSums(const float* x, int64_t pixels, int64_t channels, const float* pivot, double* sums,
                 double* squares);
void ChannelSums(const uint16_t* x, int64_t pixels, int64_t channels, const float* pivot,
                 double* sums, double* squares);

// out[p][c] = (x[p][c] − center[c]) · scale[c] + shift[c], and SiLU of that when asked.
void ScaleShift(const float* x, int64_t pixels, int64_t channels, const float* center,
                const float* scale, const float* shift, bool silu, float* out);
void ScaleShift(const uint16_t* x, int64_t pixels, int64_t channels, const float* center,
                const float* scale, const float* shift, bool silu, uint16_t* out);

}  // namespace audioldm::avx512
