/** Small sounds, narrow networks with random weights and a feature cache of their own. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeWav } from '../../lib/audio/wav.js'
import { runPython } from '../python/run.js'

const root = join(__dirname, '..', '..')

/** Made once for all test files of a version of the exporter, since PyTorch takes seconds. */
export function narrowWeights(): { panns: string; vggish: string } {
  const folder = narrowFolder()
  return { panns: join(folder, 'cnn14-16k.pth'), vggish: join(folder, 'vggish.pth') }
}

/** The other networks that have classes. */
export function otherWeights(): { wavegram: string; passt: string } {
  const folder = narrowFolder()
  return { wavegram: join(folder, 'wavegram-logmel.pth'), passt: join(folder, 'passt.pth') }
}

/** A user's own archive: a row of 8 numbers for every half second at 16 kHz. */
export function ownArchive(): string {
  return join(narrowFolder(), 'own.pt')
}

function narrowFolder(): string {
  const exporter = 'export/audioldm_export'
  const random = readdirSync(join(root, exporter)).filter((name) => /^random_.*\.py$/.test(name))
  const sources = [...random.map((name) => `${exporter}/${name}`), 'test/score/python/weights.py']
  const hash = createHash('sha256')
  for (const source of sources) hash.update(readFileSync(join(root, source)))
  const folder = join(tmpdir(), `audioldm-narrow-${hash.digest('hex').slice(0, 12)}`)
  if (!existsSync(folder)) {
    const making = mkdtempSync(join(tmpdir(), 'audioldm-narrow-'))
    runPython('score/python/weights.py', [making])
    try {
      renameSync(making, folder)
    } catch {
      // Another test file was faster.
      rmSync(making, { recursive: true })
    }
  }
  return folder
}

/** A generator of the same numbers on every run, from −1 to 1. */
function noise(seed: number): () => number {
  let state = seed * 2654435761 + 1
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
}

export interface Sound {
  samples: Float32Array
  sampleRate: number
}

/** A chirp with some noise; rate and length change with `index`. */
export function sound(index: number, pitch = 1): Sound {
  const sampleRate = [16000, 22050, 44100, 8000][index % 4]
  const samples = new Float32Array(Math.round(sampleRate * (0.4 + 0.7 * (index % 5))))
  const random = noise(index + 100 * pitch)
  const frequency = pitch * 150 * (1 + (index % 7))
  for (let i = 0; i < samples.length; i++) {
    const t = i / sampleRate
    const tone = Math.sin(2 * Math.PI * frequency * t * (1 + 0.3 * t))
    samples[i] = 0.4 * tone + 0.04 * (index % 3) * random()
  }
  return { samples, sampleRate }
}

/** Writes `count` sounds as clip00.wav … into a new folder below `parent`. */
export function writeSounds(parent: string, name: string, count: number, pitch = 1): string {
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < count; i++) {
    const { samples, sampleRate } = sound(i, pitch)
    const file = `clip${String(i).padStart(2, '0')}.wav`
    writeFileSync(join(folder, file), encodeWav(samples, sampleRate))
  }
  return folder
}

/** Chirps repeated for so many seconds, at 16 kHz: many patches of few files. */
export function writeLongSounds(
  parent: string,
  name: string,
  count: number,
  seconds: number,
  pitch = 1,
): string {
  const folder = join(parent, name)
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < count; i++) {
    const { samples } = sound(4 * i, pitch)
    const random = noise(i)
    const long = Float32Array.from(
      { length: seconds * 16_000 },
      (_, k) => samples[k % samples.length] * (1 + Math.sin(k / 40_000)) * 0.5 + 0.02 * random(),
    )
    writeFileSync(join(folder, `long${String(i).padStart(2, '0')}.wav`), encodeWav(long, 16_000))
  }
  return folder
}

export function scratch(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'audioldm-score-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
