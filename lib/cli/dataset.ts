import { Command } from 'commander'
import type { Dataset, DatasetProblem } from '../datasets/dataset.js'
import { datasetMakeCommand } from './dataset-make.js'
import { reportText } from './dataset-report.js'
import { interruptSignal } from './interrupt.js'
import { createOutput, UsageError } from './output.js'
import { createProgress } from './progress.js'

export function datasetCommand(): Command {
  const check = new Command('check')
    .description('read every clip of a data set and report what it has and what is wrong')
    .argument('<dataset>', 'a folder, or its kind, folder and options: esc50:DIR?folds=1,2')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', notes)
    .action(run)
  return new Command('dataset')
    .description('check data sets to train on, and make them')
    .addCommand(check)
    .addCommand(datasetMakeCommand())
    .allowExcessArguments()
    .allowUnknownOption()
    .action((_options, { args }: Command) => {
      const other = args.find((arg) => !arg.startsWith('-'))
      const problem = other === undefined ? 'a command is missing' : `unknown command '${other}'`
      throw new UsageError(problem, 'start with: audioldm dataset check --help')
    })
}

const notes = `
Kinds: esc50, urbansound8k, audiocaps, audioset, folder (sounds with captions.csv or captions.jsonl).
Of a folder alone the kind is found by its lists. Lists name files relative to the folder; absolute
paths are taken with folder:DIR?absolute=true.

Examples:
  audioldm dataset check ESC-50-master
  audioldm dataset check "audiocaps:AudioCaps?split=test" --json

The exit code is 1 when clips are missing or unreadable or rows of the list cannot be used.`

/** Problems that are told one by one; the rest is counted. */
const listed = 50

async function run(input: string, flags: { json?: boolean }): Promise<void> {
  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  const progress = createProgress()
  const { checkDataset } = await import('../datasets/check.js')
  const job = checkDataset(await datasetOf(input), { signal })
  let problems = 0
  try {
    for await (const event of job) {
      if (event.type === 'step') progress.update(event.done, event.total, 'files read')
      else if (++problems <= listed) progress.note(problemText(event))
    }
    if (problems > listed) progress.note(`${problems - listed} more problems`)
  } finally {
    progress.stop()
  }
  const report = await job
  output.result(report, reportText(report))
  if (report.clips === 0 || problems > 0) process.exitCode = 1
}

async function datasetOf(input: string): Promise<Dataset> {
  if (/^[a-z0-9]+:/.test(input))
    return (await import('../datasets/spec.js')).parseDatasetSpec(input)
  return await (await import('../datasets/detect.js')).detectDataset(input)
}

function problemText({ kind, path, reason }: DatasetProblem): string {
  return `${kind}: ${path}: ${reason}`.replace(/\p{C}/gu, '?')
}
