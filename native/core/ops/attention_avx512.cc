#include "ops/attention_avx512.h"

#include "ops/avx512_math.h"

namespace audioldm::avx512 {
namespace {

// scores[r][j] = queries[r] · keys[j], a panel of keys at a time.
template <int kRows>
void Scores(const Head& head, const float* queries, float* scores, int64_t row_size) {
  const int64_t panels = row_size / kPanel;
  for (int64_t panel = 0; panel < panels; panel++) {
    const float* keys = head.keys + panel * head.width * kPanel;
    __m512 sum[kRows][4];
    for (auto& row : sum) {
      for (auto& part : row) part = _mm512_setzero_ps();
    }
    for (int64_t i = 0; i < head.width; i++, keys += kPanel) {
      const __m512 key[4] = {_mm512_loadu_ps(keys), _mm512_loadu_ps(keys + 16),
                             _mm512_loadu_ps(keys + 32), _mm512_loadu_ps(keys + 48)};
      for (int r = 0; r < kRows; r++) {
        const __m512 query = _mm512_set1_ps(queries[r * head.width + i]);
        for (int c = 0; c < 4; c++) sum[r][c] = _mm512_fmadd_ps(query, key[c], sum[r][c]);
      }
    }
    for (int r = 0; r < kRows; r++) {
      for (int c = 0; c < 4; c++) {
        _mm512_store_ps(scores + r * row_size + panel * kPanel + c * 16, sum[r][c]);
      }
    }
  }
}

// Turns a row of scores into exp(score − max); returns 1 / their sum.
float Softmax(float* row, int64_t tokens) {
  const __m512 none = _mm512_set1_ps(-__builtin_inff());
  const int64_t whole = tokens / 16 * 16;
  const __mmask16 rest = static_cast<__mmask16>((1u << (tokens - whole)) - 1);
  __m512 top = _mm512_mask_loadu_ps(none, rest, row + whole);
  for (int64_t j = 0; j < whole; j += 16) top = _mm512_max_ps(top, _mm512_load_ps(row + j));
  const __m512 max = _mm512_set1_ps(_mm512_reduce_max_ps(top));
  __m512 sum = _mm512_setzero_ps();
  for (int64_t j = 0; j < whole; j += 16) {
    const __m512 e = Exp(_mm512_sub_ps(_mm512_load_ps(row + j), max));
    _mm512_store_ps(row + j, e);
    sum = _mm512_add_ps(sum, e);
  }
  if (rest != 0) {
    const __m512 tail = _mm512_mask_loadu_ps(none, rest, row + whole);
    const __m512 e = _mm512_maskz_mov_ps(rest, Exp(_mm512_sub_ps(tail, max)));
    _mm512_mask_storeu_ps(row + whole, rest, e);
    sum = _mm512_add_ps(sum, e);
  }
  return 1.0f / _mm512_reduce_add_ps(sum);
}

// out[r] = Σⱼ weights[r][j] · values[j] / sum.
template <int kRows, int kParts>
void Mix(const Head& head, const float* weights, int64_t row_size, const float* inverse,
         float* out) {
  __m512 sum[kRows][kParts];
  for (auto& row : sum) {
    for (auto& part : row) part = _mm512_setzero_ps();
  }
  const float* value = head.values;
  for (int64_t j = 0; j < head.tokens; j++, value += kParts * 16) {
    __m512 v[kParts];
    for (int c = 0; c < kParts; c++) v[c] = _mm512_loadu_ps(value + c * 16);
    for (int r = 0; r < kRows; r++) {
      const __m512 weight = _mm512_set1_ps(weights[r * row_size + j]);
      for (int c = 0; c < kParts; c++) sum[r][c] = _mm512_fmadd_ps(weight, v[c], sum[r][c]);
    }
  }
  for (int r = 0; r < kRows; r++) {
    const __m512 scale = _mm512_set1_ps(inverse[r]);
    for (int c = 0; c < kParts; c++) {
      _mm512_storeu_ps(out + (r * kParts + c) * 16, _mm512_mul_ps(sum[r][c], scale));
    }
  }
}

template <int kRows, int kParts>
void AttendRows(const Head& head, const float* queries, float* scores, float* out) {
  const int64_t row_size = (head.tokens + kPanel - 1) / kPanel * kPanel;
  Scores<kRows>(head, queries, scores, row_size);
  float inverse[kRows];
  for (int r = 0; r < kRows; r++) inverse[r] = Softmax(scores + r * row_size, head.tokens);
  Mix<kRows, kParts>(head, scores, row_size, inverse, out);
}

// Accumulators (rows · parts), values and one weight must fit the 32 vector registers.
template <int kParts>
constexpr int kRowsFor = 24 / kParts < kMaxRows ? 24 / kParts : kMaxRows;

template <int kParts>
void AttendParts(const Head& head, const float* queries, int64_t rows, float* scores, float* out) {
  if (rows == kRowsFor<kParts>)
    return AttendRows<kRowsFor<kParts>, kParts>(head, queries, scores, out);
  for (int64_t r = 0; r < rows; r++) {
    AttendRows<1, kParts>(head, queries + r * head.width, scores, out + r * kParts * 16);
  }
}

}  // namespace

int64_t RowsFor(int64_t padded_width) {
  const int64_t rows = 24 / (padded_width / 16);
  return rows < kMaxRows ? rows : kMaxRows;
}

void Attend(const Head& head, const float* queries, int64_t rows, float* scores, float* out) {
  switch (head.padded_width / 16) {
    case 1:
      return AttendParts<1>(head, queries, rows, scores, out);
    case 2:
      return AttendParts<2>(head, queries, rows, scores, out);
    case 3:
      return AttendParts<3>(head, queries, rows, scores, out);
    case 4:
      return AttendParts<4>(head, queries, rows, scores, out);
    case 5:
      return AttendParts<5>(head, queries, rows, scores, out);
    case 6:
      return AttendParts<6>(head, queries, rows, scores, out);
    case 7:
      return AttendParts<7>(head, queries, rows, scores, out);
    default:
      return AttendParts<8>(head, queries, rows, scores, out);
  }
}

}  // namespace audioldm::avx512
