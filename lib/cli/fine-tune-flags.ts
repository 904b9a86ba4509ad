/** The flags of `fine-tune` that say how, as options of the library. */
import type { Command } from 'commander'
import type { BackboneName } from '../backbones/backbone.js'
import { InvalidOptionError } from '../errors.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import type { FineTuneOptions, LoraTarget, TrainingCondition } from '../training/options.js'
import { fineTuneSchema } from '../training/schema.js'
import { outputPath } from './output-path.js'
import { numberValue, seedValue, textValue } from './values.js'

export interface TrainingFlags
  extends Pick<
    FineTuneOptions,
    | 'condition'
    | 'init'
    | 'steps'
    | 'accumulate'
    | 'schedule'
    | 'weightDecay'
    | 'maxGradientNorm'
    | 'emaDecay'
    | 'conditionDropout'
    | 'dtype'
    | 'checkpointEvery'
    | 'keepLast'
    | 'evaluateEvery'
    | 'device'
    | 'threads'
  > {
  batch?: number
  lr?: number
  warmup?: number
  seed?: bigint
  segment?: number
  cache: boolean
  cacheDir?: string
  lora?: number
  loraAlpha?: number
  loraTargets?: LoraTarget[]
  metrics?: AskedMetric[]
  panns?: string
  passt?: string
  backbone?: BackboneName
  vggish?: string
  embedding?: string
  evaluateClips?: number
  sample?: string[]
  sampleEvery?: number
  sampleSteps?: number
  guidance?: number
}

const { shape } = fineTuneSchema
const lora = shape.lora.unwrap().shape
const evaluation = shape.evaluation.unwrap().shape
const sample = shape.sample.unwrap().shape

export function addTrainingFlags(command: Command): Command {
  const number = (flags: string, text: string, schema: Parameters<typeof numberValue>[1]) =>
    command.option(flags, text, numberValue(longOf(flags), schema))
  const name = (flags: string, text: string, schema: Parameters<typeof textValue>[1]) =>
    command.option(flags, text, textValue(longOf(flags), schema))

  command.requiredOption(
    '--steps <n>',
    'optimizer steps to take in all, 1 to 10000000',
    numberValue('--steps', shape.steps),
  )
  command.option(
    '--condition <kind>',
    'text, audio or mixed:P with the probability P of text (default: text)',
    conditionValue,
  )
  name('--init <kind>', 'pretrained or scratch (default: pretrained)', shape.init.unwrap())
  number('--batch <n>', 'clips that pass at once, 1 to 1024 (default: 8)', shape.batchSize.unwrap())
  number('--accumulate <n>', 'batches a step, 1 to 1024 (default: 1)', shape.accumulate.unwrap())
  number('--lr <rate>', 'learning rate (default: 1e-4)', shape.learningRate.unwrap())
  number(
    '--warmup <steps>',
    'steps in which it rises (default: 2000, at most a tenth of --steps)',
    shape.warmupSteps.unwrap(),
  )
  name(
    '--schedule <name>',
    'then constant, or cosine: down to zero (default: constant)',
    shape.schedule.unwrap(),
  )
  number('--weight-decay <value>', "AdamW's (default: 0.01)", shape.weightDecay.unwrap())
  number(
    '--max-gradient-norm <norm>',
    'gradients are scaled down to it; 0: never (default: 1)',
    shape.maxGradientNorm.unwrap(),
  )
  number(
    '--ema-decay <value>',
    'of the averaged weights (default: 0.9999)',
    shape.emaDecay.unwrap(),
  )
  number(
    '--condition-dropout <p>',
    'probability that a condition is left out (default: 0.1)',
    shape.conditionDropout.unwrap(),
  )
  number(
    '--segment <seconds>',
    'length of the clips trained on (default: 10.24)',
    shape.segmentSeconds.unwrap(),
  )
  number('--lora <rank>', 'train adapters of this rank, and nothing else', lora.rank)
  number(
    '--lora-alpha <value>',
    'they count alpha / rank times (default: the rank)',
    lora.alpha.unwrap(),
  )
  command.option(
    '--lora-targets <names>',
    'layers that get them: attention,film (default: both)',
    listValue('--lora-targets', lora.targets.unwrap().element),
  )
  number(
    '--checkpoint-every <steps>',
    'steps between checkpoints (default: a tenth of --steps)',
    shape.checkpointEvery.unwrap(),
  )
  number(
    '--keep-last <n>',
    'newest checkpoints that stay, besides the best (default: 2)',
    shape.keepLast.unwrap(),
  )
  number(
    '--evaluate-every <steps>',
    'steps between evaluations (default: as --checkpoint-every)',
    shape.evaluateEvery.unwrap(),
  )
  number(
    '--evaluate-clips <n>',
    'validation clips looked at, at most (default: 64)',
    evaluation.clips.unwrap(),
  )
  command.option(
    '--metrics <names>',
    'also score sounds generated from them: fd,fad,is,kl… (default: what the next three allow)',
    listValue('--metrics', evaluation.metrics.unwrap().element),
  )
  command
    .option('--panns <file>', 'weights of PANNs, for fd, is, kl, kad and kid')
    .option('--passt <file>', 'PaSST weights, for --backbone passt')
    .option('--vggish <file>', 'VGGish weights, for fad and fad-infinity')
    .option('--embedding <file@rate>', 'your own TorchScript archive, for fd, kad and kid')
  name(
    '--backbone <name>',
    'cnn14-16k, cnn14-32k, wavegram-logmel, passt or clap, for fd, kad, kid, is and kl (default: cnn14-16k)',
    evaluation.backbone.unwrap(),
  )
  command.option(
    '--sample <prompt>',
    'generate it with every checkpoint; may be given several times',
    (prompt: string, before: string[] = []) => [...before, prompt],
  )
  number(
    '--sample-every <steps>',
    'steps between samples (default: as --checkpoint-every)',
    sample.every.unwrap(),
  )
  number(
    '--sample-steps <n>',
    'diffusion steps of samples and of scored sounds (default: 25)',
    sample.steps.unwrap(),
  )
  number(
    '--guidance <scale>',
    'guidance of samples and of scored sounds (default: 2.5)',
    sample.guidanceScale.unwrap(),
  )
  command.option('--seed <n>', 'of everything that is random (default: 0)', seedValue('--seed'))
  command
    .option(
      '--cache-dir <dir>',
      'where prepared data is kept (default: in AUDIOLDM_CACHE or ~/.cache)',
      outputPath('--cache-dir'),
    )
    .option('--no-cache', 'prepare clips anew in every step; long ones give a random part then')
  name(
    '--dtype <name>',
    'auto, float32 or bfloat16: of the forward pass (default: auto)',
    shape.dtype.unwrap(),
  )
  name('--device <name>', 'auto, cpu, cuda or cuda:N (default: auto)', shape.device.unwrap())
  return number(
    '--threads <n>',
    'CPU threads, 1 to 1024 (default: all processors)',
    shape.threads.unwrap(),
  )
}

function longOf(flags: string): string {
  return flags.split(' ')[0]
}

function conditionValue(text: string): TrainingCondition {
  if (text === 'text' || text === 'audio') return text
  const [, probability] = /^mixed:(\d*\.?\d+)$/.exec(text) ?? []
  const mixed = Number(probability)
  if (probability !== undefined && mixed <= 1) return { mixed }
  const message = `expected text, audio or mixed:P with P from 0 to 1, got '${text}'`
  throw new InvalidOptionError('--condition', message)
}

function listValue<T>(option: string, schema: Parameters<typeof textValue<T>>[1]) {
  const value = textValue(option, schema)
  return (text: string): T[] => text.split(',').map((name) => value(name.trim().toLowerCase()))
}

/** Only what is given: every default is the library's. */
export function trainingOptions(flags: TrainingFlags) {
  const { condition, init, steps, accumulate, schedule, weightDecay, maxGradientNorm } = flags
  const { emaDecay, conditionDropout, dtype, checkpointEvery, keepLast, evaluateEvery } = flags
  const { device, threads, seed, cache, cacheDir } = flags
  return {
    ...{ condition, init, steps, accumulate, schedule, weightDecay, maxGradientNorm, emaDecay },
    ...{ conditionDropout, dtype, checkpointEvery, keepLast, evaluateEvery, device, threads, seed },
    ...{ cache, cacheDir },
    batchSize: flags.batch,
    learningRate: flags.lr,
    warmupSteps: flags.warmup,
    segmentSeconds: flags.segment,
    lora: loraOptions(flags),
    evaluation: evaluationOptions(flags),
    sample: sampleOptions(flags),
  }
}

function loraOptions({ lora: rank, loraAlpha, loraTargets }: TrainingFlags) {
  if (rank !== undefined) return { rank, alpha: loraAlpha, targets: loraTargets }
  if (loraAlpha === undefined && loraTargets === undefined) return undefined
  const flag = loraAlpha === undefined ? '--lora-targets' : '--lora-alpha'
  throw new InvalidOptionError(flag, 'needs the rank of the adapters, given with --lora')
}

function evaluationOptions(flags: TrainingFlags): FineTuneOptions['evaluation'] {
  const { metrics, panns, passt, backbone, vggish, embedding, evaluateClips } = flags
  return {
    ...{ metrics, panns, passt, backbone, vggish, embedding },
    ...{ clips: evaluateClips, steps: flags.sampleSteps, guidanceScale: flags.guidance },
  }
}

function sampleOptions(flags: TrainingFlags): FineTuneOptions['sample'] {
  const { sample: prompts, sampleEvery, sampleSteps, guidance } = flags
  if (prompts) return { prompts, every: sampleEvery, steps: sampleSteps, guidanceScale: guidance }
  if (sampleEvery === undefined) return undefined
  throw new InvalidOptionError('--sample-every', 'needs a prompt, given with --sample')
}

const flagNames: Record<string, string> = {
  outputDir: '--out',
  batchSize: '--batch',
  learningRate: '--lr',
  warmupSteps: '--warmup',
  segmentSeconds: '--segment',
  'lora.rank': '--lora',
  'evaluation.clips': '--evaluate-clips',
  'evaluation.steps': '--sample-steps',
  'evaluation.guidanceScale': '--guidance',
  'sample.prompts': '--sample',
  'sample.steps': '--sample-steps',
  'sample.guidanceScale': '--guidance',
}

/** The library's complaint about an option, under the name that it has on the command line. */
export function withFlagNames(error: unknown): unknown {
  if (!(error instanceof InvalidOptionError) || error.option.startsWith('-')) return error
  const { option, message, hint } = error
  const [, name, rest] = /^([a-zA-Z.]+)(.*)$/.exec(option) ?? ['', option, '']
  return new InvalidOptionError(flagOf(name) + rest, message.slice(option.length + 2), hint)
}

function flagOf(name: string): string {
  if (Object.hasOwn(flagNames, name)) return flagNames[name]
  const words = name.replace(/^evaluation\./, '').replaceAll('.', '-')
  return `--${words.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
