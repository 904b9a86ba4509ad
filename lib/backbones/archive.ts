/** A TorchScript archive of the user's own: waveform [B, n] in, [B, d] or [B, frames, d] out. */
import { InvalidOptionError, InvalidWeightsError } from '../errors.js'
import { show } from '../options.js'
import { withFile } from '../weights/file.js'
import { readZipDirectory } from '../weights/zip.js'
import type { BackboneDescription, BackboneSpec } from './backbone.js'
import { hashFile } from './content.js'

export type ArchiveSpec = Extract<BackboneSpec, { kind: 'archive' }>

/** As `prepare` resamples to. */
const MAX_SAMPLE_RATE = 2 ** 20

const hint = `The rate is in Hz, up to ${MAX_SAMPLE_RATE}; make the file with torch.jit.save.`

/** `my.pt@16000` → a spec. @throws InvalidOptionError naming `option` */
export function parseArchiveSpec(text: string, option = 'embedding'): ArchiveSpec {
  const [, archive, rate] = /^(.+)@(\d{1,7})$/s.exec(text) ?? []
  const sampleRate = Number(rate)
  if (archive === undefined || !(sampleRate >= 1 && sampleRate <= MAX_SAMPLE_RATE)) {
    const wanted = "expected an archive and the rate it takes, as 'my.pt@16000'"
    throw new InvalidOptionError(option, `${wanted}, got ${show(text)}`, hint)
  }
  return { kind: 'archive', archive, sampleRate }
}

/** Its weights are inside and its name is its file's hash: nothing else decides what it gives. */
export async function describeArchive(
  spec: ArchiveSpec,
  signal?: AbortSignal,
): Promise<BackboneDescription> {
  const { archive, sampleRate } = spec
  await checkArchive(archive)
  const hash = await hashFile(archive, signal)
  return {
    spec,
    name: 'archive',
    sampleRate,
    minSamples: 1,
    outputs: ['embedding'],
    frames: undefined,
    hash,
    settings: { archive: hash },
    weightsPath: archive,
    randomWeights: false,
    ignored: [],
    tensors: new Map(),
    network: { archive, attributes: {} },
  }
}

async function checkArchive(path: string): Promise<void> {
  try {
    const records = await withFile(path, readZipDirectory)
    for (const name of records.keys()) if (name.endsWith('/constants.pkl')) return
  } catch (error) {
    if (!(error instanceof InvalidWeightsError)) throw error
    throw new InvalidOptionError('embedding', error.message, hint)
  }
  throw new InvalidOptionError(
    'embedding',
    `${path}: is no TorchScript archive`,
    'Save the scripted or traced module itself with torch.jit.save, not its state_dict().',
  )
}
