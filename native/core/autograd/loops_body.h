// Included once by every file that compiles it for an instruction set, AUDIOLDM_ISA. No library's
// header is included, so that none of its inline functions gets where that set is missing. The
// loops are written for the compiler to vectorise.

#include "autograd/loops.h"

namespace audioldm::AUDIOLDM_ISA {
namespace {

constexpr int64_t kRun = 64;  // rows that are added up in float32
constexpr int kBlock = 16;    // channels that are added up at a time

#define AUDIOLDM_INLINE inline __attribute__((always_inline))
#define AUDIOLDM_SIMD _Pragma("omp simd")

AUDIOLDM_INLINE float Value(float x) { return x; }
AUDIOLDM_INLINE float Value(uint16_t x) {
  return __builtin_bit_cast(float, static_cast<uint32_t>(x) << 16);
}

// Of the bits of a float32, the upper half is its bfloat16: the nearest, ties to even; NaN stays.
AUDIOLDM_INLINE uint32_t Rounded(float x) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, x);
  const uint32_t nearest = bits + 0x7fffu + ((bits >> 16) & 1u);
  return x == x ? nearest : 0x7fc00000u;
}

AUDIOLDM_INLINE void Put(float x, float* to) { *to = x; }
AUDIOLDM_INLINE void Put(float x, uint16_t* to) { *to = static_cast<uint16_t>(Rounded(x) >> 16); }

// Relative error below 2e-7, for x clamped to −87 … 88.
AUDIOLDM_INLINE float Exp(float x) {
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  constexpr float kToWhole = 12582912.0f;  // 1.5 · 2²³: adding it rounds to a whole number
  const float n = (x * 1.44269504089f + kToWhole) - kToWhole;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return p * __builtin_bit_cast(float, (static_cast<int32_t>(n) + 127) << 23);
}

// gelu(x) = x · Φ(x), and its gradient Φ(x) + x · φ(x).
struct Gelu {
  float value, gradient;
};

AUDIOLDM_INLINE Gelu GeluOf(float x) {
  // Abramowitz and Stegun 7.1.26 for 1 − erf(|x| / √2), absolute error below 2e-7.
  const float a = (x < 0 ? -x : x) * 0.70710678f;
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  const float e = Exp(-a * a);
  float p = 1.061405429f;
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const float tail = 0.5f * p * t * e;
  const float share = x < 0 ? tail : 1.0f - tail;
  return {x * share, share + x * e * 0.39894228f};
}

// What silu'(z) makes of dy, or dy itself.
template <bool kSilu>
AUDIOLDM_INLINE float ThroughSilu(float dy, float z) {
  if (!kSilu) return dy;
  const float s = 1.0f / (1.0f + Exp(-z));
  return dy * s * (1.0f + z * (1.0f - s));
}

// Adds up two values a pixel and channel, to what is there: value(pixel, channel, &first, &second).
template <typename Values>
AUDIOLDM_INLINE void AddBlock(int64_t pixels, int64_t first_channel, int width,
                              const Values& values, double* firsts, double* seconds) {
  for (int64_t first = 0; first < pixels; first += kRun) {
    const int64_t last = first + kRun < pixels ? first + kRun : pixels;
    float a[kBlock] = {}, b[kBlock] = {};
    for (int64_t p = first; p < last; p++) {
      AUDIOLDM_SIMD
      for (int i = 0; i < width; i++) {
        float one, other;
        values(p, first_channel + i, &one, &other);
        a[i] += one;
        b[i] += other;
      }
    }
    for (int i = 0; i < width; i++) {
      firsts[first_channel + i] += static_cast<double>(a[i]);
      seconds[first_channel + i] += static_cast<double>(b[i]);
    }
  }
}

template <typename Values>
AUDIOLDM_INLINE void Add(int64_t pixels, int64_t channels, const Values& values, double* firsts,
                         double* seconds) {
  int64_t c = 0;
  for (; c + kBlock <= channels; c += kBlock) AddBlock(pixels, c, kBlock, values, firsts, seconds);
  if (c < channels) {
    AddBlock(pixels, c, static_cast<int>(channels - c), values, firsts, seconds);
  }
}

template <typename T>
void Sums(const T* x, int64_t pixels, int64_t channels, const float* pivot, double* sums,
          double* squares) {
  const auto values = [=](int64_t p, int64_t c, float* one, float* other)
                          __attribute__((always_inline)) {
                            const float d = Value(x[p * channels + c]) - pivot[c];
                            *one = d;
                            *other = d * d;
                          };
  Add(pixels, channels, values, sums, squares);
}

template <typename In, typename Out, bool kSilu>
void NormalizeAs(const In* x, int64_t pixels, int64_t channels, const float* center,
                 const float* scale, const float* shift, Out* out) {
  for (int64_t p = 0; p < pixels; p++, x += channels, out += channels) {
    AUDIOLDM_SIMD
    for (int64_t c = 0; c < channels; c++) {
      const float z = (Value(x[c]) - center[c]) * scale[c] + shift[c];
      Put(kSilu ? z / (1.0f + Exp(-z)) : z, out + c);
    }
  }
}

template <typename In, typename Out>
void Normalize(const In* x, int64_t pixels, int64_t channels, const float* center,
               const float* scale, const float* shift, bool silu, Out* out) {
  const auto run = silu ? NormalizeAs<In, Out, true> : NormalizeAs<In, Out, false>;
  run(x, pixels, channels, center, scale, shift, out);
}

template <typename In, typename Out, bool kSilu>
void GradientSumsAs(const In* x, const Out* dy, int64_t pixels, int64_t channels,
                    const float* center, const float* scale, const float* shift, double* sums,
                    double* products) {
  const auto values = [=](int64_t p, int64_t c, float* one,
                          float* other) __attribute__((always_inline)) {
    const float d = Value(x[p * channels + c]) - center[c];
    const float dz = ThroughSilu<kSilu>(Value(dy[p * channels + c]), d * scale[c] + shift[c]);
    *one = dz;
    *other = dz * d;
  };
  Add(pixels, channels, values, sums, products);
}

template <typename In, typename Out>
void GradientSums(const In* x, const Out* dy, int64_t pixels, int64_t channels, const float* center,
                  const float* scale, const float* shift, bool silu, double* sums,
                  double* products) {
  const auto run = silu ? GradientSumsAs<In, Out, true> : GradientSumsAs<In, Out, false>;
  run(x, dy, pixels, channels, center, scale, shift, sums, products);
}

template <typename In, typename Out, bool kSilu>
void GradientAs(const In* x, const Out* dy, int64_t pixels, int64_t channels, const float* center,
                const float* scale, const float* shift, const float* slope, const float* level,
                In* dx) {
  for (int64_t p = 0; p < pixels; p++, x += channels, dy += channels, dx += channels) {
    AUDIOLDM_SIMD
    for (int64_t c = 0; c < channels; c++) {
      const float d = Value(x[c]) - center[c];
      const float dz = ThroughSilu<kSilu>(Value(dy[c]), d * scale[c] + shift[c]);
      Put(dz * scale[c] + (d * slope[c] + level[c]), dx + c);
    }
  }
}

template <typename In, typename Out>
void Gradient(const In* x, const Out* dy, int64_t pixels, int64_t channels, const float* center,
              const float* scale, const float* shift, bool silu, const float* slope,
              const float* level, In* dx) {
  const auto run = silu ? GradientAs<In, Out, true> : GradientAs<In, Out, false>;
  run(x, dy, pixels, channels, center, scale, shift, slope, level, dx);
}

template <typename In, typename Out>
void Rows(const In* x, int64_t rows, int64_t width, const float* weight, const float* bias,
          double eps, float* means, float* rstds, Out* out) {
  const float count = static_cast<float>(width);
  for (int64_t r = 0; r < rows; r++, x += width, out += width) {
    float sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < width; i++) sum += Value(x[i]);
    const float mean = sum / count;
#pragma omp simd reduction(+ : square)
    for (int64_t i = 0; i < width; i++) square += (Value(x[i]) - mean) * (Value(x[i]) - mean);
    const float rstd = 1.0f / __builtin_sqrtf(square / count + static_cast<float>(eps));
    AUDIOLDM_SIMD
    for (int64_t i = 0; i < width; i++) {
      Put((Value(x[i]) - mean) * rstd * weight[i] + bias[i], out + i);
    }
    means[r] = mean;
    rstds[r] = rstd;
  }
}

template <typename In, typename Out>
void RowsGradient(const In* x, const Out* dy, int64_t rows, int64_t width, const float* weight,
                  const float* means, const float* rstds, In* dx, double* dweight, double* dbias) {
  const float count = static_cast<float>(width);
  for (int64_t r = 0; r < rows; r++) {
    const In* from = x + r * width;
    const Out* d = dy + r * width;
    const float mean = means[r], rstd = rstds[r];
    float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
    for (int64_t i = 0; i < width; i++) {
      const float dz = Value(d[i]) * weight[i];
      sum += dz;
      product += dz * (Value(from[i]) - mean);
    }
    const float level = -sum / count * rstd;
    const float slope = -product / count * rstd * rstd * rstd;
    AUDIOLDM_SIMD
    for (int64_t i = 0; i < width; i++) {
      const float dz = Value(d[i]) * weight[i];
      Put(dz * rstd + ((Value(from[i]) - mean) * slope + level), dx + r * width + i);
    }
  }
  const auto values = [=](int64_t r, int64_t i, float* one, float* other)
                          __attribute__((always_inline)) {
                            const float d = Value(dy[r * width + i]);
                            *one = d * (Value(x[r * width + i]) - means[r]) * rstds[r];
                            *other = d;
                          };
  Add(rows, width, values, dweight, dbias);
}

template <typename T>
void Gated(const T* x, int64_t rows, int64_t width, T* out) {
  for (int64_t r = 0; r < rows; r++, x += 2 * width, out += width) {
    AUDIOLDM_SIMD
    for (int64_t i = 0; i < width; i++)
      Put(Value(x[i]) * GeluOf(Value(x[width + i])).value, out + i);
  }
}

template <typename T>
void GatedGradient(const T* x, const T* dy, int64_t rows, int64_t width, T* dx) {
  for (int64_t r = 0; r < rows; r++, x += 2 * width, dx += 2 * width, dy += width) {
    AUDIOLDM_SIMD
    for (int64_t i = 0; i < width; i++) {
      const Gelu gelu = GeluOf(Value(x[width + i]));
      const float d = Value(dy[i]);
      Put(d * gelu.value, dx + i);
      Put(d * Value(x[i]) * gelu.gradient, dx + width + i);
    }
  }
}

float Softmax(const float* scores, int64_t count, float scale, uint16_t* weights, float* max) {
  float top = scores[0];
#pragma omp simd reduction(max : top)
  for (int64_t j = 0; j < count; j++) top = scores[j] > top ? scores[j] : top;
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < count; j++) {
    const float e = Exp((scores[j] - top) * scale);
    sum += e;
    Put(e, weights + j);
  }
  *max = top;
  return sum;
}

float Weights(float* scores, const float* gradients, int64_t count, float scale, float level) {
  float mean = 0;
#pragma omp simd reduction(+ : mean)
  for (int64_t j = 0; j < count; j++) {
    scores[j] = Exp(scores[j] * scale - level);
    mean += scores[j] * gradients[j];
  }
  return mean;
}

void AttentionGradient(const float* weights, const float* gradients, int64_t row_size,
                       int64_t count, float scale, const float* means, bool both,
                       uint32_t* weight_pairs, uint32_t* gradient_pairs, uint16_t* gradient_rows) {
  const float mean = means[0];
  AUDIOLDM_SIMD
  for (int64_t j = 0; j < count; j++) {
    const uint32_t d = Rounded(weights[j] * (gradients[j] - mean) * scale) >> 16;
    weight_pairs[j] = Rounded(weights[j]) >> 16;
    gradient_pairs[j] = d;
    gradient_rows[j] = static_cast<uint16_t>(d);
  }
  if (!both) return;
  const float next = means[1];
  weights += row_size;
  gradients += row_size;
  gradient_rows += row_size;
  AUDIOLDM_SIMD
  for (int64_t j = 0; j < count; j++) {
    const uint32_t d = Rounded(weights[j] * (gradients[j] - next) * scale) & 0xffff0000u;
    weight_pairs[j] |= Rounded(weights[j]) & 0xffff0000u;
    gradient_pairs[j] |= d;
    gradient_rows[j] = static_cast<uint16_t>(d >> 16);
  }
}

void Round(const float* x, int64_t count, float factor, uint16_t* out) {
  AUDIOLDM_SIMD
  for (int64_t j = 0; j < count; j++) Put(x[j] * factor, out + j);
}

template <typename T>
void AddTo(const T* x, const uint16_t* y, int64_t count, float* out) {
  AUDIOLDM_SIMD
  for (int64_t i = 0; i < count; i++) out[i] = Value(x[i]) + Value(y[i]);
}

template <typename In, typename Out>
constexpr NormLoops<In, Out> kNorm = {Sums<In>,          Normalize<In, Out>, GradientSums<In, Out>,
                                      Gradient<In, Out>, Rows<In, Out>,      RowsGradient<In, Out>};

}  // namespace

extern const Loops kLoops;
const Loops kLoops = {kNorm<float, float>,
                      kNorm<float, uint16_t>,
                      kNorm<uint16_t, uint16_t>,
                      {Gated<float>, GatedGradient<float>},
                      {Gated<uint16_t>, GatedGradient<uint16_t>},
                      AddTo<float>,
                      AddTo<uint16_t>,
                      {Softmax, Weights, AttentionGradient, Round}};

}  // namespace audioldm::AUDIOLDM_ISA
