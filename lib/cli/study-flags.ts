/** The flags of every study, as options of the library. */
import type { Command } from 'commander'
import { z } from 'zod'
import type { Dataset } from '../datasets/dataset.js'
import { InvalidOptionError } from '../errors.js'
import { clipSchema } from '../generate/plan.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import { expecting } from '../options.js'
import { scoreSchema } from '../score/schema.js'
import type { StudyOptions, StudyScoring } from '../study/options.js'
import { studySchema } from '../study/schema.js'
import { fineTuneSchema } from '../training/schema.js'
import { datasetValue } from './dataset-value.js'
import {
  addFeatureFlags,
  type FeatureFlags,
  featureOptions,
  withFlagNames,
} from './feature-flags.js'
import { outputPath } from './output-path.js'
import { numberValue, seedValue, textValue } from './values.js'

export interface StudyFlags extends FeatureFlags {
  dataset?: Dataset[]
  miniature?: boolean
  out: string
  model?: string
  base?: string
  list?: string[]
  items?: number
  conditions?: ('text' | 'audio')[]
  repeats?: number
  seed?: bigint
  duration?: number
  steps?: number
  guidance?: number
  trainingSteps?: number
  evaluateEvery?: number
  batch?: number
  lr?: number
  segment?: number
  ema?: number
  metrics?: AskedMetric[]
  preset?: StudyScoring['preset']
  bootstrap?: number
  json?: boolean
}

const { shape } = studySchema
const generated = clipSchema.shape
const trained = fineTuneSchema.shape
const condition = z.enum(['text', 'audio'], expecting('text or audio'))

export function addStudyFlags(command: Command): Command {
  const number = (flags: string, text: string, schema: Parameters<typeof numberValue>[1]) =>
    command.option(flags, text, numberValue(flags.split(' ')[0], schema))
  command
    .option(
      '--dataset <spec>',
      'esc50:DIR, urbansound8k:DIR, audiocaps:DIR, audioset:DIR or folder:DIR; may be repeated',
      repeated(datasetValue('--dataset')),
    )
    .option('--miniature', 'everything small: an hour or so, without any other option but --out')
    .requiredOption('--out <dir>', 'where everything goes, and is found again', outputPath('--out'))
    .option('--model <dir|id>', 'model folder or hub id (default: the embedded one)')
    .option('--base <dir|id>', 'what fine-tuning starts from (default: the model)')
    .option('--list <file>', 'an evaluation list that was saved; may be repeated', repeated(String))
  number(
    '--items <n>',
    'items of a list at most (default: 400 of ESC-50, 870 of US8K)',
    shape.items,
  )
  command.option(
    '--conditions <names>',
    'what models generate from and are trained on (default: text,audio)',
    (text) => text.split(',').map(textValue('--conditions', condition)),
  )
  number('--repeats <n>', 'trainings of each row, 1 to 100 (default: 1)', shape.repeats)
  command.option('--seed <n>', 'of lists, clips and trainings (default: 0)', seedValue('--seed'))
  number('--duration <seconds>', "of the clips (default: the model's)", generated.durationSeconds)
  number('--steps <n>', 'diffusion steps of the clips (default: 25)', generated.steps)
  number('--guidance <scale>', '0 to 100 (default: 2.5)', generated.guidanceScale)
  number('--training-steps <n>', 'optimizer steps; fine-tuning and curves need it', trained.steps)
  number(
    '--evaluate-every <n>',
    'training steps between the points of a curve (default: a tenth of them)',
    trained.evaluateEvery,
  )
  number('--batch <n>', 'clips that a training step takes (default: 8)', trained.batchSize)
  number('--lr <rate>', 'learning rate (default: 1e-4)', trained.learningRate)
  number('--segment <seconds>', 'of the clips trained on (default: 10.24)', trained.segmentSeconds)
  number('--ema <decay>', 'of the averaged weights (default: 0.9999)', trained.emaDecay)
  command
    .option(
      '--metrics <names>',
      'as in score (default: fd, fad, is and kl, as far as networks are given)',
      (text) =>
        text.split(',').map(textValue('--metrics', scoreSchema.shape.metrics.unwrap().element)),
    )
    .option(
      '--preset <name>',
      'a whole protocol: paper-2023 or 2026',
      textValue('--preset', scoreSchema.shape.preset.unwrap()),
    )
    .option(
      '--bootstrap <n>',
      'samples for 95 % intervals, 0 for none (default: 1000)',
      numberValue('--bootstrap', scoreSchema.shape.bootstrap),
    )
  return addFeatureFlags(command).option('--json', 'print one JSON document on stdout')
}

export function studyOptions(flags: StudyFlags): StudyOptions {
  const { device, threads, ...features } = featureOptions(flags)
  const { metrics, preset, bootstrap } = flags
  return {
    outputDir: flags.out,
    ...defined({
      ...{ datasets: flags.dataset, model: flags.model, base: flags.base },
      ...{ miniature: flags.miniature, lists: flags.list, items: flags.items },
      ...{ conditions: flags.conditions, repeats: flags.repeats, seed: flags.seed },
      ...{ device, threads },
    }),
    generation: defined({
      ...{ durationSeconds: flags.duration, steps: flags.steps, guidanceScale: flags.guidance },
    }),
    ...(flags.trainingSteps !== undefined && { training: trainingOf(flags, flags.trainingSteps) }),
    scoring: defined({ ...features, metrics, preset, bootstrap }),
  }
}

function trainingOf(flags: StudyFlags, steps: number): StudyOptions['training'] {
  return defined({
    ...{ steps, evaluateEvery: flags.evaluateEvery, batchSize: flags.batch },
    ...{ learningRate: flags.lr, segmentSeconds: flags.segment, emaDecay: flags.ema },
  }) as StudyOptions['training']
}

function defined<T extends object>(options: T): Partial<T> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Partial<T>
}

function repeated<T>(parse: (text: string) => T): (text: string, before?: T[]) => T[] {
  return (text, before = []) => [...before, parse(text)]
}

const names: Record<string, string> = {
  ...{ datasets: '--dataset', outputDir: '--out', lists: '--list', training: '--training-steps' },
  ...{ folder: 'FOLDER', name: 'NAME' },
}

/** The library's complaint about an option, under the name that it has on the command line. */
export function withStudyNames(error: unknown): unknown {
  if (!(error instanceof InvalidOptionError)) return error
  const { option, message, hint } = error
  const [, name, rest] = /^([a-zA-Z]+)(.*)$/.exec(option) ?? ['', option, '']
  if (!Object.hasOwn(names, name)) return withFlagNames(error)
  return new InvalidOptionError(names[name] + rest, message.slice(option.length + 2), hint)
}
