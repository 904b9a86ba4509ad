#pragma once

#include "compute/operation.h"

namespace audioldm {

// `vggish_postprocess`: the whitening and quantisation of released AudioSet embeddings, as
// torchvggish (torchvggish/vggish.py): eigen_vectors·(row − means), clipped to ±2, mapped to
// 0 … 255 and rounded to the nearest whole number, halves to even.
//
// Inputs: rows [N, d]; eigen_vectors [d, d], one to a row; means [d] (VGGish has d = 128).
// No parameters. Result: [N, d], whole numbers as float64.
Tensors VggishPostprocess(const Request& request);

}  // namespace audioldm
