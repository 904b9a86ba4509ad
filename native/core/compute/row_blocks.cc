#include "compute/row_blocks.h"

#include <ATen/ATen.h>

#include <utility>

namespace audioldm {

RowBlocks::RowBlocks(const at::Tensor& rows, at::Tensor centre)
    : rows_(rows), centre_(std::move(centre)) {}

int64_t RowBlocks::count() const { return rows_.size(0); }

at::Tensor RowBlocks::Block(int64_t start) const {
  const at::Tensor block = rows_.slice(0, start, start + kRows).to(at::kDouble).contiguous();
  return centre_.defined() ? block - centre_ : block;
}

at::Tensor Centre(const at::Tensor& rows) {
  const RowBlocks blocks(rows);
  at::Tensor sum = at::zeros({rows.size(1)}, at::kDouble);
  for (int64_t start = 0; start < blocks.count(); start += RowBlocks::kRows) {
    sum += blocks.Block(start).sum(0);
  }
  return sum.div_(static_cast<double>(rows.size(0)));
}

void ForEachBlockPair(const RowBlocks& x, const RowBlocks& y, const Request& request,
                      const VisitPair& visit) {
  for (int64_t i = 0; i < x.count(); i += RowBlocks::kRows) {
    const at::Tensor first = x.Block(i);
    for (int64_t j = 0; j < y.count(); j += RowBlocks::kRows) {
      ThrowIfCancelled(request);
      visit(i, j, first, y.Block(j));
    }
  }
}

void ForEachBlockPair(const RowBlocks& rows, const Request& request, const VisitPair& visit) {
  for (int64_t i = 0; i < rows.count(); i += RowBlocks::kRows) {
    const at::Tensor first = rows.Block(i);
    for (int64_t j = i; j < rows.count(); j += RowBlocks::kRows) {
      ThrowIfCancelled(request);
      visit(i, j, first, i == j ? first : rows.Block(j));
    }
  }
}

}  // namespace audioldm
