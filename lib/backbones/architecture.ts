/** What a weights file must hold for an archive, and how a file is recognised. */
import type { AttributeValue } from '../native/binding.js'
import type { TensorTable } from '../native/tensor-table.js'

export interface Architecture {
  readonly title: string
  /** Where the published files are. */
  readonly published: string
  /** Whether a file of these tensors is meant to be this architecture, complete or not. */
  recognises(tensors: TensorTable): boolean
  /** Widths come from the file; sizes that it lacks are the published ones. */
  plan(tensors: TensorTable): ArchitecturePlan
}

export interface ArchitecturePlan {
  archive: 'cnn14' | 'wavegram_cnn14' | 'passt' | 'vggish'
  /** Of the waveforms, Hz; undefined where the file's front-end is none that the archive covers. */
  sampleRate: number | undefined
  minSamples: number
  attributes: Record<string, AttributeValue>
  /** Every tensor the archive binds: name → shape. */
  tensors: Map<string, number[]>
  /** What a file may hold beside them, of no use here. */
  ignored: RegExp
}

/** A size of a tensor in the file, or the published one where there is none to use. */
export function sizeIn(tensors: TensorTable, name: string, axis: number, published: number) {
  return tensors.get(name)?.shape[axis] || published
}
