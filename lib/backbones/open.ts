/** Loads a backbone's network and runs clips through it. */
import { AudioLDMError, EngineError, InvalidOptionError, InvalidWeightsError } from '../errors.js'
import { unit } from '../model/similarity.js'
import type { NativeTensor } from '../native/binding.js'
import { arithmeticOf } from '../native/device.js'
import type { NativeCore } from '../native/load.js'
import { Network } from '../native/network.js'
import { nativePart } from '../native/part.js'
import type {
  Backbone,
  BackboneDescription,
  BackboneFeatures,
  BackboneOptions,
  BackboneSpec,
} from './backbone.js'
import { nonFiniteTensors } from './content.js'
import { describeBackbone } from './describe.js'
import { PcaProjection } from './pca-projection.js'

/**
 * A description is opened as it is, in the dtype it was made for: its files are not read through
 * again. A specification is described first.
 * @throws as describeBackbone, EngineError, AbortError
 */
export async function openBackbone(
  source: BackboneSpec | BackboneDescription,
  options: BackboneOptions,
): Promise<Backbone> {
  const { native, device, dtype, threads, signal } = options
  const arithmetic = dtype && arithmeticOf(native, device, dtype)
  const description =
    'spec' in source ? source : await describeBackbone(source, { dtype, arithmetic, signal })
  const files = new Map<string, number>()
  const { archive, attributes } = description.network
  const part = nativePart(archive, attributes, description.tensors, files)
  const spec = { device, threads, files: [...files.keys()], network: part }
  const network = await Network.load(native, spec, signal).catch((error) => {
    throw blameArchive(description, 'cannot be opened', error)
  })
  const { pca } = description
  return new OpenBackbone(native, description, network, pca && new PcaProjection(native, pca))
}

/** What a user's own archive does wrong is a wrong option. */
function blameArchive({ spec }: BackboneDescription, what: string, error: unknown): unknown {
  if (spec.kind !== 'archive' || !(error instanceof AudioLDMError)) return error
  if (error.code !== 'ENGINE_FAILED' && error.code !== 'INVALID_WEIGHTS') return error
  return new InvalidOptionError('embedding', `${spec.archive} ${what}: ${error.message}`)
}

class OpenBackbone implements Backbone {
  readonly #native: NativeCore
  readonly #description: BackboneDescription
  readonly #network: Network
  readonly #pca: PcaProjection | undefined
  #frames: boolean | undefined
  #width: number | undefined

  constructor(
    native: NativeCore,
    description: BackboneDescription,
    network: Network,
    pca?: PcaProjection,
  ) {
    this.#native = native
    this.#description = description
    this.#network = network
    this.#pca = pca
    this.#frames = description.frames
  }

  get name() {
    return this.#description.name
  }
  get sampleRate() {
    return this.#description.sampleRate
  }
  get minSamples() {
    return this.#description.minSamples
  }
  get outputs() {
    return this.#description.outputs
  }
  get frames() {
    return this.#frames
  }
  get hash() {
    return this.#description.hash
  }
  get settings() {
    return this.#description.settings
  }
  get weightsPath() {
    return this.#description.weightsPath
  }
  get randomWeights() {
    return this.#description.randomWeights
  }

  async embed(waveforms: NativeTensor, signal?: AbortSignal): Promise<BackboneFeatures> {
    const tensors = await this.#network.forward([waveforms], signal).catch((error) => {
      throw blameArchive(this.#description, `fails on waveforms [${waveforms.shape}]`, error)
    })
    const [embedding, logits, ...rest] = tensors
    for (const tensor of rest) tensor.dispose()
    try {
      if (this.#description.spec.kind === 'archive') {
        logits?.dispose()
        this.#checkShape(embedding, waveforms.shape[0])
        await this.#checkFinite(embedding)
        return { embedding }
      }
      await this.#checkFinite(embedding, logits)
      if (this.#description.spec.kind === 'clap') return this.#normalized(embedding)
      if (this.#pca === undefined) return { embedding, logits }
      const projected = await this.#pca.project(embedding, signal)
      embedding.dispose()
      return { embedding: projected }
    } catch (error) {
      embedding?.dispose()
      logits?.dispose()
      throw error
    }
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#network.dispose(), this.#pca?.dispose()])
  }

  /** Rows of length 1. Frees what it is given. */
  #normalized(embedding: NativeTensor): BackboneFeatures {
    const { shape } = embedding
    const rows = unitRows(embedding.data() as Float32Array, shape[1])
    embedding.dispose()
    return { embedding: this.#native.core.NativeTensor.from(rows, shape) }
  }

  /** [B, d] or [B, P, d], and of every batch the same d. */
  #checkShape(embedding: NativeTensor | undefined, clips: number): void {
    const shape = embedding?.shape ?? []
    const width = shape[shape.length - 1]
    const form = shape.length === 2 || shape.length === 3
    if (embedding === undefined || !form || shape[0] !== clips || shape.includes(0)) {
      this.#refuse(
        `gives [${shape}] for ${clips} clips, expected [${clips}, d] or [${clips}, P, d]`,
      )
    }
    if (embedding.dtype !== 'float32') this.#refuse(`gives ${embedding.dtype}, expected floats`)
    const frames = shape.length === 3
    if (width !== (this.#width ?? width) || frames !== (this.#frames ?? frames)) {
      this.#refuse(`gives [${shape}] where it gave rows of ${this.#width} before`)
    }
    this.#width = width
    this.#frames = frames
  }

  async #checkFinite(...tensors: (NativeTensor | undefined)[]): Promise<void> {
    const finite = tensors.every((tensor) => tensor === undefined || allFinite(tensor))
    if (finite) return
    const { spec, weightsPath, name } = this.#description
    if (spec.kind === 'archive') this.#refuse('gives NaN or infinity')
    const culprits = await nonFiniteTensors(this.#description.tensors)
    if (culprits.length === 0) {
      throw new EngineError(`${name}: embeddings are NaN or infinite, weights are not`, {
        hint: 'The numbers overflow: use dtype float32.',
      })
    }
    throw new InvalidWeightsError(
      `${weightsPath}: gives embeddings that are NaN or infinite, as some of its weights are`,
      culprits,
      'The file is damaged: download or copy it again.',
    )
  }

  #refuse(problem: string): never {
    const { weightsPath } = this.#description
    throw new InvalidOptionError(
      'embedding',
      `${weightsPath} ${problem}`,
      'The archive takes waveforms [B, n] and gives finite floats [B, d] or [B, frames, d].',
    )
  }
}

function unitRows(data: Float32Array, width: number): Float32Array {
  const rows = new Float32Array(data.length)
  for (let at = 0; at < data.length; at += width) {
    rows.set(unit(data.subarray(at, at + width)), at)
  }
  return rows
}

function allFinite(tensor: NativeTensor): boolean {
  for (const value of tensor.data() as Float32Array) if (!Number.isFinite(value)) return false
  return true
}
