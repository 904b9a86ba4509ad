#pragma once

#include <cstdint>
#include <functional>

#include "audio/sinc_filter.h"

namespace audioldm {

// Writes the samples [first, last) of a signal. Called from several threads.
using SampleSource = std::function<void(int64_t first, int64_t last, double* samples)>;

// ⌈length · target_rate / rate⌉.
int64_t ResampledLength(int64_t length, int64_t rate, int64_t target_rate);

// Resamples `length` samples as torchaudio.functional.resample defines it, zeros beyond both ends:
// writes ResampledLength float32 samples to `output`, each a float64 sum of float64 taps. Equal
// rates copy. Any rates from 1 to 2^20, and lengths whose result has at most 2^30 samples.
//
// The taps of the outputs that have the same position between two samples (the same phase) are
// computed once for a few ten thousand outputs, and there is no table of all phases: memory stays
// at a few MiB a thread and each output's value does not depend on the number of threads.
//
// Throws Aborted when cancelled, which is asked about once a second.
void Resample(const SampleSource& source, int64_t length, int64_t rate, int64_t target_rate,
              const SincFilterSpec& spec, const std::function<bool()>& cancelled, float* output);

}  // namespace audioldm
