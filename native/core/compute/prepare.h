#pragma once

#include "compute/operation.h"

namespace audioldm {

// The operation `prepare`: clips as decoded → waveforms as a backbone takes them, in the order of
// WaveDataset in audioldm_eval (audioldm_eval/datasets/load_mel.py): one channel, mean removed over
// the whole clip at its own rate, resampled, zeros at the end.
//
// Inputs: any number of clips [channels, n] of one rate. Results: as many float32 [m], with
// m = max(min_samples, ⌈n · target_rate / rate⌉). Means and sums are float64, and a clip of one
// value becomes exact zeros.
// Parameters: rate, target_rate (1 … 2^20 Hz), mono (0: the first channel, 1: the mean of the
// channels), remove_mean (0, 1), min_samples, and of SincFilterSpec lowpass_filter_width, rolloff
// and beta (0: Hann window).
//
// Throws Error (kEngineFailed) for a clip with samples that are not finite, or whose result would
// have more than 2^30 samples.
Tensors Prepare(const Request& request);

}  // namespace audioldm
