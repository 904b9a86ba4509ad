/** Power spectra of real frames by a radix-2 FFT. One instance holds tables and work space. */
export class PowerSpectrum {
  /** FFT length, a power of two. */
  readonly size: number
  private readonly cosine: Float64Array
  private readonly sine: Float64Array
  private readonly reversed: Uint32Array
  private readonly real: Float64Array
  private readonly imaginary: Float64Array

  constructor(size: number) {
    if (size < 2 || (size & (size - 1)) !== 0) throw new RangeError(`${size} is no power of two`)
    this.size = size
    this.cosine = Float64Array.from({ length: size / 2 }, (_, k) =>
      Math.cos((2 * Math.PI * k) / size),
    )
    this.sine = Float64Array.from({ length: size / 2 }, (_, k) =>
      Math.sin((2 * Math.PI * k) / size),
    )
    this.reversed = new Uint32Array(size)
    for (let i = 1; i < size; i++) {
      const half = this.reversed[i >> 1]
      this.reversed[i] = (half >> 1) | ((i & 1) !== 0 ? size >> 1 : 0)
    }
    this.real = new Float64Array(size)
    this.imaginary = new Float64Array(size)
  }

  /** |X[k]|² for k = 0 … size/2 into `power`, of `frame` zero-padded to `size`. */
  compute(frame: ArrayLike<number>, power: Float64Array): void {
    const { size, real, imaginary, reversed } = this
    for (let i = 0; i < size; i++) {
      const from = reversed[i]
      real[i] = from < frame.length ? frame[from] : 0
    }
    imaginary.fill(0)
    for (let half = 1; half < size; half *= 2) this.butterflies(half)
    for (let k = 0; k <= size / 2; k++) {
      power[k] = real[k] ** 2 + imaginary[k] ** 2
    }
  }

  private butterflies(half: number): void {
    const { size, real, imaginary, cosine, sine } = this
    const stride = size / (2 * half)
    for (let start = 0; start < size; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cosine[k * stride]
        const s = sine[k * stride]
        const a = start + k
        const b = a + half
        const re = real[b] * c + imaginary[b] * s
        const im = imaginary[b] * c - real[b] * s
        real[b] = real[a] - re
        imaginary[b] = imaginary[a] - im
        real[a] = real[a] + re
        imaginary[a] = imaginary[a] + im
      }
    }
  }
}
