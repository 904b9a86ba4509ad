/** The programs of examples/ run, and write and say what they should. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { sound } from '../generate/sounds.js'
import { root } from './markdown.js'
import { project, run } from './project.js'

const example = (name: string) => join(root, 'examples', name)

test.each<[string, string[], string[]]>([
  ['audio-prompt.mjs', [], ['like.wav', 'between.wav']],
  ['over-time.mjs', ['rain', 'birds', '21'], ['over-time.wav']],
  ['candidates.mjs', [], ['best.wav']],
  ['style-transfer.mjs', [], ['strength-0.3.wav', 'strength-0.7.wav']],
  ['inpaint.mjs', ['sound.wav', '0.3', '0.5'], ['repaired.wav']],
  ['super-resolution.mjs', [], ['finer.wav']],
  ['long.mjs', ['waves', '21'], ['long.wav']],
])('the example %s runs', (name, args, files) => {
  writeFileSync(join(project, 'sound.wav'), encodeWav(sound(1, 8000).samples, 8000))
  const told = String(run('node', [example(name), ...args]))
  for (const file of files) expect(statSync(join(project, file)).size).toBeGreaterThan(30_000)
  if (name === 'candidates.mjs') expect(told.match(/^[* ] seed \d+: -?0\.\d{4}$/gm)).toHaveLength(3)
})

test('the examples run', () => {
  run('node', [example('generate.mjs'), 'a dog', 'example.wav'])
  expect(existsSync(join(project, 'example.wav'))).toBe(true)
  expect(readFileSync(join(project, 'example.png')).toString('latin1', 1, 4)).toBe('PNG')
  const samples = run('node', [example('stream.mjs'), 'rain'])
  expect(samples.length).toBe(4 * 3 * 16000)
  const listed = String(run('node', [example('batch.cjs'), 'clips-of-batch']))
    .trim()
    .split('\n')
  expect(listed).toEqual([
    'clips-of-batch/0.wav: footsteps on gravel, seed 1, dpmpp-2m',
    'clips-of-batch/1.wav: a door slams, seed 2, dpmpp-2m',
    'clips-of-batch/2.wav: wind, seed 100, ddim',
  ])
  const weights = ['Cnn14_16k_mAP=0.438.pth', 'vggish-10086976.pth']
  const told = String(run('node', [example('score.mjs'), 'generated', 'reference', ...weights]))
  expect(told).toMatch(/FD [\d.]+ {2}FAD [\d.]+ {2}IS [\d.]+ {2}KL [\d.]+\n12 clips against 12\n/)
  expect(told.match(/^clip\d\d\.wav: KL/gm)).toHaveLength(3)
})

test("the example of CLAP's score runs", () => {
  const rows = Array.from({ length: 12 }, (_, i) => `clip${String(i).padStart(2, '0')},a tone`)
  writeFileSync(join(project, 'tones.csv'), `name,prompt\n${rows.join('\n')}\n`)
  const args = [join(root, 'examples', 'clap-score.mjs'), 'my-model', 'generated', 'tones.csv']
  const told = String(run('node', args))
  expect(told).toMatch(/^CLAP -?0\.\d{4} ± 0\.\d{4} of 12 clips\n/)
  expect(told.match(/^clip\d\d\.wav: -?0\.\d{4} "a tone"$/gm)).toHaveLength(3)
})

test('the example of training runs, and goes on', () => {
  const rows = Array.from({ length: 6 }, (_, i) => `generated/clip0${i}.wav,a tone`)
  writeFileSync(join(project, 'captions.csv'), `file,caption\n${rows.join('\n')}\n`)
  for (const steps of ['1', '2']) {
    const args = [join(root, 'examples', 'fine-tune.mjs'), '.', 'runs/example', steps]
    expect(String(run('node', args))).toMatch(/checkpoint-00000[12]\n$/)
    expect(existsSync(join(project, 'runs', 'example', `checkpoint-00000${steps}`))).toBe(true)
  }
  expect(existsSync(join(project, 'fine-tuned.wav'))).toBe(true)
})
