import { randomInt } from 'node:crypto'
import { Command } from 'commander'
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { firstStepOf, initSchema } from '../generate/init.js'
import { type ClipOptions, checkCombination, clipSchema } from '../generate/plan.js'
import type { SchedulerName } from '../native/binding.js'
import { integerIn, numberIn } from '../options.js'
import { planDestination } from './destination.js'
import {
  checkSoundFlags,
  inpaintRanges,
  type SoundFlags,
  soundOptions,
  startsFromSound,
} from './generate-sound.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { type NamedClip, readPrompts } from './prompts.js'
import { saveClips } from './save-clips.js'
import { numberValue, seedValue, textValue } from './values.js'

interface GenerateFlags extends SoundFlags {
  prompts?: string
  model?: string
  lora?: string
  loraScale?: number
  out: string
  duration?: number
  steps: number
  guidance: number
  negative: string
  scheduler: SchedulerName
  eta: number
  seed?: bigint
  count: number
  device: string
  dtype: 'auto' | 'float32' | 'bfloat16' | 'float16'
  threads?: number
  float?: boolean
  spectrogram?: string
  json?: boolean
}

const { shape } = clipSchema
const device = z.string().regex(/^(auto|cpu|cuda(:\d{1,3})?)$/, {
  error: (issue) => `expected auto, cpu, cuda or cuda:N, got '${issue.input}'`,
})
const dtype = z.enum(['auto', 'float32', 'bfloat16', 'float16'], {
  error: (issue) => `expected auto, float32, bfloat16 or float16, got '${issue.input}'`,
})

export function generateCommand(): Command {
  return new Command('generate')
    .description('turn text, and other sound, into sound')
    .argument('[prompt]', 'what to hear, such as "a dog barking in the rain"')
    .option(
      '--prompts <file>',
      'more prompts: text, one a line, or .jsonl with options of each clip',
    )
    .option('--model <dir|id>', 'model folder or pulled hub id (default: the one in the package)')
    .option('--lora <file|dir>', 'adapters of the model, as fine-tune --lora makes them')
    .option(
      '--lora-scale <value>',
      'how strong the adapters are, -16 to 16 (default: 1)',
      numberValue('--lora-scale', numberIn(-16, 16)),
    )
    .option('--audio-prompt <file>', 'a sound like this; with a prompt, a mix of both')
    .option('--init <file>', 'a sound to start from')
    .option(
      '--strength <value>',
      'how far from --init, 0 to 1 (default: 0.5, or 1 where only a part is made anew)',
      numberValue('--strength', required(initSchema.shape.strength)),
    )
    .option(
      '--inpaint <ranges>',
      'seconds of --init to make anew, as 2.0-4.5 or 0-1,3-3.5',
      inpaintRanges,
    )
    .option('--super-resolution <file>', 'a sound to which high frequencies are added')
    .option(
      '--above <hertz>',
      'where they begin (default: half its sampling rate)',
      numberValue('--above', numberIn(0, 1e6)),
    )
    .option(
      '--candidates <n>',
      'makes 1 to 16, keeps the one most like its prompt (default: 1)',
      numberValue('--candidates', required(shape.candidates)),
    )
    .requiredOption('--out <file|dir>', 'WAV file for one clip, folder for several')
    .option(
      '--duration <seconds>',
      'length, 0.01 to 300 (default: 10, or that of the sound to start from)',
      numberValue('--duration', required(shape.durationSeconds)),
    )
    .option('--long', 'overlapping windows for clips longer than 10.24 s, not only 20.48 s')
    .option('--no-long', 'no windows: any length at once')
    .option(
      '--steps <n>',
      'diffusion steps, 1 to 1000',
      numberValue('--steps', required(shape.steps)),
      25,
    )
    .option(
      '--guidance <scale>',
      'closeness to the text, 0 to 100; 1 switches guidance off',
      numberValue('--guidance', required(shape.guidanceScale)),
      2.5,
    )
    .option(
      '--negative <text>',
      'what not to hear',
      textValue('--negative', required(shape.negativePrompt)),
      '',
    )
    .option(
      '--scheduler <name>',
      'dpmpp-2m, ddim, euler or euler-a',
      textValue('--scheduler', required(shape.scheduler)),
      'dpmpp-2m',
    )
    .option(
      '--eta <value>',
      'noise added by ddim, 0 to 1',
      numberValue('--eta', required(shape.eta)),
      0,
    )
    .option(
      '--seed <n>',
      'clip i uses seed + i, 0 to 2^64 - 1 (default: random, reported)',
      seedValue('--seed'),
    )
    .option(
      '--count <n>',
      'clips per prompt, 1 to 1000',
      numberValue('--count', integerIn(1, 1000)),
      1,
    )
    .option('--device <name>', 'auto, cpu, cuda or cuda:N', textValue('--device', device), 'auto')
    .option(
      '--dtype <name>',
      'auto, float32, bfloat16 or float16 (CUDA)',
      textValue('--dtype', dtype),
      'auto',
    )
    .option(
      '--threads <n>',
      'CPU threads, 1 to 1024 (default: all processors)',
      numberValue('--threads', integerIn(1, 1024)),
    )
    .option('--float', '32-bit float WAV instead of 16-bit PCM')
    .option(
      '--spectrogram <file|dir>',
      'also write pictures: PNG file for one clip, folder for several',
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples)
    .action(run)
}

const examples = `
Examples:
  audioldm generate "rain on a tin roof" --out rain.wav
  audioldm generate --prompts prompts.txt --count 3 --seed 7 --out clips/
  audioldm generate "a dog" --model cvssp/audioldm-s-full-v2 --out dog.wav --json
  audioldm generate "a choir" --init humming.wav --strength 0.6 --out choir.wav
  audioldm generate "birds" --init walk.wav --inpaint 2.0-4.5 --out walk-repaired.wav

A line of a .jsonl file: {"prompt": "a dog", "durationSeconds": 5, "seed": 3, "name": "dog"}
Only one of "prompt", "audioPrompt", "mix" and "init" is needed; the other names are those of the options of generate() in the library.`

function required<T>(schema: z.ZodOptional<z.ZodType<T>>): z.ZodType<T> {
  return schema.unwrap() as z.ZodType<T>
}

async function run(prompt: string | undefined, flags: GenerateFlags): Promise<void> {
  const clips = await collectClips(prompt, flags)
  const total = clips.length * flags.count
  const seed = flags.seed ?? BigInt(randomInt(2 ** 32))
  if (seed + BigInt(total) > 2n ** 64n) {
    throw new InvalidOptionError('--seed', `the last of ${total} clips would pass 2^64 - 1`)
  }
  const named = Array.from({ length: total }, (_, i) => {
    const { clip, name } = clips[i % clips.length]
    return { prompt: clip.prompt ?? '', name }
  })
  const audioOut = await planDestination('--out', flags.out, '.wav', named)
  const pictureOut =
    flags.spectrogram === undefined
      ? undefined
      : await planDestination('--spectrogram', flags.spectrogram, '.png', named)

  const output = createOutput(flags.json === true)
  const signal = interruptSignal()
  const started = performance.now()
  output.note(`loading ${flags.model ?? 'the default model'}`)
  const { device, dtype, threads, lora, loraScale } = flags
  // Loaded now and not on top: help, and errors above, should not wait for it.
  const { generate } = await import('../generate/generate.js')
  const { loadModel } = await import('../model/model.js')
  const model = await loadModel(flags.model, { device, dtype, threads, lora, loraScale, signal })
  try {
    const { info } = model
    const loadMs = performance.now() - started
    output.note(
      `loaded in ${seconds(loadMs)}: ${info.device}, ${info.dtype}, ${info.threads} threads`,
    )
    if (info.randomWeights)
      output.note('warning: this model has random weights; it makes only noise')
    const settings = {
      ...soundOptions(flags),
      durationSeconds: flags.duration ?? (startsFromSound(flags) ? undefined : 10),
      steps: flags.steps,
      guidanceScale: flags.guidance,
      negativePrompt: flags.negative,
      scheduler: flags.scheduler,
      eta: flags.eta,
      seed,
      count: flags.count,
    }
    const prompts = clips.map(({ clip }) => clip)
    const format = flags.float ? 'float32' : 'pcm16'
    const job = generate(model, { ...settings, prompt: prompts, signal })
    const steps = named.map((_, i) => stepsTaken(clips[i % clips.length].clip, flags))
    const saved = await saveClips(job, steps, { format, audio: audioOut, pictures: pictureOut })
    const { timings } = saved.result
    output.note(
      `${total} ${total === 1 ? 'clip' : 'clips'} in ${seconds(timings.totalMs)}, seed ${seed}`,
    )
    output.result(
      {
        files: saved.files,
        settings: { ...settings, format },
        model: { source: flags.model ?? null, ...info },
        timings: { loadMs, ...timings },
        warnings: saved.warnings,
      },
      saved.files.map((file) => file.path).join('\n'),
    )
  } finally {
    await model.dispose()
  }
}

async function collectClips(
  prompt: string | undefined,
  flags: GenerateFlags,
): Promise<NamedClip[]> {
  const clips: NamedClip[] = []
  if (prompt !== undefined) {
    const parsed = shape.prompt.safeParse(prompt)
    if (!parsed.success) throw new InvalidOptionError('prompt', parsed.error.issues[0].message)
    if (prompt.trim() === '') throw new InvalidOptionError('prompt', 'is empty')
    clips.push({ clip: { prompt } })
  }
  if (flags.prompts !== undefined) clips.push(...(await readPrompts(flags.prompts)))
  if (clips.length === 0 && (flags.audioPrompt !== undefined || startsFromSound(flags))) {
    clips.push({ clip: {} })
  }
  if (clips.length === 0) {
    throw new InvalidOptionError('prompt', 'is missing', 'give a prompt, or a file with --prompts')
  }
  checkSoundFlags(flags)
  if (flags.loraScale !== undefined && flags.lora === undefined) {
    throw new InvalidOptionError('--lora-scale', 'needs the adapters, given with --lora')
  }
  const { scheduler, eta } = flags
  checkCombination({ scheduler, eta }, '--')
  // What a line leaves out comes from the command line, so the two are checked together.
  for (const { clip } of clips) checkCombination({ scheduler, eta, ...clip }, '--')
  return clips
}

/** Of all its candidates. */
function stepsTaken(clip: ClipOptions, flags: GenerateFlags): number {
  const options = { ...soundOptions(flags), ...clip }
  const { init, mask, candidates = 1, steps = flags.steps } = options
  const strength = init === undefined || mask ? 1 : 0.5
  return candidates * (steps - firstStepOf(steps, init?.strength ?? strength))
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
