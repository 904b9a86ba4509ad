/** What can be known of a backbone from its files alone, without libtorch. */
import { InvalidOptionError, InvalidWeightsError } from '../errors.js'
import { archivesDir } from '../files/paths.js'
import type { ComputeDType } from '../native/device.js'
import { archiveIn } from '../native/part.js'
import type { WeightsContent } from '../weights/read.js'
import type { ArchitecturePlan } from './architecture.js'
import { describeArchive } from './archive.js'
import type { BackboneDescription, BackboneSpec, DescribeOptions } from './backbone.js'
import { describeClap } from './clap.js'
import { combine, hashFile, hashTensors } from './content.js'
import { hashPca, PCA_WIDTH, type PcaParameters, readPca } from './pca.js'
import { type BuiltInBackbone, backbones, builtInBackbone } from './registry.js'
import {
  type CheckedWeights,
  checkWeights,
  readBackboneFile,
  saysRandom,
  saysSmall,
} from './weights.js'

/** torch's codes of scalar types, which the archives take. */
const dtypeCodes: Record<ComputeDType, number> = { float16: 5, float32: 6, bfloat16: 15 }

/**
 * Reads and checks a backbone's files: names, shapes and types of all tensors, and their hash.
 * A run whose features are all cached needs no more.
 * @throws InvalidWeightsError, InvalidModelError, HubError, InvalidOptionError, NativeLoadError,
 * AbortError
 */
export async function describeBackbone(
  spec: BackboneSpec,
  options: DescribeOptions = {},
): Promise<BackboneDescription> {
  const { dtype = 'float32', arithmetic = dtype, signal } = options
  if (spec.kind === 'archive') return describeArchive(spec, signal)
  if (spec.kind === 'clap') return describeClap(spec, signal)
  const entry = builtInBackbone(spec.kind)
  const content = await readBackboneFile(spec.weights, entry.architecture.published)
  checkKind(spec.weights, entry, content)
  const weights = await checkWeights(spec.weights, entry.architecture, content)
  checkSampleRate(spec.weights, entry, weights.plan)

  const archive = archiveIn(archivesDir(), weights.plan.archive)
  const attributes = { ...weights.plan.attributes, compute_dtype: dtypeCodes[dtype] }
  const settings: Record<string, string | boolean> = {
    weights: await hashTensors(weights.tensors, signal),
    dtype,
    ...(arithmetic !== dtype && { arithmetic }),
    ...((await saysSmall(spec.weights, content)) && { comparable: false }),
  }
  let pca: PcaParameters | undefined
  if (spec.kind === 'vggish') {
    Object.assign(attributes, { final_relu: spec.finalRelu })
    pca = spec.pca === undefined ? undefined : await pcaFor(weights, spec.pca)
    settings.finalRelu = spec.finalRelu
    settings.pca = pca === undefined ? false : hashPca(pca)
  }
  return {
    spec,
    name: entry.name,
    sampleRate: entry.sampleRate,
    minSamples: weights.plan.minSamples,
    outputs: entry.outputs,
    frames: entry.frames,
    hash: combine(await hashFile(archive, signal), attributes, settings),
    settings,
    weightsPath: spec.weights,
    randomWeights: await saysRandom(spec.weights, content),
    ignored: weights.ignored,
    tensors: weights.tensors,
    network: { archive, attributes },
    pca,
  }
}

function checkKind(path: string, entry: BuiltInBackbone, content: WeightsContent): void {
  if (entry.architecture.recognises(content.tensors)) return
  const { title, published } = entry.architecture
  const other = backbones.find(({ architecture }) => architecture.recognises(content.tensors))
  if (other) {
    const same = other.option === entry.option
    throw new InvalidOptionError(
      same ? 'backbone' : entry.option,
      `${path} holds the weights of ${other.architecture.title}, not of ${title}`,
      same
        ? `Choose the backbone ${other.name}, or another file. ${published}`
        : `Give it as the option ${other.option}. ${published}`,
    )
  }
  const names = [...content.tensors.keys(), ...content.arrays.keys()].slice(0, 5).join(', ')
  throw new InvalidWeightsError(
    `${path}: holds no weights of ${title}; its tensors are ${names}, …`,
    [],
    published,
  )
}

function checkSampleRate(path: string, entry: BuiltInBackbone, plan: ArchitecturePlan): void {
  if (plan.sampleRate === entry.sampleRate) return
  const { title, published } = entry.architecture
  const fitting = backbones.find(
    ({ architecture, sampleRate }) =>
      architecture === entry.architecture && sampleRate === plan.sampleRate,
  )
  if (fitting) {
    throw new InvalidOptionError(
      'backbone',
      `${entry.name} was asked for, and ${path} is a ${title} for ${plan.sampleRate} Hz`,
      `Choose the backbone ${fitting.name}, or another file. ${published}`,
    )
  }
  throw new InvalidWeightsError(
    `${path}: the filters of its front-end are of a length no backbone has`,
    [],
    published,
  )
}

async function pcaFor({ tensors }: CheckedWeights, path: string): Promise<PcaParameters> {
  const width = tensors.get('embeddings.4.weight')?.shape[0]
  if (width !== PCA_WIDTH) {
    throw new InvalidOptionError('pca', `needs embeddings of ${PCA_WIDTH}, the file gives ${width}`)
  }
  return readPca(path)
}
