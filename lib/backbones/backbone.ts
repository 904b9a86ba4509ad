/** Networks that turn waveforms into the embeddings and logits that metrics compare. */

import type { WaveformNeeds } from '../audio/waveform-protocol.js'
import type { NativePart, NativeTensor } from '../native/binding.js'
import type { ComputeDType } from '../native/device.js'
import type { NativeCore } from '../native/load.js'
import type { TensorTable } from '../native/tensor-table.js'
import type { PcaParameters } from './pca.js'

/** The networks that clips can be compared by, beside one of a user's own. */
export const backboneNames = ['cnn14-16k', 'cnn14-32k', 'wavegram-logmel', 'passt', 'clap'] as const

export type BackboneName = (typeof backboneNames)[number]

/** Those of PANNs. */
export type PannsName = 'cnn14-16k' | 'cnn14-32k' | 'wavegram-logmel'

/** Which network, and where its weights are. */
export type BackboneSpec =
  | { kind: PannsName | 'passt'; weights: string }
  /** `pca`: a file of PCA parameters; embeddings are then post-processed as AudioSet's were. */
  | { kind: 'vggish'; weights: string; finalRelu: boolean; pca?: string }
  /** A TorchScript archive of the user's own, its weights inside. */
  | { kind: 'archive'; archive: string; sampleRate: number }
  /** CLAP's audio tower: `audio_encoder/` of a model, which is a folder or a hub id. */
  | { kind: 'clap'; model: string }

export type BackboneOutput = 'embedding' | 'logits'

export interface BackboneFacts {
  readonly name: string
  /** Of the waveforms it takes, Hz. */
  readonly sampleRate: number
  /** The shortest waveform it takes. */
  readonly minSamples: number
  readonly outputs: readonly BackboneOutput[]
  /** Several rows a clip; undefined for a user's archive until its first result. */
  readonly frames: boolean | undefined
  /** sha256 over all that decides its numbers: weights, archive, attributes, post-processing. */
  readonly hash: string
  /**
   * What a protocol says of it. Hashes of weights are over tensors: the same in any container.
   * `comparable: false` marks the small classifiers of the package: nobody else's numbers are theirs.
   */
  readonly settings: Readonly<Record<string, string | number | boolean>>
  readonly weightsPath: string
  /** The file says that its weights are random: its numbers mean nothing. */
  readonly randomWeights: boolean
}

/** A backbone whose files were read and checked, and that is not open. */
export interface BackboneDescription extends BackboneFacts {
  readonly spec: BackboneSpec
  /** What it wants of waveforms, where that is not what the others want. */
  readonly waveform?: WaveformNeeds
  /** Tensors of the weights file that are not used. */
  readonly ignored: readonly string[]
  /** Those that are, under the archive's names; none for a user's archive. */
  readonly tensors: TensorTable
  readonly network: Pick<NativePart, 'archive' | 'attributes'>
  readonly pca?: PcaParameters
}

export interface BackboneFeatures {
  /** float32 [B, d], or [B, P, d] with P rows a clip. */
  embedding: NativeTensor
  /** float32 [B, C], before any sigmoid or softmax. */
  logits?: NativeTensor
}

export interface Backbone extends BackboneFacts {
  /**
   * Features of a batch of waveforms [B, n]. The caller disposes what comes back and what it gave.
   * @throws InvalidWeightsError, InvalidOptionError (a user's archive), EngineError, AbortError
   */
  embed(waveforms: NativeTensor, signal?: AbortSignal): Promise<BackboneFeatures>
  dispose(): Promise<void>
}

export interface DescribeOptions {
  /** Of convolutions and linears, float32 by default. An archive decides itself. */
  dtype?: ComputeDType
  /** What they compute in where it is not `dtype`: see arithmeticOf. */
  arithmetic?: ComputeDType
  signal?: AbortSignal
}

export interface BackboneOptions extends DescribeOptions {
  native: NativeCore
  /** 'cpu' or 'cuda:N'. */
  device: string
  threads: number
}
