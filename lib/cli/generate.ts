import { Command } from 'commander'
import { z } from 'zod'
import { opusBitrates } from '../audio/opus.js'
import { soundKinds } from '../audio/sound-file.js'
import { initSchema } from '../generate/init.js'
import { clipSchema } from '../generate/plan.js'
import { integerIn, numberIn } from '../options.js'
import { existingRules } from './existing.js'
import { runGenerate } from './generate-run.js'
import { inpaintRanges } from './generate-sound.js'
import { outputPath } from './output-path.js'
import { numberValue, seedValue, textValue } from './values.js'

const { shape } = clipSchema
const device = z.string().regex(/^(auto|cpu|cuda(:\d{1,3})?)$/, {
  error: (issue) => `expected auto, cpu, cuda or cuda:N, got '${issue.input}'`,
})
const dtype = z.enum(['auto', 'float32', 'bfloat16', 'float16'], {
  error: (issue) => `expected auto, float32, bfloat16 or float16, got '${issue.input}'`,
})
const existing = z.enum(existingRules, {
  error: (issue) => `expected skip, overwrite or error, got '${issue.input}'`,
})

const format = z.enum(soundKinds, {
  error: (issue) => `expected wav, flac or opus, got '${issue.input}'`,
})
const bits = z.union([z.literal(16), z.literal(24)], {
  error: (issue) => `expected 16 or 24, got '${issue.input}'`,
})

/** `0.2,0.8` */
const interval = z.preprocess(
  (text) => String(text).split(',').map(Number),
  required(shape.guidanceInterval),
)

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
      '--cutoff <hertz>',
      'where its own end (default: measured, and told)',
      numberValue('--cutoff', numberIn(0, 1e6)),
    )
    .option(
      '--candidates <n>',
      'makes 1 to 16, keeps the one most like its prompt (default: 1)',
      numberValue('--candidates', required(shape.candidates)),
    )
    .requiredOption(
      '--out <file|dir>',
      'for one clip a .wav, .flac, .opus or .ogg file or - (stdout), for several a folder',
    )
    .option(
      '--format <name>',
      'wav, flac or opus (default: by the name of the file, else wav)',
      textValue('--format', format),
    )
    .option(
      '--existing <rule>',
      'what becomes of files that are there: skip, overwrite or error (default: error in a folder)',
      textValue('--existing', existing),
    )
    .option(
      '--duration <seconds>',
      'length, 0.01 to 300 (default: 10, or that of the sound to start from)',
      numberValue('--duration', required(shape.durationSeconds)),
    )
    .option('--long', 'overlapping windows for clips longer than 10.24 s, not only 20.48 s')
    .option('--loop', 'the end meets the beginning: a clip that can be repeated')
    .option(
      '--channels <n>',
      '2: stereo, of two takes (default: 1)',
      numberValue('--channels', required(shape.channels)),
    )
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
      '--guidance-interval <from,to>',
      'noise levels that are guided, 0 to 1: 0.2,0.8 takes less time (default: all)',
      textValue('--guidance-interval', interval),
    )
    .option(
      '--feature-cache <n>',
      'compute the whole UNet at every n-th step alone, 1 to 10: faster, another sound (default: 1)',
      numberValue('--feature-cache', required(shape.featureCache)),
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
      '--lufs <value>',
      'loudness (ITU-R BS.1770), -70 to 0 (default: as it comes)',
      numberValue('--lufs', required(shape.lufs)),
    )
    .option(
      '--true-peak <dB>',
      'what the true peak stays below, -60 to 0 (default: -1 with --lufs, else none)',
      numberValue('--true-peak', required(shape.truePeak)),
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
    .option(
      '--bits <n>',
      'of a sample in WAV and FLAC, 16 or 24 (default: 16)',
      numberValue('--bits', bits),
    )
    .option('--float', '32-bit float WAV instead of 16-bit PCM')
    .option(
      '--bitrate <kbit/s>',
      'of Opus, 6 to 256 (default: 64 a channel)',
      numberValue('--bitrate', numberIn(opusBitrates.least, opusBitrates.most)),
    )
    .option(
      '--spectrogram <file|dir>',
      'also write pictures: PNG file for one clip, folder for several',
      outputPath('--spectrogram'),
    )
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples)
    .action(runGenerate)
}

const examples = `
Examples:
  audioldm generate "rain on a tin roof" --out rain.wav
  audioldm generate "rain on a tin roof" --out - | aplay
  audioldm generate --prompts prompts.txt --count 3 --seed 7 --out clips/
  audioldm generate --prompts prompts.txt --count 3 --seed 7 --out clips/ --existing skip
  audioldm generate --prompts prompts.txt --format flac --out clips/
  audioldm generate "a dog" --model cvssp/audioldm-s-full-v2 --out dog.wav --json
  audioldm generate "a choir" --init humming.wav --strength 0.6 --out choir.wav
  audioldm generate "birds" --init walk.wav --inpaint 2.0-4.5 --out walk-repaired.wav

A line of a .jsonl file: {"prompt": "a dog", "durationSeconds": 5, "seed": 3, "name": "dog"}
Only one of "prompt", "audioPrompt", "mix" and "init" is needed; the other names are those of the options of generate() in the library.`

function required<T>(schema: z.ZodOptional<z.ZodType<T>>): z.ZodType<T> {
  return schema.unwrap() as z.ZodType<T>
}
