import { Command } from 'commander'
import type { Dataset } from '../datasets/dataset.js'
import { InvalidOptionError } from '../errors.js'
import { numberIn } from '../options.js'
import type { FineTuneOptions } from '../training/options.js'
import { datasetValue } from './dataset-value.js'
import {
  addTrainingFlags,
  type TrainingFlags,
  trainingOptions,
  withFlagNames,
} from './fine-tune-flags.js'
import { follow } from './fine-tune-progress.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { outputPath } from './output-path.js'

interface FineTuneFlags extends TrainingFlags {
  model?: string
  dataset: Dataset
  validation?: Dataset | number
  out: string
  resume?: boolean
  json?: boolean
}

export function fineTuneCommand(): Command {
  const command = new Command('fine-tune')
    .description('train a model on a data set of your own')
    .option('--model <dir|id>', 'model folder or hub id to start from (default: the embedded one)')
    .requiredOption(
      '--dataset <spec>',
      'what is learned: esc50:DIR, urbansound8k:DIR, audiocaps:DIR, audioset:DIR or folder:DIR',
      datasetValue('--dataset'),
    )
    .requiredOption(
      '--out <dir>',
      'where checkpoints, samples, metrics.jsonl and curve.svg go',
      outputPath('--out'),
    )
    .option('--resume', 'go on from the newest checkpoint in --out, exactly as if never stopped')
    .option(
      '--validation <part|spec>',
      'part of the data set that is not trained on, 0 to 0.9, or another data set (default: 0.1)',
      validationValue,
    )
  return addTrainingFlags(command)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples)
    .action(run)
}

const examples = `
Examples:
  audioldm fine-tune --model cvssp/audioldm-s-full-v2 --dataset esc50:ESC-50-master --steps 2000 \\
    --out runs/esc50
  audioldm fine-tune --dataset folder:sounds --condition mixed:0.5 --lora 16 --steps 1000 \\
    --sample "a door slams" --out runs/doors

Ctrl-C writes a checkpoint; the same command with --resume goes on.`

function validationValue(text: string): Dataset | number {
  if (!/^[+-]?[\d.]/.test(text)) return datasetValue('--validation')(text)
  const result = numberIn(0, 0.9).safeParse(Number(text))
  if (result.success) return result.data
  throw new InvalidOptionError('--validation', result.error.issues[0].message)
}

async function run(flags: FineTuneFlags): Promise<void> {
  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  const { fineTune } = await import('../training/fine-tune.js')
  try {
    const options: FineTuneOptions = {
      dataset: flags.dataset,
      validation: flags.validation,
      outputDir: flags.out,
      resume: flags.resume,
      ...trainingOptions(flags),
      signal,
    }
    const { result, warnings, skipped } = await follow(fineTune(flags.model, options))
    if (result.best !== null && result.best !== result.checkpoint) {
      output.note(`least validation loss: ${result.best}`)
    }
    output.result({ ...result, skipped, warnings }, result.checkpoint)
  } catch (error) {
    throw withFlagNames(error)
  }
}
