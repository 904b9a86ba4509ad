import { Command } from 'commander'
import { InvalidOptionError } from '../errors.js'
import type { Shard } from '../score/inputs/shard.js'
import { audioArgument } from './audio-arguments.js'
import {
  addFeatureFlags,
  type FeatureFlags,
  featureOptions,
  withFlagNames,
} from './feature-flags.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { inFoldersOf, outputPath } from './output-path.js'
import { follow } from './score-progress.js'

interface StatsFlags extends FeatureFlags {
  out: string
  shard?: Shard
  rows?: boolean
  license?: string
  json?: boolean
}

export function statsCommand(): Command {
  const command = new Command('stats')
    .description('save the statistics of sounds, as a reference for score')
    .argument('<inputs...>', 'folders, sound files, .txt lists of files; or statistics to merge')
    .requiredOption('-o, --out <file>', 'the .safetensors file to write', outputPath('--out'))
    .option('--shard <i/n>', 'take every n-th clip, from number i = 0 … n-1 on', shardValue)
    .option(
      '--rows',
      'save the rows of every clip too: all metrics but those of waveforms need no sounds then',
    )
    .option('--license <text>', 'what a result that the file served for says of its licence')
  return addFeatureFlags(command)
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples)
    .action(run)
}

const examples = `
Examples:
  audioldm stats reference/ -o reference.safetensors --vggish vggish-10086976.pth
  audioldm stats reference/ -o part0.safetensors --shard 0/2 --vggish vggish-10086976.pth
  audioldm stats reference/ -o reference.safetensors --panns Cnn14_16k_mAP=0.438.pth --rows
  audioldm stats part0.safetensors part1.safetensors -o reference.safetensors

Where RANK and WORLD_SIZE are set, as by torchrun, each process takes its shard and puts -RANK-of-N
into the name of its file.`

function shardValue(text: string): Shard {
  const match = /^(\d{1,5})\/(\d{1,6})$/.exec(text.trim())
  const [index, count] = [Number(match?.[1]), Number(match?.[2])]
  if (match && index < count && count <= 100_000) return { index, count }
  const message = `expected i/n with i from 0 to n-1, such as 0/4 … 3/4, got '${text}'`
  throw new InvalidOptionError('--shard', message)
}

async function run(inputs: string[], flags: StatsFlags): Promise<void> {
  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  const { shard, path } = placeShard(inputs, flags)
  const audio: string[] = []
  for (const input of inputs) audio.push(...[await audioArgument('INPUT', input)].flat())
  const { saveStatistics } = await import('../score/save-statistics.js')
  try {
    const { rows, license } = flags
    const options = { ...featureOptions(flags), audio, output: path, shard, rows, license, signal }
    const { result, warnings } = await inFoldersOf([path], () => follow(saveStatistics(options)))
    const clips = `${result.count} ${result.count === 1 ? 'clip' : 'clips'}`
    output.note(`statistics of ${clips}: ${Object.keys(result.backbones).join(', ')}`)
    output.result({ ...result, ...(shard && { shard }), warnings }, result.path)
  } catch (error) {
    throw withFlagNames(error)
  }
}

/** The shard of --shard, or of the environment, under which all processes get the same flags. */
function placeShard(inputs: string[], { shard, out }: StatsFlags): { shard?: Shard; path: string } {
  const { RANK, WORLD_SIZE } = process.env
  const merging = inputs.every((input) => /\.safetensors$/i.test(input))
  if (shard || merging || WORLD_SIZE === undefined || WORLD_SIZE === '1') {
    return { shard, path: out }
  }
  if (!/^\d{1,5}$/.test(RANK ?? '') || !/^\d{1,6}$/.test(WORLD_SIZE)) {
    const message = `RANK is '${RANK ?? ''}' and WORLD_SIZE '${WORLD_SIZE}' in the environment`
    throw new InvalidOptionError('--shard', message, 'set both, or give --shard i/n')
  }
  const own = shardValue(`${RANK}/${WORLD_SIZE}`)
  const digits = (n: number) => String(n).padStart(5, '0')
  const suffix = `-${digits(own.index)}-of-${digits(own.count)}`
  return { shard: own, path: out.replace(/(\.safetensors)?$/i, `${suffix}$1`) }
}
