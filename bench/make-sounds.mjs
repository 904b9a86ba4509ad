// Makes a folder of sounds to score, with sox and espeak-ng (Debian: apt install sox espeak-ng):
//
//   node bench/make-sounds.mjs OUT [COUNT] [SEED]
//
// Speech, plucked strings, chords, chirps, bursts of noise and filtered noise, 1 to 6 seconds, at
// several rates and depths, mono and stereo. The same count and seed give the same files.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const [out, count = '300', seed = '1'] = process.argv.slice(2)
if (out === undefined) throw new Error('usage: node bench/make-sounds.mjs OUT [COUNT] [SEED]')

const words =
  'rain wind dog engine thunder river footsteps gravel door bird insect train bell glass fire water crowd siren clock hammer'.split(
    ' ',
  )
const voices = ['en', 'en-us', 'de', 'fr', 'es', 'it']
const rates = [16000, 16000, 22050, 32000, 44100, 48000]

let state = Number(seed) >>> 0
/** A number in [0, 1) of a linear congruential generator. */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}
const between = (low, high) => low + (high - low) * random()
const pick = (list) => list[Math.floor(random() * list.length)]

const kinds = {
  speech: (file, seconds) => {
    const text = Array.from({ length: 3 + Math.floor(random() * 8) }, () => pick(words)).join(' ')
    const raw = `${file}.tmp.wav`
    const speed = Math.round(between(110, 220))
    const pitch = Math.round(between(20, 80))
    call('espeak-ng', ['-v', pick(voices), '-s', speed, '-p', pitch, '-w', raw, text])
    call('sox', ['-R', raw, ...format(file), 'trim', 0, seconds, 'norm', -between(1, 12)])
    rmSync(raw)
  },
  pluck: (file, s) => synth(file, s, ['pluck', hertz(80, 900)], ['reverb', between(10, 80)]),
  chord: (file, s) =>
    synth(
      file,
      s,
      [
        'sine',
        hertz(100, 400),
        'square',
        'mix',
        hertz(300, 900),
        'triangle',
        'mix',
        hertz(50, 200),
      ],
      ['tremolo', between(1, 8), 60],
    ),
  chirp: (file, s) => synth(file, s, ['sine', `${hertz(50, 400)}/${hertz(1000, 7000)}`], []),
  bursts: (file, s) => synth(file, s, ['whitenoise'], ['tremolo', between(0.5, 5), 95]),
  band: (file, s) =>
    synth(
      file,
      s,
      ['pinknoise'],
      ['band', hertz(200, 4000), hertz(50, 800), 'phaser', 0.8, 0.74, 3, 0.4, 0.5],
    ),
  echo: (file, s) => synth(file, s, ['brownnoise'], ['echo', 0.8, 0.7, between(60, 500), 0.5]),
}

function hertz(low, high) {
  return Math.round(low * (high / low) ** random())
}

function format(file) {
  const channels = random() < 0.2 ? 2 : 1
  return ['-r', pick(rates), '-c', channels, '-b', pick([16, 16, 16, 24]), file]
}

function synth(file, seconds, wave, effects) {
  const levels = ['fade', 'q', 0.02, seconds, between(0.05, 0.5), 'norm', -between(1, 15)]
  call('sox', ['-R', '-n', ...format(file), 'synth', seconds, ...wave, ...effects, ...levels])
}

function call(command, args) {
  const { status, error, stderr } = spawnSync(command, args.map(String), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

mkdirSync(out, { recursive: true })
const names = Object.keys(kinds)
for (let i = 0; i < Number(count); i++) {
  const seconds = between(1, 6).toFixed(2)
  kinds[names[i % names.length]](join(out, `${String(i).padStart(5, '0')}.wav`), seconds)
}
