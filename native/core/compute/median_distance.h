#pragma once

#include "compute/row_blocks.h"

namespace audioldm {

// The median of ‖xᵢ − xⱼ‖² over the pairs i < j of two rows or more: of an even number of pairs the
// lower of the two in the middle, as torch.median. Exact, and without holding the distances: they
// are counted by their leading bits in one pass over the blocks, and those with the bits of the
// median are gathered in another.
double MedianSquaredDistance(const RowBlocks& rows, const Request& request);

}  // namespace audioldm
