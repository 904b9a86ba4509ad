import { join } from 'node:path'
import { Command } from 'commander'
import type { Job } from '../job.js'
import type { StudyEvent } from '../study/events.js'
import type { StudyOptions } from '../study/options.js'
import { STUDIES, type StudyName, type StudyResults } from '../study/results.js'
import { interruptSignal } from './interrupt.js'
import { createOutput, UsageError } from './output.js'
import { outputPath } from './output-path.js'
import { addStudyFlags, type StudyFlags, studyOptions, withStudyNames } from './study-flags.js'
import { follow } from './study-progress.js'
import { studyTable } from './study-table.js'

const about: Record<StudyName | 'all', string> = {
  baseline: 'how good a model is without training, from text and from sound',
  'fine-tuning': 'from scratch and pre-trained, on sound and on text: the best checkpoint of each',
  curves: 'the metrics at every evaluated step of the fine-tuning study',
  sensitivity: 'what each metric notices: references against corrupted copies',
  all: 'all of them, one after the other',
}

export function studyCommand(): Command {
  const command = new Command('study')
    .description('compare models by the studies of the paper: tables and figures')
    .allowExcessArguments()
    .allowUnknownOption()
    .action((_options, { args }: Command) => {
      const other = args.find((arg) => !arg.startsWith('-'))
      const problem = other === undefined ? 'a study is missing' : `unknown study '${other}'`
      throw new UsageError(problem, 'start with: audioldm study --help')
    })
    .addHelpText('after', examples)
  for (const name of [...STUDIES, 'all'] as const) {
    command.addCommand(
      addStudyFlags(new Command(name).description(about[name])).action(
        async (flags: StudyFlags) => {
          const { study } = await import('../study/study.js')
          await run(flags, (options) => study(name, options))
        },
      ),
    )
  }
  const system = new Command('system')
    .description('the clips of another system as one more row of the baseline study')
    .argument('<name>', 'what the row is called')
    .argument('<folder>', 'a sound for every item of the list, named as the list names it')
  command.addCommand(reportCommand())
  return command.addCommand(
    addStudyFlags(system).action(async (name: string, folder: string, flags: StudyFlags) => {
      const { studySystem } = await import('../study/study.js')
      await run(flags, (options) => studySystem(name, folder, options))
    }),
  )
}

function reportCommand(): Command {
  return new Command('report')
    .description('make the report of a study again, of its results.json and samples')
    .argument('<folder>', 'where the study is')
    .option(
      '-o, --out <dir>',
      'where the report goes; default: the same folder',
      outputPath('--out'),
    )
    .option('--json', 'print one JSON document on stdout')
    .action(async (folder: string, flags: { out?: string; json?: boolean }) => {
      const { studyReport } = await import('../study/report/remake.js')
      const signal = interruptSignal()
      const outputDir = flags.out ?? folder
      const files = await studyReport(folder, { outputDir, signal })
      createOutput(flags.json === true).result(
        { outputDir, files },
        files.map((name) => join(outputDir, name)).join('\n'),
      )
    })
}

const examples = `
Examples:
  audioldm study baseline --model cvssp/audioldm-s-full-v2 --dataset esc50:ESC-50-master \\
    --panns Cnn14_16k_mAP=0.438.pth --vggish vggish-10086976.pth --out study
  audioldm study fine-tuning --dataset esc50:ESC-50-master --training-steps 10000 --repeats 3 \\
    --out study
  audioldm study system AudioGen audiogen-clips --dataset esc50:ESC-50-master --out study
  audioldm study report study --out report

The same command goes on with a study that was stopped; what is finished is not made again.`

async function run(
  flags: StudyFlags,
  start: (options: StudyOptions) => Job<StudyEvent, StudyResults>,
): Promise<void> {
  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  try {
    const results = await follow(start({ ...studyOptions(flags), signal }))
    output.note(
      `written: ${join(flags.out, 'report.html')}, and report.md, report.tex, results.json`,
    )
    output.result(results, studyTable(results.cells))
  } catch (error) {
    throw withStudyNames(error)
  }
}
