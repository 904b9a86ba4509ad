/** The towers of CLAP, as a model folder has them. */
import { join } from 'node:path'
import { clapRate, clapSamples } from '../audio/clap-waveform.js'
import { InvalidModelError } from '../errors.js'
import { archivesDir } from '../files/paths.js'
import { readModelFolder } from '../hub/folder.js'
import { audioEncoderFolder } from '../hub/folder-index.js'
import type { FolderPartWeights, ModelFolder } from '../hub/model-folder.js'
import { resolveModel } from '../hub/resolve.js'
import type { NativePart } from '../native/binding.js'
import { structureIn } from '../native/part.js'
import type { BackboneDescription, BackboneSpec } from './backbone.js'
import { combine, hashFile, hashTensors } from './content.js'

export type ClapSpec = Extract<BackboneSpec, { kind: 'clap' }>

/** A tower that was read and checked, and is not open. */
export interface Tower {
  hash: string
  /** Of its weights. They compute in float32. */
  settings: { weights: string; dtype: 'float32' }
  network: Pick<NativePart, 'archive' | 'attributes'>
}

/** @throws InvalidModelError, InvalidWeightsError, HubError */
export async function openClapFolder({ model }: ClapSpec): Promise<ModelFolder> {
  return readModelFolder(await resolveModel(model))
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
 */
export async function describeClap(
  spec: ClapSpec,
  signal?: AbortSignal,
): Promise<BackboneDescription> {
  const folder = await openClapFolder(spec)
  const part = folder.parts.audio_encoder
  if (part === undefined) {
    throw new InvalidModelError(
      `${folder.path}: has no ${audioEncoderFolder}/, CLAP's audio tower`,
      'Folders of the hub lack it, original checkpoints hold it: audioldm import writes it.',
    )
  }
  const { hash, settings, network } = await describeTower(part, signal)
  const projection = folder.info.text.embedding
  return {
    spec,
    name: 'clap',
    sampleRate: clapRate,
    minSamples: 1,
    outputs: ['embedding'],
    frames: false,
    hash,
    settings: { ...settings, projection, normalized: true },
    weightsPath: join(folder.path, audioEncoderFolder),
    randomWeights: folder.info.randomWeights,
    waveform: { removeMean: false, minSamples: 0, repeatpad: clapSamples },
    ignored: [],
    tensors: part.tensors,
    network,
  }
}
