/** The code blocks of the documentation: all type-check, those marked `run` run, examples too. */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeWav } from '../../lib/audio/wav.js'
import { sound } from '../generate/sounds.js'
import { python } from '../python/run.js'
import { narrowWeights, writeSounds } from '../score/fixture.js'
import { codeBlocks, documents, root } from './markdown.js'

const blocks = documents.flatMap(codeBlocks)
const runs = blocks.filter((block) => block.runs)

/** A project with the package in it, as npm would lay it out. */
const project = mkdtempSync(join(tmpdir(), 'audioldm-docs-'))
mkdirSync(join(project, 'node_modules', '.bin'), { recursive: true })
symlinkSync(root, join(project, 'node_modules', 'audioldm'))
symlinkSync(join(root, 'dist', 'cli', 'main.js'), join(project, 'node_modules', '.bin', 'audioldm'))
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** What the blocks about scores find there: two folders, and weights under their published names. */
beforeAll(() => {
  const { panns, vggish } = narrowWeights()
  symlinkSync(panns, join(project, 'Cnn14_16k_mAP=0.438.pth'))
  symlinkSync(vggish, join(project, 'vggish-10086976.pth'))
  symlinkSync(join(root, 'models', 'random-tiny'), join(project, 'my-model'))
  writeSounds(project, 'generated', 12)
  writeSounds(project, 'reference', 12, 1.3)
})

function run(command: string, args: string[]) {
  // Other tests run at the same time: threads that spin would take the cores from each other.
  const caches = { HF_HUB_CACHE: join(project, 'cache'), AUDIOLDM_CACHE: join(project, 'cache') }
  const env = { ...process.env, ...caches, OMP_WAIT_POLICY: 'PASSIVE' }
  const result = spawnSync(command, args, { cwd: project, env, maxBuffer: 64 << 20 })
  expect(result.status, `${command} ${args.join(' ')}\n${result.stderr}`).toBe(0)
  return result.stdout
}

test('there are blocks that run, in the README and in docs/', () => {
  const where = new Set(runs.map((block) => block.document))
  for (const name of [
    'README.md',
    'docs/options.md',
    'docs/errors.md',
    'docs/fine-tuning.md',
    'docs/formats.md',
    'docs/metrics.md',
    'docs/troubleshooting.md',
  ]) {
    expect(where).toContain(name)
  }
})

test.each(runs)('$document line $line runs', ({ language, code, line }) => {
  if (language === 'js') {
    writeFileSync(join(project, `snippet-${line}.mjs`), code)
    run('node', [`snippet-${line}.mjs`])
  } else if (language === 'python') {
    writeFileSync(join(project, `snippet-${line}.py`), code)
    run(python, ['-W', 'ignore', `snippet-${line}.py`])
  } else {
    run('bash', ['-euo', 'pipefail', '-c', code])
  }
})

test('the first program wrote its sound file', () => {
  expect(statSync(join(project, 'dog.wav')).size).toBe(44 + 2 * 2 * 16000)
})

test('every block in JavaScript or TypeScript fits the types', () => {
  const folder = join(project, 'snippets')
  mkdirSync(folder)
  writeFileSync(join(folder, 'surroundings.d.ts'), surroundings)
  const typed = blocks.filter(({ language }) => language === 'js' || language === 'ts')
  expect(typed.length).toBeGreaterThan(8)
  for (const { document, line, language, code } of typed) {
    const name = `${document.replaceAll(/\W/g, '-')}-${line}.m${language}`
    // Every block is a module of its own; what it leaves out is declared around it.
    writeFileSync(join(folder, name), `${importsOf(code)}${code}\nexport {}\n`)
  }
  const files = readdirSync(folder).map((name) => join(folder, name))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node']
  const options = ['--noEmit', '--strict', '--allowJs', '--checkJs', '--skipLibCheck']
  options.push('--target', 'es2022', '--module', 'node16', '--noImplicitAny', 'false')
  const result = spawnSync('node', [compiler, ...options, ...types, ...files], { cwd: project })
  expect(String(result.stdout)).toBe('')
  expect(result.status).toBe(0)
})

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
  if (name === 'candidates.mjs') expect(told.match(/^[* ] seed \d+: 0\.\d{4}$/gm)).toHaveLength(3)
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

const surroundings = `
type DType = string
declare const model: import('audioldm').Model
declare const audio: import('audioldm').Audio[]
declare const mainWindow: { webContents: { send(channel: string, ...values: unknown[]): void } }
declare module 'tslab' {
  export const display: { html(html: string): void }
  export function newDisplay(): { text(text: string): void }
}
`

/** An import of what a block uses, where it has none of its own. */
function importsOf(code: string): string {
  const names = [
    ...['generate', 'loadModel', 'pull', 'score', 'saveStatistics', 'AbortError'],
    'cosineSimilarity',
  ]
  const used = names.filter(
    (name) => new RegExp(`\\b${name}\\b`).test(code) && !code.includes('import {'),
  )
  return used.length > 0 ? `import { ${used.join(', ')} } from 'audioldm'\n` : ''
}
