#pragma once

#include <cstdint>

namespace audioldm::avx512 {

inline constexpr int64_t kPanel = 64;   // keys a panel
inline constexpr int64_t kMaxRows = 6;  // queries a call
inline constexpr int64_t kMaxWidth = 128;

// How many query rows Attend takes at once for this head width (rounded up to 16).
int64_t RowsFor(int64_t padded_width);

struct Head {
  const float* keys;    // [panels][width][kPanel], zero-padded
  const float* values;  // [tokens][padded_width], zero-padded
  int64_t tokens;
  int64_t width;         // 1 … kMaxWidth
  int64_t padded_width;  // a multiple of 16
};

// rows: 1 … RowsFor(padded_width). queries: [rows][width], scaled. out: [rows][padded_width].
// scores: room for kMaxRows · panels · kPanel floats, 64-byte aligned.
void Attend(const Head& head, const float* queries, int64_t rows, float* scores, float* out);

}  // namespace audioldm::avx512
