#pragma once

#include "compute/operation.h"

namespace audioldm {

// How often each of `count` clips is in each of `replicates` samples of `count` clips that are
// drawn with replacement: [replicates, count], float64. Sample after sample is NumPy's
// RandomState(seed).randint(0, count, count), so that whoever has as many clips and the same seed
// draws the same ones.
at::Tensor ResampledCounts(int64_t count, int64_t replicates, uint32_t seed);

// The parameter `name` as a seed of NumPy's RandomState.
uint32_t SeedOf(const Request& request, const char* name);

// The parameter `replicates`, `min` or more.
int64_t ReplicatesOf(const Request& request, int64_t min);

// Input `index`, [clips] whole numbers of rows that follow each other in a table of `rows` rows, as
// the clip that each row is of: [rows], int64.
at::Tensor ClipOfRow(const Request& request, size_t index, const char* name, int64_t rows);

}  // namespace audioldm
