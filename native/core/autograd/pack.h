#pragma once

#include <cstdint>
#include <vector>

namespace audioldm {

// The right-hand side of a bfloat16 product as the processor's instructions take it: panels of up
// to 512 columns, in each of which rows 2i and 2i + 1 lie side by side, column by column.
class PackedMatrix {
 public:
  static constexpr int64_t kPanel = 512;

  // `rows` is even, `columns` a multiple of 16. Elements are 0.
  PackedMatrix(int64_t rows, int64_t columns)
      : rows_(rows), columns_(columns), pairs_(rows / 2 * columns) {}

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t WidthAt(int64_t column) const {
    return columns_ - column < kPanel ? columns_ - column : kPanel;
  }
  // The panel that begins at `column`, a multiple of kPanel; its pair of rows `pair` from there on.
  uint32_t* Panel(int64_t column, int64_t pair = 0) {
    return pairs_.data() + rows_ / 2 * column + pair * WidthAt(column);
  }
  const uint32_t* Panel(int64_t column) const { return pairs_.data() + rows_ / 2 * column; }

  // From a matrix of `count` rows that are `stride` apart: it, or its transpose.
  void SetRows(const uint16_t* x, int64_t count, int64_t stride, int64_t columns);
  void SetTransposed(const uint16_t* x, int64_t count, int64_t stride);

 private:
  int64_t rows_, columns_;
  std::vector<uint32_t> pairs_;
};

// out [m, right.columns()] = left [m, right.rows()] · right, or added to it.
void Multiply(const uint16_t* left, int64_t left_stride, int64_t m, const PackedMatrix& right,
              bool add, float* out, int64_t out_stride);

}  // namespace audioldm
