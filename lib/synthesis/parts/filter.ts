/** Second-order filters, as in Robert Bristow-Johnson's audio EQ cookbook. */
import { sampleRate } from './rate.js'

export type FilterKind = 'lowpass' | 'highpass' | 'bandpass'

/** A bandpass has a gain of 1 at its centre. */
export class Filter {
  private b0 = 0
  private b1 = 0
  private b2 = 0
  private a1 = 0
  private a2 = 0
  private x1 = 0
  private x2 = 0
  private y1 = 0
  private y2 = 0

  constructor(
    private readonly kind: FilterKind,
    hertz: number,
    private readonly quality = Math.SQRT1_2,
  ) {
    this.tune(hertz)
  }

  /** Moves the corner or centre; what is in the filter goes on sounding. */
  tune(hertz: number, quality = this.quality): void {
    const angle = (2 * Math.PI * Math.min(Math.max(hertz, 5), 0.45 * sampleRate)) / sampleRate
    const [cosine, alpha] = [Math.cos(angle), Math.sin(angle) / (2 * quality)]
    const a0 = 1 + alpha
    const edge = this.kind === 'lowpass' ? 1 - cosine : 1 + cosine
    this.b0 = (this.kind === 'bandpass' ? alpha : edge / 2) / a0
    this.b1 = (this.kind === 'bandpass' ? 0 : this.kind === 'lowpass' ? edge : -edge) / a0
    this.b2 = (this.kind === 'bandpass' ? -alpha : edge / 2) / a0
    this.a1 = (-2 * cosine) / a0
    this.a2 = (1 - alpha) / a0
  }

  /** Filters in place, from one sample to before another, and returns what it was given. */
  run(samples: Float32Array, from = 0, to = samples.length): Float32Array {
    const { b0, b1, b2, a1, a2 } = this
    let { x1, x2, y1, y2 } = this
    for (let i = from; i < to; i++) {
      const x = samples[i]
      const y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
      x2 = x1
      x1 = x
      y2 = y1
      y1 = y
      samples[i] = y
    }
    this.x1 = x1
    this.x2 = x2
    this.y1 = y1
    this.y2 = y2
    return samples
  }

  /** Filters in place with a corner that moves: `hertzAt` is asked every 64 samples. */
  sweep(samples: Float32Array, hertzAt: (seconds: number) => number): Float32Array {
    for (let at = 0; at < samples.length; at += 64) {
      this.tune(hertzAt(at / sampleRate))
      this.run(samples, at, Math.min(at + 64, samples.length))
    }
    return samples
  }
}

export function lowpass(samples: Float32Array, hertz: number, quality?: number): Float32Array {
  return new Filter('lowpass', hertz, quality).run(samples)
}

export function highpass(samples: Float32Array, hertz: number, quality?: number): Float32Array {
  return new Filter('highpass', hertz, quality).run(samples)
}

export function bandpass(samples: Float32Array, hertz: number, quality?: number): Float32Array {
  return new Filter('bandpass', hertz, quality).run(samples)
}

export interface Formant {
  hertz: number
  quality: number
  gain: number
}

/** What resonates beside each other, such as a body or a mouth: the sum of bandpasses. */
export function resonate(samples: Float32Array, formants: readonly Formant[]): Float32Array {
  const sum = new Float32Array(samples.length)
  for (const { hertz, quality, gain } of formants) {
    const band = bandpass(samples.slice(), hertz, quality)
    for (let i = 0; i < sum.length; i++) sum[i] += gain * band[i]
  }
  return sum
}
