// Makes a data set in the layout of ESC-50 from sounds that are computed, to train on:
//
//   node bench/make-esc50.mjs --out DIR [--classes 10] [--clips 40] [--seconds 5] [--seed 1]
//
// Up to 50 classes: ten kinds of sound, each in five registers. Clips of a class differ in pitch,
// speed, level, place and noise. 16-bit mono WAV at 44.1 kHz in five folds, as published; the same
// options give the same files, and a clip is the same whatever the number of classes and clips.

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { encodeWav } = createRequire(import.meta.url)('../dist/audio/wav.js')

const sampleRate = 44100
const registers = ['middle', 'high', 'low', 'very_high', 'very_low']
const baseHertz = { very_low: 90, low: 220, middle: 520, high: 1250, very_high: 3000 }
const turn = 2 * Math.PI

/** Each gives a function of the time in seconds; `hertz` is of the register, made to vary. */
const kinds = {
  pure_tone:
    ({ hertz }) =>
    (t) =>
      Math.sin(turn * hertz * t),
  rising_chirp: ({ hertz, between }) => sweep(hertz, between(1.8, 2.6), between(0.6, 1.2)),
  band_noise: ({ hertz, random }) => bandNoise(hertz, 4, random),
  clicks: ({ hertz, between, random }) => clicks(hertz, between(3, 7), random),
  tremolo_tone: ({ hertz, between }) => {
    const speed = between(4, 9)
    return (t) => Math.sin(turn * hertz * t) * (0.5 - 0.5 * Math.cos(turn * speed * t))
  },
  siren: ({ hertz, between }) => {
    const [speed, depth] = [between(0.4, 1), between(0.3, 0.45)]
    const swing = (depth * hertz) / speed
    return (t) => Math.sin(turn * hertz * t - swing * Math.cos(turn * speed * t))
  },
  buzz:
    ({ hertz }) =>
    (t) =>
      2 * ((hertz * 0.5 * t) % 1) - 1,
  noise_bursts: ({ hertz, between, random }) => {
    const noise = bandNoise(hertz, 1, random)
    const speed = between(1.5, 3.5)
    return (t) => noise(t) * Math.exp(-6 * ((speed * t) % 1))
  },
  falling_chirp: ({ hertz, between }) => sweep(hertz * 2, between(0.35, 0.55), between(0.6, 1.2)),
  bell: ({ hertz, between }) => {
    const [every, partials] = [between(0.7, 1.4), [1, 2.76, 5.4, 8.93]]
    return (t) => {
      const since = t % every
      const ring = (ratio, i) =>
        (Math.sin(turn * hertz * ratio * since) * Math.exp(-(3 + 2 * i) * since)) / (1 + i)
      return partials.reduce((sum, ratio, i) => sum + ring(ratio, i), 0)
    }
  },
}

/** From `hertz` to `ratio` times that, again and again, in `seconds` each. */
function sweep(hertz, ratio, seconds) {
  const octaves = Math.log(ratio)
  return (t) => {
    const part = (t % seconds) / seconds
    return Math.sin((turn * hertz * seconds * (Math.exp(octaves * part) - 1)) / octaves)
  }
}

/** White noise through a resonance at `hertz`: called for one sample after the other. */
function bandNoise(hertz, quality, random) {
  const angle = (turn * Math.min(hertz, 0.4 * sampleRate)) / sampleRate
  const alpha = Math.sin(angle) / (2 * quality)
  const [a0, a1, a2] = [1 + alpha, -2 * Math.cos(angle), 1 - alpha]
  let [x1, x2, y1, y2] = [0, 0, 0, 0]
  return () => {
    const x = 2 * random() - 1
    const y = (alpha * (x - x2) - a1 * y1 - a2 * y2) / a0
    ;[x1, x2, y1, y2] = [x, x1, y, y1]
    return y
  }
}

/** Short decaying knocks at times that are not quite regular. */
function clicks(hertz, perSecond, random) {
  let next = 0
  let last = Number.NEGATIVE_INFINITY
  return (t) => {
    if (t >= next) [last, next] = [next, next + (0.7 + 0.6 * random()) / perSecond]
    const since = t - last
    return Math.sin(turn * hertz * since) * Math.exp(-60 * since)
  }
}

/** Numbers in [0, 1) that depend on the parts of the name alone. */
function randomNumbers(...name) {
  let state = createHash('sha256').update(name.join('\n')).digest().readUInt32LE()
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function makeClip({ register, kind }, seconds, random) {
  const between = (low, high) => low + (high - low) * random()
  const at = kinds[kind]({ hertz: baseHertz[register] * between(0.85, 1.18), between, random })
  const [peak, floor] = [between(0.3, 0.9), 10 ** between(-4, -2.5)]
  // As in ESC-50, some clips are shorter and filled up with digital silence.
  const heard = random() < 0.25 ? seconds * between(0.4, 0.9) : seconds
  const samples = new Float32Array(Math.round(seconds * sampleRate))
  let largest = 0
  for (let i = 0; i < heard * sampleRate && i < samples.length; i++) {
    samples[i] = at(i / sampleRate)
    largest = Math.max(largest, Math.abs(samples[i]))
  }
  for (let i = 0; i < heard * sampleRate && i < samples.length; i++) {
    const fade = Math.min(1, i / 441, (heard * sampleRate - i) / 441)
    samples[i] = fade * (peak * (samples[i] / largest) + floor * (2 * random() - 1))
  }
  return samples
}

function wholeNumber(name, text, max) {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new Error(`--${name}: expected a whole number from 1 to ${max}, got '${text}'`)
}

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    classes: { type: 'string', default: '10' },
    clips: { type: 'string', default: '40' },
    seconds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
})
if (values.out === undefined) throw new Error('--out: name the folder to make')
const categories = registers.flatMap((register) =>
  Object.keys(kinds).map((kind) => ({ register, kind, name: `${register}_${kind}` })),
)
const classes = wholeNumber('classes', values.classes, categories.length)
const clips = wholeNumber('clips', values.clips, 10_000)
const seconds = Number(values.seconds)
if (!(seconds >= 0.1 && seconds <= 60)) throw new Error('--seconds: expected 0.1 to 60')

mkdirSync(join(values.out, 'audio'), { recursive: true })
mkdirSync(join(values.out, 'meta'), { recursive: true })
const rows = ['filename,fold,target,category,esc10,src_file,take']
for (let clip = 0; clip < clips; clip++) {
  for (let target = 0; target < classes; target++) {
    const category = categories[target]
    const samples = makeClip(category, seconds, randomNumbers(values.seed, category.name, clip))
    const fold = 1 + (clip % 5)
    const source = 100_000 + 10_000 * target + clip
    const name = `${fold}-${source}-A-${target}.wav`
    writeFileSync(join(values.out, 'audio', name), encodeWav(samples, sampleRate))
    const esc10 = target < 10 ? 'True' : 'False'
    rows.push([name, fold, target, category.name, esc10, source, 'A'].join(','))
  }
}
writeFileSync(join(values.out, 'meta', 'esc50.csv'), `${rows.join('\n')}\n`)
console.log(`${rows.length - 1} clips of ${classes} classes in ${values.out}`)
