// Makes the pictures and numbers of docs/ways-to-generate.md by running every way to generate with
// the model in the package:  node scripts/make-pictures.mjs
//
// A trained model in its place, node scripts/make-pictures.mjs --model DIR, shows what they sound like.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { decode } from 'fast-png'
import { colormap } from '../dist/audio/colormap.js'
import { spectrogramPng } from '../dist/audio/spectrogram.js'
import { cosineSimilarity, generate, loadModel } from '../dist/index.mjs'
import { palettePng } from './palette-png.mjs'
import { reportSeams } from './seams.mjs'
import { root } from './steps.mjs'

const { values } = parseArgs({
  options: { model: { type: 'string' }, out: { type: 'string' }, only: { type: 'string' } },
})
const folder = values.out ?? join(root, 'docs', 'ways-to-generate')
mkdirSync(folder, { recursive: true })
const model = await loadModel(values.model, { device: 'cpu', dtype: 'float32' })
const settings = { seed: 7, steps: 10, guidanceScale: 2.5 }
const rate = model.info.sampleRate

const ways = { audioPrompt, overTime, candidates, styleTransfer, inpainting, superResolution, long }
for (const [name, way] of Object.entries(ways)) {
  if (values.only !== undefined && values.only !== name) continue
  console.log(`\n${name}`)
  await way()
}
await model.dispose()

async function audioPrompt() {
  const [bells, sweep] = [taps(4), sweeps(4)]
  await picture('audio-prompt-sound', { audio: bells })
  await picture('audio-prompt-clip', {
    audio: await clip({ audioPrompt: bells, durationSeconds: 4 }),
  })
  const other = await clip({ audioPrompt: sweep, durationSeconds: 4 })
  await picture('audio-prompt-other', { audio: other })
}

/** How much of each window's latents comes from which prompt, by the distance to each alone. */
async function overTime() {
  const options = { durationSeconds: 40, guidanceScale: 1 }
  const made = async (rain, birds) => {
    const mix = [
      { text: 'rain', weight: rain },
      { text: 'birds', weight: birds },
    ]
    return latentsOf({ ...options, mix })
  }
  const [rain, birds, both] = [await made(1, 0), await made(0, 1), await made([1, 0], [0, 1])]
  for (let from = 0; from < 40; from += 8) {
    const range = [from * 25, (from + 8) * 25]
    const [toRain, toBirds] = [rms(both, rain, range), rms(both, birds, range)]
    console.log(
      `${from}-${from + 8} s: from rain ${toRain.toFixed(3)}, from birds ${toBirds.toFixed(3)}`,
    )
  }
}

async function candidates() {
  const prompt = 'a dog barking'
  const { audio, clips } = await generate(model, {
    ...settings,
    prompt,
    candidates: 4,
    durationSeconds: 4,
  })
  for (const { seed, similarity } of clips[0].candidates) console.log(seed, similarity.toFixed(5))
  const again = await cosineSimilarity(
    await model.embedAudio(audio[0]),
    await model.embedText(prompt),
  )
  console.log(`kept ${clips[0].seed}, similarity computed again ${again[0][0].toFixed(5)}`)
}

async function styleTransfer() {
  const audio = sweeps(4)
  await picture('style-source', { audio: audio })
  const source = await latents(await model.encodeAudio(audio))
  for (const strength of [0, 0.25, 0.5, 0.75, 1]) {
    const options = { prompt: 'a violin', init: { audio, strength } }
    if (strength === 0 || strength === 0.5 || strength === 1) {
      await picture(`style-${strength * 100}`, { audio: await clip(options) })
    }
    const made = strength === 0 ? source : await latentsOf(options)
    console.log(
      `strength ${strength}: latents correlate with the source's by ${correlation(made, source).toFixed(3)}`,
    )
  }
}

async function inpainting() {
  const audio = sweeps(4)
  const seconds = [[1.5, 2.5]]
  const after = await clip({ prompt: 'birdsong', init: { audio }, mask: { seconds } })
  await picture('inpainting-before', { audio, times: seconds[0] })
  await picture('inpainting-after', { audio: after, times: seconds[0] })
  const { samples } = after
  const changed = [...samples.keys()].filter((i) => samples[i] !== audio.samples[i])
  console.log(`samples that differ: from ${changed[0] / rate} s to ${changed.at(-1) / rate} s`)
}

async function superResolution() {
  const audio = sweeps(4, rate / 2)
  const options = { init: { audio }, mask: { hertz: 'above-source' } }
  await picture('super-resolution-before', {
    audio: atModelRate(audio),
    hertz: [4000],
  })
  await picture('super-resolution-after', { audio: await clip(options), hertz: [4000] })
  const [made, source] = [await latentsOf(options), await latents(await model.encodeAudio(audio))]
  latentPicture('super-resolution-latents', made, source)
  const bins = Array.from({ length: 16 }, (_, bin) => rms(made, source, undefined, bin))
  console.log(
    `latents differ by bin, low to high: ${bins.map((value) => value.toFixed(2)).join(' ')}`,
  )
}

async function long() {
  const durationSeconds = 60
  const audio = await clip({ prompt: 'rain', durationSeconds })
  // As the core spreads windows: see NativeWindows in lib/native/binding.ts.
  const [frames, overlap, total] = [256, 64, durationSeconds * 25]
  const count = Math.ceil((total - overlap) / (frames - overlap))
  const starts = Array.from({ length: count }, (_, i) =>
    Math.round((i * (total - frames)) / (count - 1)),
  )
  const borders = [...starts.slice(1), ...starts.slice(0, -1).map((start) => start + frames)]
    .map((frame) => frame / 25)
    .sort((a, b) => a - b)
  await picture('long', { audio, times: borders, width: 960, height: 240 })
  const { samples } = audio
  reportSeams('60 s in windows', audio, borders)

  // The same length put together from clips that know nothing of each other.
  const joined = new Float32Array(samples.length)
  for (let i = 0; i * 10.24 < durationSeconds; i++) {
    const piece = await clip({ prompt: 'rain', durationSeconds: 10.24, seed: 7 + i })
    const at = Math.round(i * 10.24 * rate)
    joined.set(piece.samples.subarray(0, joined.length - at), at)
  }
  reportSeams(
    'six clips of 10.24 s, joined',
    { samples: joined, sampleRate: rate },
    [1, 2, 3, 4, 5].map((i) => i * 10.24),
  )
}

async function clip(options) {
  const { audio } = await generate(model, { ...settings, ...options })
  const samples = await audio[0].toFloat32Array()
  audio[0].dispose()
  return { samples, sampleRate: rate }
}

/** What the last step left: [channels, frames, bins]. */
async function latentsOf(options) {
  const job = generate(model, { ...settings, ...options, stepLatents: true })
  let last
  for await (const event of job) {
    if (event.type === 'step' && event.latents) last = await latents(event.latents)
  }
  for (const audio of (await job).audio) audio.dispose()
  return last
}

async function latents(tensor) {
  return { shape: tensor.shape.slice(-3), data: await tensor.data() }
}

/** Root mean square of the difference: of some frames, or of one bin. */
function rms(a, b, [from, to] = [0, Number.POSITIVE_INFINITY], onlyBin) {
  const [, frames, bins] = a.shape
  let [sum, count] = [0, 0]
  for (let i = 0; i < a.data.length; i++) {
    const frame = Math.floor(i / bins) % frames
    if (frame < from || frame >= to || (onlyBin !== undefined && i % bins !== onlyBin)) continue
    sum += (a.data[i] - b.data[i]) ** 2
    count++
  }
  return Math.sqrt(sum / count)
}

function correlation(a, b) {
  const centred = ({ data }) => {
    const mean = average(data)
    return Array.from(data, (value) => value - mean)
  }
  const [x, y] = [centred(a), centred(b)]
  const dot = (p, q) => p.reduce((sum, value, i) => sum + value * q[i], 0)
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y))
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** A tone that rises in steps and its octaves, with a breath of noise: known when it is seen again. */
function sweeps(seconds, sampleRate = rate) {
  return synthesise(seconds, sampleRate, (t, noise) => {
    const hertz = 200 + 150 * Math.floor(t * 4)
    const gate = Math.sin(Math.PI * ((t * 4) % 1)) ** 0.5
    const heard = [1, 2, 4].filter((k) => hertz * k < 0.48 * sampleRate)
    const tones = heard.map((k) => Math.sin(2 * Math.PI * hertz * k * t) / k)
    return 0.25 * gate * tones.reduce((sum, value) => sum + value, 0) + 0.01 * noise()
  })
}

/** Bells, two a second. */
function taps(seconds) {
  return synthesise(seconds, rate, (t, noise) => {
    const since = t % 0.5
    const ring = Math.exp(-9 * since)
    const partials = [523, 1320, 2210, 3530].map((hertz) => Math.sin(2 * Math.PI * hertz * since))
    return 0.12 * ring * partials.reduce((sum, value) => sum + value, 0) + 0.003 * noise()
  })
}

function synthesise(seconds, sampleRate, value) {
  let state = 1
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  const samples = Float32Array.from({ length: seconds * sampleRate }, (_, i) =>
    value(i / sampleRate, noise),
  )
  return { samples, sampleRate }
}

/** Twice the rate, with nothing above the old one: every other sample interpolated by a sinc. */
function atModelRate({ samples }) {
  const doubled = new Float32Array(2 * samples.length)
  samples.forEach((value, i) => {
    doubled[2 * i] = value
    let sum = 0
    for (let k = -32; k < 32; k++) {
      const x = Math.PI * (k + 0.5)
      const window = Math.cos((Math.PI * (k + 0.5)) / 65) ** 2
      sum += (samples[i - k] ?? 0) * (Math.sin(x) / x) * window
    }
    doubled[2 * i + 1] = sum
  })
  return { samples: doubled, sampleRate: rate }
}

/** A spectrogram, with dashed lines at some times and frequencies. */
async function picture(name, { audio, times = [], hertz = [], width = 430, height = 210 }) {
  const png = decode(
    await spectrogramPng(audio.samples, audio.sampleRate, { width, height, rangeDb: 70 }),
  )
  const area = { left: 62, right: width - 92, top: 26, bottom: height - 34 }
  const white = (x, y) => png.data.set([255, 255, 255], 3 * (y * width + x))
  for (const time of times) {
    const x =
      area.left +
      Math.round(((time * audio.sampleRate) / audio.samples.length) * (area.right - area.left))
    for (let y = area.top; y < area.bottom; y++) if (y % 6 < 3) white(x, y)
  }
  const mel = (value) => Math.log1p(value / 700)
  for (const value of hertz) {
    const share = mel(value) / mel(audio.sampleRate / 2)
    const y = area.bottom - Math.round(share * (area.bottom - area.top))
    for (let x = area.left; x < area.right; x++) if (x % 6 < 3) white(x, y)
  }
  write(name, palettePng(width, height, png.data))
}

/** How far latents are apart, frame by frame and bin by bin: black where they are the same. */
function latentPicture(name, a, b) {
  const [channels, frames, bins] = a.shape
  const apart = Array.from({ length: frames * bins }, (_, i) => {
    const squares = Array.from({ length: channels }, (_, c) => {
      const at = c * frames * bins + i
      return (a.data[at] - b.data[at]) ** 2
    })
    return Math.sqrt(average(squares))
  })
  const most = Math.max(...apart)
  const colours = colormap()
  const [width, height] = [400, 160]
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const bin = bins - 1 - Math.floor((y * bins) / height)
    for (let x = 0; x < width; x++) {
      const value = apart[Math.floor((x * frames) / width) * bins + bin]
      const colour = 3 * Math.round((255 * value) / most)
      pixels.set(colours.subarray(colour, colour + 3), 3 * (y * width + x))
    }
  }
  write(name, palettePng(width, height, pixels))
}

function write(name, file) {
  writeFileSync(join(folder, `${name}.png`), file)
  console.log(`${name}.png, ${(file.length / 1024).toFixed(0)} KB`)
}
