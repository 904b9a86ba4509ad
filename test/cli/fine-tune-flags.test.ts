import { Command } from 'commander'
import { expect, test } from 'vitest'
import {
  addTrainingFlags,
  type TrainingFlags,
  trainingOptions,
  withFlagNames,
} from '../../lib/cli/fine-tune-flags.js'
import { timeText } from '../../lib/cli/fine-tune-progress.js'
import { Sparkline } from '../../lib/cli/sparkline.js'
import { captionedFolder } from '../../lib/datasets/folder.js'
import { InvalidOptionError } from '../../lib/errors.js'
import { parseOptions } from '../../lib/options.js'
import { fineTuneSchema } from '../../lib/training/schema.js'

function parse(...args: string[]): TrainingFlags {
  const command = addTrainingFlags(new Command('fine-tune')).exitOverride()
  return command.parse(args, { from: 'user' }).opts<TrainingFlags>()
}

const options = (...args: string[]) => {
  const given = trainingOptions(parse('--steps', '100', ...args))
  const settings = { ...given, dataset: captionedFolder('sounds'), outputDir: 'out' }
  return parseOptions(fineTuneSchema, settings)
}

const notSet = <T>(value: T) => JSON.parse(JSON.stringify(value)) as T

test('without flags, every default is that of the library', () => {
  const settings = { dataset: captionedFolder('sounds'), outputDir: 'out', steps: 100 }
  expect(notSet(options())).toEqual(notSet(parseOptions(fineTuneSchema, settings)))
})

test('flags arrive as options', () => {
  expect(
    options(
      ...['--condition', 'mixed:.25', '--init', 'scratch', '--batch', '2', '--accumulate', '3'],
      ...['--lr', '3e-5', '--warmup', '7', '--schedule', 'cosine', '--weight-decay', '0.1'],
      ...['--max-gradient-norm', '0', '--ema-decay', '0.99', '--condition-dropout', '0.2'],
      ...['--segment', '5.12', '--seed', '18446744073709551615', '--no-cache'],
      ...['--cache-dir', 'cache', '--dtype', 'bfloat16', '--device', 'cpu', '--threads', '1'],
      ...['--checkpoint-every', '5', '--keep-last', '4', '--evaluate-every', '6'],
    ),
  ).toMatchObject({
    ...{ condition: { mixed: 0.25 }, init: 'scratch', batchSize: 2, accumulate: 3 },
    ...{ learningRate: 3e-5, warmupSteps: 7, schedule: 'cosine', weightDecay: 0.1 },
    ...{ maxGradientNorm: 0, emaDecay: 0.99, conditionDropout: 0.2, segmentSeconds: 5.12 },
    ...{ seed: 2n ** 64n - 1n, cache: false, cacheDir: 'cache', dtype: 'bfloat16' },
    ...{ device: 'cpu', threads: 1, checkpointEvery: 5, keepLast: 4, evaluateEvery: 6 },
  })
  expect(
    options(
      ...['--lora', '4', '--lora-alpha', '8', '--lora-targets', 'film', '--sample', 'a dog'],
      ...['--sample', 'rain', '--sample-every', '9', '--sample-steps', '10', '--guidance', '3'],
      ...['--metrics', 'fd, FAD', '--panns', 'p', '--vggish', 'v', '--backbone', 'cnn14-32k'],
      ...['--embedding', 'my.pt@16000', '--evaluate-clips', '12'],
    ),
  ).toMatchObject({
    lora: { rank: 4, alpha: 8, targets: ['film'] },
    sample: { prompts: ['a dog', 'rain'], every: 9, steps: 10, guidanceScale: 3 },
    evaluation: {
      ...{ metrics: ['fd', 'fad'], panns: 'p', vggish: 'v', backbone: 'cnn14-32k', clips: 12 },
      ...{ embedding: 'my.pt@16000', steps: 10, guidanceScale: 3 },
    },
  })
})

test.each([
  [['--condition', 'sound'], /^--condition: expected text, audio or mixed:P/],
  [['--condition', 'mixed:1.5'], /^--condition: /],
  [['--lr', '0'], /^--lr: expected a number above 0/],
  [['--batch', '1.5'], /^--batch: expected a whole number/],
  [['--dtype', 'float16'], /^--dtype: expected auto, float32 or bfloat16/],
  [['--lora-targets', 'attention,all'], /^--lora-targets: .*'all'/],
  [['--metrics', 'fd,'], /^--metrics: /],
  [['--lora-alpha', '8'], /^--lora-alpha: needs the rank/],
  [['--sample-every', '8'], /^--sample-every: needs a prompt/],
])('%s is refused by its name', (args, message) => {
  expect(() => options(...args)).toThrow(message)
})

test("the library's complaints carry the names of flags", () => {
  const shown = (option: string) =>
    (withFlagNames(new InvalidOptionError(option, 'is wrong', 'a hint')) as Error).message
  expect(shown('outputDir')).toBe('--out: is wrong')
  expect(shown('evaluation.panns')).toBe('--panns: is wrong')
  expect(shown('evaluation.metrics[1]')).toBe('--metrics[1]: is wrong')
  expect(shown('lora.alpha')).toBe('--lora-alpha: is wrong')
  expect(shown('sample.prompts[0]')).toBe('--sample[0]: is wrong')
  expect(shown('checkpointEvery')).toBe('--checkpoint-every: is wrong')
  expect(shown('--seed')).toBe('--seed: is wrong')
  const other = new Error('x')
  expect(withFlagNames(other)).toBe(other)
})

test('a sparkline goes from the first value to the newest, in constant width', () => {
  const spark = new Sparkline(8)
  expect(`${spark}`).toBe('')
  spark.add(1)
  spark.add(Number.NaN)
  expect(`${spark}`).toBe('▁')
  spark.add(0)
  expect(`${spark}`).toBe('█▁')
  const long = new Sparkline(8)
  for (let i = 0; i < 100_000; i++) long.add(Math.abs(i - 60_000))
  const text = `${long}`
  expect(text.length).toBeGreaterThan(4)
  expect(text.length).toBeLessThanOrEqual(8)
  expect(text[0]).toBe('█')
  expect(Math.abs(text.indexOf('▁') - text.length * 0.6)).toBeLessThan(1.5)
})

test('times are short', () => {
  const times = [0, 59.4, 60, 754, 3600, 11_100, Number.POSITIVE_INFINITY]
  expect(times.map(timeText)).toEqual(['0s', '59s', '1m00s', '12m34s', '1h00m', '3h05m', '?'])
})
