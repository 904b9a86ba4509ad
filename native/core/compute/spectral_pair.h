#pragma once

#include "compute/operation.h"

namespace audioldm {

// The operation `spectral_pair`: the paired LSD, PSNR and SSIM of audioldm_eval at 16 kHz
// (audioldm_eval/eval.py, calculate_lsd and calculate_psnr_ssim; datasets/load_mel.py,
// MelPairedDataset; audio/stft.py, TacotronSTFT), in float64 where it has float32.
//
// Inputs: waveform_generated [n] and waveform_reference [m] as `prepare` gives them for the first
// channel, the mean removed, resampled with the default filter and not padded (min_samples 0).
// Result: float64 [3]: lsd, psnr, ssim; NaN is a value that the pair does not have.
//
// Log-spectral distance (ssr_eval/metrics.py of ssr_eval, AudioMetrics(16000).lsd):
//   The generated waveform loses its first 1120 samples (7 frames, which HiFi-GAN adds, as the
//   evaluator says). Then each loses its mean and is divided by its largest magnitude, and the
//   longer is cut at its end. Magnitudes G and R of librosa.stft: 743 samples (⌊2048 · 16000 /
//   44100⌋) under a periodic Hann window, hop 160, 371 zeros at either end (librosa ≥ 0.9;
//   before, reflection).
//   LSD = mean over frames of √(mean over bins of log10(R² / (G + 1e-12)² + 1e-12)²).
//   NaN for a generated waveform of 1120 samples or fewer. A waveform that is silent, all of one
//   value, stays zero (the evaluator: 0 / 0, and NaN for the whole set); two of them are at
//   distance 0, as all equal pairs are.
//
// Mel images, of either waveform clipped to ±1: 512 samples under a periodic Hann window, hop 160,
// 256 reflected samples at either end; magnitudes times 64 Slaney mel filters from 50 to 8000 Hz
// (librosa.filters.mel); (20 · log10(max(mel, 1e-5)) − 20 + 100) / 100 clipped to 0…1; the longer
// image is cut at its end.
//   PSNR = 10 · log10(1 / mean (G − R)²), as skimage.metrics.peak_signal_noise_ratio has it for
//   images of 0…1. +∞ for equal images, which the evaluator leaves out of its means, of PSNR and of
//   SSIM. NaN where a waveform has fewer than 257 samples and cannot be reflected.
//   SSIM as skimage.metrics.structural_similarity: windows of 7 × 7 that lie inside the image,
//   sample (co)variances (n − 1), K1 0.01, K2 0.03, range = the largest value of both images less
//   the smallest; the mean over windows. 1 for equal images. NaN for fewer than 7 frames (960
//   samples), where skimage throws.
Tensors SpectralPair(const Request& request);

}  // namespace audioldm
