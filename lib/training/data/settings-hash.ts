/** Names for what rows follow from besides clip or caption, and for what a run started from. */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../files/canonical-json.js'
import { packageVersion } from '../../files/paths.js'
import type { FolderPartWeights, ModelFolder } from '../../hub/model-folder.js'
import type { FileHashes } from './file-hashes.js'

/** What rows are made with. */
export interface RowSettings {
  /** 'cpu' or 'cuda'. */
  device: string
  dtype: string
  libtorch: string
  latentFrames: number
}

export interface PartHashes {
  unet: string
  vae: string
  text: string
  audio: string | null
}

/** Of weights and settings of the parts, by which they are known wherever they lie. */
export async function hashParts(folder: ModelFolder, hashes: FileHashes): Promise<PartHashes> {
  const { unet, vae_encoder, text_encoder, audio_encoder } = folder.parts
  return {
    unet: await hashPart(unet, hashes),
    vae: await hashPart(vae_encoder, hashes),
    text: await hashPart(text_encoder, hashes, await filesIn(folder.tokenizerDir)),
    audio: audio_encoder ? await hashPart(audio_encoder, hashes) : null,
  }
}

/** Folders of rows, below the cache's, by what they hold. */
export function rowFolders(folder: ModelFolder, parts: PartHashes, settings: RowSettings) {
  const { latentFrames, ...how } = settings
  const common = { ...how, version: packageVersion() }
  const { geometry, info } = folder
  const name = (kind: string, what: object) =>
    `${kind}-${sha256(canonicalJson({ ...common, ...what })).slice(0, 32)}`
  const length = latentFrames * geometry.vaeFactor * geometry.hop
  const { sampleRate } = info
  return {
    text: name('text', { part: parts.text }),
    moments: name('moments', {
      part: parts.vae,
      ...{ hop: geometry.hop, numMel: geometry.numMel, sampleRate, length },
    }),
    audio: name('audio', { part: parts.audio, seconds: length / sampleRate }),
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function hashPart(
  { plan, tensors }: FolderPartWeights,
  hashes: FileHashes,
  others: string[] = [],
): Promise<string> {
  const files = [...new Set([...tensors.values()].map(({ file }) => file)), ...others]
  const of: string[] = []
  for (const file of files) of.push(await hashes.of(file))
  return sha256(canonicalJson({ archive: plan.archive, attributes: plan.attributes, files: of }))
}

async function filesIn(dir: string): Promise<string[]> {
  return (await readdir(dir)).sort().map((name) => join(dir, name))
}
