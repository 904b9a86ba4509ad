#include "ops/group_norm_avx512.h"

#include "ops/avx512_math.h"

namespace audioldm::avx512 {
namespace {

// So many pixels are added up in float32 before they join the double sum.
constexpr int64_t kRun = 64;

inline void AddTo(double* total, __m512 part) {
  const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(part));
  const __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(part, 1));
  _mm512_storeu_pd(total, _mm512_add_pd(_mm512_loadu_pd(total), low));
  _mm512_storeu_pd(total + 8, _mm512_add_pd(_mm512_loadu_pd(total + 8), high));
}

template <typename T>
void Sums(const T* x, int64_t pixels, int64_t channels, const float* pivot, double* sums,
          double* squares) {
  for (int64_t c = 0; c < channels; c++) sums[c] = squares[c] = 0;
  for (int64_t first = 0; first < pixels; first += kRun) {
    const int64_t last = first + kRun < pixels ? first + kRun : pixels;
    for (int64_t c = 0; c < channels; c += 16) {
      const __m512 center = _mm512_loadu_ps(pivot + c);
      __m512 sum = _mm512_setzero_ps(), square = _mm512_setzero_ps();
      for (int64_t p = first; p < last; p++) {
        const __m512 d = _mm512_sub_ps(Load(x + p * channels + c), center);
        sum = _mm512_add_ps(sum, d);
        square = _mm512_fmadd_ps(d, d, square);
      }
      AddTo(sums + c, sum);
      AddTo(squares + c, square);
    }
  }
}

template <typename T, bool kSilu>
void Apply(const T* x, int64_t pixels, int64_t channels, const float* center, const float* scale,
           const float* shift, T* out) {
  const __m512 one = _mm512_set1_ps(1.0f);
  for (int64_t p = 0; p < pixels; p++, x += channels, out += channels) {
    for (int64_t c = 0; c < channels; c += 16) {
      const __m512 d = _mm512_sub_ps(Load(x + c), _mm512_loadu_ps(center + c));
      __m512 y = _mm512_fmadd_ps(d, _mm512_loadu_ps(scale + c), _mm512_loadu_ps(shift + c));
      if (kSilu) {
        const __m512 e = Exp(_mm512_sub_ps(_mm512_setzero_ps(), y));
        y = _mm512_div_ps(y, _mm512_add_ps(one, e));
      }
      Store(out + c, y);
    }
  }
}

}  // namespace

void ChannelSums(const float* x, int64_t pixels, int64_t channels, const float* pivot, double* sums,
                 double* squares) {
  Sums(x, pixels, channels, pivot, sums, squares);
}

void ChannelSums(const uint16_t* x, int64_t pixels, int64_t channels, const float* pivot,
                 double* sums, double* squares) {
  Sums(x, pixels, channels, pivot, sums, squares);
}

void ScaleShift(const float* x, int64_t pixels, int64_t channels, const float* center,
                const float* scale, const float* shift, bool silu, float* out) {
  if (silu) return Apply<float, true>(x, pixels, channels, center, scale, shift, out);
  Apply<float, false>(x, pixels, channels, center, scale, shift, out);
}

void ScaleShift(const uint16_t* x, int64_t pixels, int64_t channels, const float* center,
                const float* scale, const float* shift, bool silu, uint16_t* out) {
  if (silu) return Apply<uint16_t, true>(x, pixels, channels, center, scale, shift, out);
  Apply<uint16_t, false>(x, pixels, channels, center, scale, shift, out);
}

}  // namespace audioldm::avx512
