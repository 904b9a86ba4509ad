/** The towers of CLAP as backbones. */
import { clapRate } from '../audio/clap-waveform.js'
import { InvalidModelError } from '../errors.js'
import { archivesDir } from '../files/paths.js'
import { audioEncoderFolder } from '../hub/folder-index.js'
import type { FolderPartWeights } from '../hub/model-folder.js'
import type { NativePart } from '../native/binding.js'
import { structureIn } from '../native/part.js'
import type { BackboneDescription, BackboneSpec } from './backbone.js'
import { openClapTowers } from './clap-towers.js'
import { combine, hashFile, hashTensors } from './content.js'

export type ClapSpec = Extract<BackboneSpec, { kind: 'clap' }>

/** A tower that was read and checked, and is not open. */
export interface Tower {
  hash: string
  /** Of its weights. They compute in float32. */
  settings: { weights: string; dtype: 'float32' }
  network: Pick<NativePart, 'archive' | 'attributes'>
}

export async function describeTower(
  { plan, tensors }: FolderPartWeights,
  signal?: AbortSignal,
): Promise<Tower> {
  const archive = structureIn(archivesDir(), plan)
  const { attributes } = plan
  const weights = await hashTensors(tensors, signal)
  const hash = combine(await hashFile(archive, signal), attributes, weights)
  return { hash, settings: { weights, dtype: 'float32' }, network: { archive, attributes } }
}

/**
 * Its rows have length 1, as AudioLDM is conditioned on them, as similarities are computed of them
 * and as the laion_clap package gives them.
 * @throws InvalidModelError, InvalidWeightsError, HubError
 */
export async function describeClap(
  spec: ClapSpec,
  signal?: AbortSignal,
): Promise<BackboneDescription> {
  const { path, randomWeights, projection, audio, waveform, preparation } = await openClapTowers(
    spec.model,
  )
  if (audio === undefined) {
    throw new InvalidModelError(
      `${path}: has no ${audioEncoderFolder}/, CLAP's audio tower`,
      'Folders of the hub lack it, original checkpoints hold it: audioldm import writes it.',
    )
  }
  const { hash, settings, network } = await describeTower(audio, signal)
  return {
    spec,
    name: 'clap',
    sampleRate: clapRate,
    minSamples: 1,
    outputs: ['embedding'],
    frames: false,
    hash,
    settings: { ...settings, projection, normalized: true, ...preparation },
    weightsPath: audio.path,
    randomWeights,
    waveform,
    ignored: audio.ignored,
    tensors: audio.tensors,
    network,
  }
}
