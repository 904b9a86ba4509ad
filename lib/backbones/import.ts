/** Turns published backbone weights into one safetensors file. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { AbortError, InvalidWeightsError } from '../errors.js'
import type { TensorSource } from '../native/tensor-table.js'
import { byteLengthOf } from '../weights/extent.js'
import type { WeightsContent } from '../weights/read.js'
import { type TensorBytes, writeSafetensors } from '../weights/safetensors-writer.js'
import { verifyTorchZip } from '../weights/torch-zip.js'
import type { PannsName } from './backbone.js'
import { hashFile } from './content.js'
import { holdsPca, PCA_WIDTH, pcaIn, pcaNames } from './pca.js'
import { backbones } from './registry.js'
import {
  checkWeights,
  RANDOM_MARK,
  readBackboneFile,
  SMALL_MARK,
  saysRandom,
  saysSmall,
} from './weights.js'

export interface ImportBackboneOptions {
  onProgress?: (progress: ImportBackboneProgress) => void
  signal?: AbortSignal
}

export interface ImportBackboneProgress {
  /** Reading the file through to compare checksums, or writing. */
  phase: 'verify' | 'write'
  /** Within the phase. */
  bytes: number
  totalBytes: number
}

export interface ImportBackboneResult {
  path: string
  /** Which backbone the file serves, or `vggish-pca` for parameters of post-processing. */
  architecture: PannsName | 'passt' | 'vggish' | 'vggish-pca'
  /** Of the waveforms the network takes, Hz. */
  sampleRate: number
  /** sha256 over the bytes of the file that was imported. */
  sourceSha256: string
  /** Names of tensors written, and of those with no use here. */
  used: string[]
  ignored: string[]
}

interface Conversion extends Pick<ImportBackboneResult, 'architecture' | 'sampleRate' | 'ignored'> {
  tensors: Map<string, TensorSource | TensorBytes>
}

const known =
  'Known are CNN14 at 16 and 32 kHz and Wavegram-Logmel-CNN14 of PANNs, PaSST, VGGish in the ' +
  'layout of torchvggish, and its PCA parameters. An AudioLDM checkpoint becomes a folder: give a name without .safetensors.'

/**
 * Reads the weights of a network of PANNs, of PaSST or VGGish, or VGGish's PCA parameters, told
 * apart by what is in the file, and writes them to `out`, which appears whole or not at all. Nothing is executed.
 * @throws InvalidWeightsError listing all tensors that do not fit, OutputError, AbortError
 */
export async function importBackbone(
  path: string,
  out: string,
  options: ImportBackboneOptions = {},
): Promise<ImportBackboneResult> {
  const { signal, onProgress } = options
  const content = await readBackboneFile(path, known)
  const { tensors, ...about } = await convert(path, content)
  if (content.format === 'torch-zip') {
    await verifyTorchZip(path, onDisk(tensors), (bytes, totalBytes) => {
      if (signal?.aborted) throw new AbortError(signal.reason)
      onProgress?.({ phase: 'verify', bytes, totalBytes })
    })
  }
  const sourceSha256 = await hashFile(path, signal)
  const totalBytes = [...tensors.values()].reduce((sum, tensor) => sum + byteLengthOf(tensor), 0)
  let bytes = 0
  await writeSafetensors(out, tensors, {
    signal,
    metadata: {
      format: 'pt',
      architecture: about.architecture,
      sample_rate: String(about.sampleRate),
      source: basename(path),
      source_sha256: sourceSha256,
      ...((await saysRandom(path, content)) ? { [RANDOM_MARK]: 'true' } : {}),
      ...((await saysSmall(path, content)) ? { [SMALL_MARK]: 'true' } : {}),
    },
    onBytes: (count) => {
      bytes += count
      onProgress?.({ phase: 'write', bytes, totalBytes })
    },
  })
  return { path: out, ...about, sourceSha256, used: [...tensors.keys()] }
}

/** Which architecture a file was made for; undefined for other files, unreadable ones included. */
export async function recogniseBackbone(path: string): Promise<string | undefined> {
  if (!(await stat(path).catch(() => undefined))?.isFile()) return undefined
  try {
    const content = await readBackboneFile(path, known)
    return architectureOf(content)?.title ?? (holdsPca(content) ? 'VGGish (PCA)' : undefined)
  } catch (error) {
    if (error instanceof InvalidWeightsError) return undefined
    throw error
  }
}

function architectureOf({ tensors }: WeightsContent) {
  return backbones.find(({ architecture }) => architecture.recognises(tensors))?.architecture
}

async function convert(path: string, content: WeightsContent): Promise<Conversion> {
  const architecture = architectureOf(content)
  if (architecture === undefined) {
    if (holdsPca(content)) return convertPca(path, content)
    const names = [...content.tensors.keys(), ...content.arrays.keys()].slice(0, 5).join(', ')
    throw new InvalidWeightsError(
      `${path}: holds no weights of a backbone; its tensors are ${names}, …`,
      [],
      known,
    )
  }
  const { plan, tensors, ignored } = await checkWeights(path, architecture, content)
  const backbone = backbones.find(
    (entry) => entry.architecture === architecture && entry.sampleRate === plan.sampleRate,
  )
  if (backbone === undefined) {
    throw new InvalidWeightsError(
      `${path}: the filters of its front-end are of a length no backbone has`,
      [],
      architecture.published,
    )
  }
  return { architecture: backbone.name, sampleRate: backbone.sampleRate, tensors, ignored }
}

/** Written as float64, which holds whatever the arrays were. */
async function convertPca(path: string, content: WeightsContent): Promise<Conversion> {
  const { eigenVectors, means } = await pcaIn(path, content)
  const names: string[] = Object.values(pcaNames)
  return {
    architecture: 'vggish-pca',
    sampleRate: 16000,
    tensors: new Map<string, TensorBytes>([
      [
        pcaNames.eigenVectors,
        { dtype: 'float64', shape: [PCA_WIDTH, PCA_WIDTH], data: eigenVectors },
      ],
      [pcaNames.means, { dtype: 'float64', shape: [PCA_WIDTH], data: means }],
    ]),
    ignored: [...content.tensors.keys(), ...content.arrays.keys()].filter(
      (name) => !names.includes(name),
    ),
  }
}

function onDisk(tensors: Map<string, TensorSource | TensorBytes>): Map<string, TensorSource> {
  const found = new Map<string, TensorSource>()
  for (const [name, tensor] of tensors) if ('file' in tensor) found.set(name, tensor)
  return found
}
