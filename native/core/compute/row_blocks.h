#pragma once

#include <functional>

#include "compute/operation.h"

namespace audioldm {

// Rows [n, d] of any floating type, taken a block at a time as float64 less `centre` [d]: pairs of
// rows are looked at in memory for two blocks, whatever n.
class RowBlocks {
 public:
  static constexpr int64_t kRows = 1024;

  // Undefined, `centre` is taken for zeros.
  explicit RowBlocks(const at::Tensor& rows, at::Tensor centre = {});

  int64_t count() const;
  at::Tensor Block(int64_t start) const;

 private:
  at::Tensor rows_;
  at::Tensor centre_;
};

// The mean row [d], computed in blocks; good enough to centre by.
at::Tensor Centre(const at::Tensor& rows);

// visit(first row of x, first row of y, block of x, block of y) for all pairs of blocks.
using VisitPair = std::function<void(int64_t, int64_t, const at::Tensor& x, const at::Tensor& y)>;
void ForEachBlockPair(const RowBlocks& x, const RowBlocks& y, const Request& request,
                      const VisitPair& visit);

// The same for the pairs of blocks of one set, each once: the second is the first or comes later.
void ForEachBlockPair(const RowBlocks& rows, const Request& request, const VisitPair& visit);

}  // namespace audioldm
