import { Command } from 'commander'
import { writeFileAtomic } from '../files/write-file.js'
import { metricNames } from '../metrics/metric.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import type { ScoreOptions } from '../score/options.js'
import { scoreSchema } from '../score/schema.js'
import { audioArgument } from './audio-arguments.js'
import { clipCsv } from './clip-csv.js'
import { runCompare } from './compare.js'
import {
  addFeatureFlags,
  type FeatureFlags,
  featureOptions,
  withFlagNames,
} from './feature-flags.js'
import { interruptSignal } from './interrupt.js'
import { createOutput, UsageError } from './output.js'
import { checkOutput, inFoldersOf, outputPath } from './output-path.js'
import { follow } from './score-progress.js'
import { scoreTable } from './score-table.js'
import { numberValue, textValue } from './values.js'

interface ScoreFlags extends FeatureFlags {
  metrics?: AskedMetric[]
  preset?: ScoreOptions['preset']
  pairing?: ScoreOptions['pairing']
  prompts?: string
  saveStats?: string
  perClip?: string
  html?: string
  compare?: boolean
  bootstrap?: number
  bootstrapSeed?: number
  json?: boolean
}

export function scoreCommand(): Command {
  const command = new Command('score')
    .description(
      'compare generated sound with references or prompts: FD, FAD, IS, KL, CLAP and more',
    )
    .argument('<generated>', 'folder, sound file, saved statistics, or .txt list of files')
    .argument('[reference]', 'the same; not needed for is and clap')
    .argument('[more]', 'the reference, with --compare')
    .usage(
      '[options] <generated> [reference]\n       audioldm score --compare [options] <a> <b> [reference]',
    )
    .option('--compare', 'say of two sets, A and B, which is better, by every metric')
    .option(
      '--metrics <names>',
      `some of ${metricNames.join(',')}, or as kad@passt (default: of the first four, what can be)`,
      metricsValue,
    )
    .option(
      '--preset <name>',
      'a whole protocol: paper-2023 or 2026',
      textValue('--preset', scoreSchema.shape.preset.unwrap()),
    )
  return addFeatureFlags(command)
    .option(
      '--pairing <rule>',
      'how clips are paired: name, order or none (default: name)',
      textValue('--pairing', scoreSchema.shape.pairing.unwrap()),
    )
    .option(
      '--prompts <file>',
      'what the clips were made from, for clap: the output of generate --json, .jsonl, .csv or .txt',
    )
    .option(
      '--save-stats <file>',
      'save the statistics of the reference, a .safetensors file',
      outputPath('--save-stats'),
    )
    .option(
      '--per-clip <file>',
      'write scores of every generated clip, a .csv file',
      outputPath('--per-clip'),
    )
    .option(
      '--html <file>',
      'write a page with the numbers, a map, and the best and worst clips to hear',
      outputPath('--html'),
    )
    .option(
      '--bootstrap <n>',
      'samples for 95 % intervals, such as 1000 (default: no intervals)',
      numberValue('--bootstrap', scoreSchema.shape.bootstrap),
    )
    .option(
      '--bootstrap-seed <n>',
      'seed of what is drawn for intervals (default: 2020)',
      numberValue('--bootstrap-seed', scoreSchema.shape.bootstrapSeed),
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples)
    .action(run)
}

const examples = `
Examples:
  audioldm score out/ reference/
  audioldm score out/ reference/ --panns Cnn14_16k_mAP=0.438.pth --vggish vggish-10086976.pth
  audioldm score out/ reference.safetensors --vggish vggish-10086976.pth --metrics fad --json
  audioldm score out/ --panns Cnn14_16k_mAP=0.438.pth --metrics is --per-clip clips.csv
  audioldm score out/ reference/ --panns Cnn14_16k_mAP=0.438.pth --html report.html
  audioldm score out/ --clap model/ --prompts out.json --metrics clap
  audioldm score out/ reference/ --clap model/ --backbone clap --metrics fd
  audioldm score out/ reference/ --panns Cnn14_16k_mAP=0.438.pth --metrics kad,kl --bootstrap 1000
  audioldm score out/ reference/ --preset 2026 --panns Wavegram_Logmel_Cnn14_mAP=0.439.pth \\
    --passt passt-s-f128-p16-s10-ap.476-swa.pt --clap model/ --prompts out.json
  audioldm score --compare new/ old/ reference/ --panns Cnn14_16k_mAP=0.438.pth --metrics kad,kl`

function metricsValue(text: string): AskedMetric[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase())
  const schema = scoreSchema.shape.metrics.unwrap().element
  return names.map(textValue('--metrics', schema))
}

async function run(
  generated: string,
  reference: string | undefined,
  more: string | undefined,
  flags: ScoreFlags,
): Promise<void> {
  if (flags.compare) return await compare([generated, reference, more], flags)
  if (more !== undefined) throw new UsageError('three sets are for --compare: A B REFERENCE')
  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  const { perClip, saveStats, html } = flags
  if (perClip !== undefined) await checkOutput(perClip)
  // Loaded now and not on top: help, and errors above, should not wait for it.
  const { score } = await import('../score/score.js')
  try {
    const options = {
      ...featureOptions(flags),
      generated: await audioArgument('GENERATED', generated),
      reference: reference && (await audioArgument('REFERENCE', reference)),
      metrics: flags.metrics,
      preset: flags.preset,
      pairing: flags.pairing,
      prompts: flags.prompts,
      perClip: perClip !== undefined,
      bootstrap: flags.bootstrap,
      bootstrapSeed: flags.bootstrapSeed,
      saveStatistics: saveStats,
      html,
      signal,
    }
    const { result, warnings, notes, metrics } = await inFoldersOf(
      [perClip, saveStats, html],
      async () => {
        const scored = await follow(score(options))
        if (perClip !== undefined)
          await writeFileAtomic(perClip, clipCsv(scored.result.clips ?? []))
        return scored
      },
    )
    const { clips, ...rest } = result
    const files = {
      ...(perClip !== undefined && { perClip }),
      ...(saveStats !== undefined && { statistics: saveStats }),
      ...(html !== undefined && { html }),
    }
    output.result({ ...rest, ...files, warnings }, scoreTable(result, metrics, notes))
  } catch (error) {
    throw withFlagNames(error)
  }
}

async function compare(
  sets: [string, string | undefined, string | undefined],
  flags: ScoreFlags,
): Promise<void> {
  const { metrics, preset, pairing, prompts, bootstrap, bootstrapSeed, json } = flags
  const files = {
    '--per-clip': flags.perClip,
    '--save-stats': flags.saveStats,
    '--html': flags.html,
  }
  for (const [flag, file] of Object.entries(files)) {
    if (file === undefined) continue
    throw new UsageError(`${flag} is for one set: without --compare`)
  }
  const options = { metrics, preset, pairing, prompts, bootstrap, bootstrapSeed }
  const signal = interruptSignal()
  await runCompare(sets, { ...featureOptions(flags), ...options, signal }, json === true)
}
