/** What one run of score or saveStatistics holds open. */
import { setMaxListeners } from 'node:events'
import { AudioReaderPool } from '../../audio/reader-pool.js'
import { Calculator } from '../../native/calculator.js'
import { Compute } from '../../native/compute.js'
import {
  arithmeticOf,
  type ComputeDType,
  chooseDevice,
  chooseDType,
  defaultThreads,
} from '../../native/device.js'
import { loadNative, type NativeCore } from '../../native/load.js'
import { FeatureCache } from './feature-cache.js'

export interface SessionOptions {
  device: string
  dtype: 'auto' | ComputeDType
  threads?: number
  libtorchPath?: string
  cacheDir: string | null
}

export class Session {
  readonly native: NativeCore
  readonly device: string
  readonly dtype: ComputeDType
  readonly arithmetic: ComputeDType
  readonly threads: number
  readonly calculator: Calculator
  readonly reader = new AudioReaderPool()
  readonly cache: FeatureCache
  readonly caching: boolean
  /** Networks of the run, closed with it. */
  readonly extractors: { dispose(): Promise<void> }[] = []
  readonly #compute: Compute

  constructor(
    options: SessionOptions,
    readonly signal: AbortSignal,
    warn: (message: string) => void,
  ) {
    const { device, libtorchPath } = options
    // Every clip that is read ahead listens to it.
    setMaxListeners(0, signal)
    this.native = loadNative({ libtorchPath, cuda: device !== 'cpu' })
    this.device = chooseDevice(this.native, device)
    this.dtype = chooseDType(this.native, this.device, options.dtype)
    this.arithmetic = arithmeticOf(this.native, this.device, this.dtype)
    this.threads = options.threads ?? defaultThreads()
    this.caching = options.cacheDir !== null
    this.cache = new FeatureCache(options.cacheDir, (error) =>
      warn(`no features are cached: ${error.message}`),
    )
    this.#compute = new Compute(this.native, this.threads)
    this.calculator = new Calculator(this.native, this.#compute, signal)
  }

  async close(): Promise<void> {
    await Promise.all([
      ...this.extractors.map((extractor) => extractor.dispose()),
      this.reader.dispose(),
      this.#compute.dispose(),
    ])
  }
}
