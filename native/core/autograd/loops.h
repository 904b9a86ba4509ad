#pragma once

#include <cstdint>

namespace audioldm {

// The passes over memory that training's operators are made of, as plain loops: loops_body.h,
// compiled once for every instruction set. Types are float, and uint16_t for bfloat16; what is
// added up is added up in float32 for a few rows and in double beyond.

// From In to Out, whose gradient comes back as Out.
template <typename In, typename Out>
struct NormLoops {
  // x [pixels, channels] → sums of x − pivot and of its square, a channel each.
  void (*sums)(const In* x, int64_t pixels, int64_t channels, const float* pivot, double* sums,
               double* squares);
  // out = z or silu(z), where z = (x − center) · scale + shift.
  void (*normalize)(const In* x, int64_t pixels, int64_t channels, const float* center,
                    const float* scale, const float* shift, bool silu, Out* out);
  // With dz, the gradient of z: sums of dz and of dz · (x − center).
  void (*gradient_sums)(const In* x, const Out* dy, int64_t pixels, int64_t channels,
                        const float* center, const float* scale, const float* shift, bool silu,
                        double* sums, double* products);
  // dx = dz · scale + (x − center) · slope + level.
  void (*gradient)(const In* x, const Out* dy, int64_t pixels, int64_t channels,
                   const float* center, const float* scale, const float* shift, bool silu,
                   const float* slope, const float* level, In* dx);
  // Each of the rows [rows, width] by itself: out = (x − mean) · rstd · weight + bias.
  void (*rows)(const In* x, int64_t rows, int64_t width, const float* weight, const float* bias,
               double eps, float* means, float* rstds, Out* out);
  // Its gradients; those of weight and bias are added to what is there.
  void (*rows_gradient)(const In* x, const Out* dy, int64_t rows, int64_t width,
                        const float* weight, const float* means, const float* rstds, In* dx,
                        double* dweight, double* dbias);
};

template <typename T>
struct GatedLoops {
  // x [rows, 2 · width] → out [rows, width]: the first half times gelu() of the second.
  void (*forward)(const T* x, int64_t rows, int64_t width, T* out);
  void (*gradient)(const T* x, const T* dy, int64_t rows, int64_t width, T* dx);
};

// Attention in bfloat16: what lies between its products.
struct AttentionLoops {
  // weights = exp((scores − max) · scale), bfloat16; returns their sum, and the max.
  float (*softmax)(const float* scores, int64_t count, float scale, uint16_t* weights, float* max);
  // Turns a row of scores into weights exp(score · scale − level); returns the sum of these times
  // their gradients.
  float (*weights)(float* scores, const float* gradients, int64_t count, float scale, float level);
  // From weights, their gradients and what weights() gave, gradients of scores: for one row, or two
  // that are `row_size` apart, of which element j lies side by side in `pairs`.
  void (*gradient)(const float* weights, const float* gradients, int64_t row_size, int64_t count,
                   float scale, const float* means, bool both, uint32_t* weight_pairs,
                   uint32_t* gradient_pairs, uint16_t* gradient_rows);
  // out = bfloat16 of x · factor.
  void (*round)(const float* x, int64_t count, float factor, uint16_t* out);
};

struct Loops {
  NormLoops<float, float> float_norm;
  NormLoops<float, uint16_t> narrowing_norm;
  NormLoops<uint16_t, uint16_t> bfloat16_norm;
  GatedLoops<float> float_gated;
  GatedLoops<uint16_t> bfloat16_gated;
  // out = x + y.
  void (*add)(const float* x, const uint16_t* y, int64_t count, float* out);
  void (*add_bfloat16)(const uint16_t* x, const uint16_t* y, int64_t count, float* out);
  AttentionLoops attention;
};

// For the instruction set at hand, or nothing: then libtorch's operators do the work.
const Loops* FindLoops();

}  // namespace audioldm
