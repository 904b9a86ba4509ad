import { Command } from 'commander'
import { makeSchema } from '../synthesis/schema.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { createProgress } from './progress.js'
import { numberValue, seedValue } from './values.js'

interface Flags {
  clips: number
  seed: bigint
  classes?: string[]
  seconds: number
  json?: boolean
}

const { clips, seconds } = makeSchema.shape

export function datasetMakeCommand(): Command {
  return new Command('make')
    .description('compute a data set of sounds with captions, to train on')
    .argument('<out>', 'the folder to make')
    .requiredOption('--clips <n>', 'clips in all', numberValue('--clips', clips))
    .option('--seed <n>', 'other sounds with every seed', seedValue('--seed'), 0n)
    .option('--classes <names>', 'such as church_bell,wind (default: all)', (text: string) =>
      text.split(',').map((name) => name.trim()),
    )
    .option('--seconds <s>', 'length of a clip', numberValue('--seconds', seconds), 5)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', notes)
    .action(run)
}

const notes = `
The layout is that of ESC-50, with captions.jsonl beside: esc50:OUT and folder:OUT read it.
An interrupted run goes on when the same command is given again.

Examples:
  audioldm dataset make sounds --clips 2000 --seed 1
  audioldm dataset make bells --clips 40 --classes church_bell,hand_bell,wind_chimes`

async function run(outputDir: string, { json, ...flags }: Flags): Promise<void> {
  const output = createOutput(json === true)
  const signal = interruptSignal()
  const progress = createProgress()
  const { makeDataset } = await import('../synthesis/make.js')
  const job = makeDataset({ outputDir, ...flags, signal })
  try {
    for await (const { done, total } of job) progress.update(done, total, 'clips made')
  } finally {
    progress.stop()
  }
  const result = await job
  const { path, skipped } = result
  const count = Object.keys(result.classes).length
  const there = skipped > 0 ? `, of which ${skipped} were there` : ''
  output.result(result, `${result.clips} clips of ${count} classes in ${path}${there}`)
}
