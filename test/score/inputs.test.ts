import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileClip } from '../../lib/audio/clip-source.js'
import { encodeWav } from '../../lib/audio/wav.js'
import { AudioError } from '../../lib/errors.js'
import { resolveSet } from '../../lib/score/inputs/inputs.js'
import { pairClips } from '../../lib/score/inputs/pairing.js'
import { score } from '../../lib/score/score.js'
import { narrowWeights, scratch, sound, writeSounds } from './fixture.js'

const work = scratch()
const at = (...names: string[]) => join(work.path, ...names)
const wav = (index = 0) => encodeWav(sound(index).samples, sound(index).sampleRate)

beforeAll(() => mkdirSync(at('empty')))
afterAll(work.remove)

const names = (set: { clips: { name?: string }[] }) => set.clips.map((clip) => clip.name)

test('a folder is read with its sub-folders, in the order of code units', async () => {
  mkdirSync(at('tree', 'b', '.hidden'), { recursive: true })
  for (const name of [
    'b/2.wav',
    'b/.hidden/x.wav',
    'Z.wav',
    'é.wav',
    'a.flac',
    '.DS_Store',
    'b.wav',
  ]) {
    writeFileSync(at('tree', name), wav())
  }
  for (const name of ['labels.csv', 'b/README.md', 'noise']) writeFileSync(at('tree', name), 'text')
  symlinkSync('..', at('tree', 'b', 'loop'))
  symlinkSync('nowhere', at('tree', 'broken.wav'))
  symlinkSync('a.flac', at('tree', 'link.flac'))
  execFileSync('mkfifo', [at('tree', 'pipe.wav')])
  const set = await resolveSet('generated', at('tree'), true)
  expect(names(set)).toEqual([
    ...['Z.wav', 'a.flac', 'b.wav', 'b/2.wav', 'link.flac', 'noise', 'é.wav'],
  ])
  expect(
    Object.fromEntries(
      set.skipped.map(({ path, reason }) => [path.slice(at('tree').length + 1), reason]),
    ),
  ).toEqual({
    'b/README.md': 'not a sound file (.md)',
    'b/loop': 'a folder read already',
    'broken.wav': 'a link to nothing',
    'labels.csv': 'not a sound file (.csv)',
    'pipe.wav': 'not a regular file',
  })
})

test('files of a list are named below the folder they share', async () => {
  mkdirSync(at('list', 'x', 'y'), { recursive: true })
  const files = ['x/y/2.wav', 'x/1.wav', 'x/y/10.wav'].map((name) => at('list', name))
  for (const file of files) writeFileSync(file, wav())
  expect(names(await resolveSet('reference', files, true))).toEqual([
    '1.wav',
    'y/10.wav',
    'y/2.wav',
  ])
  const given = await resolveSet('reference', files, false)
  expect(names(given)).toEqual(['y/2.wav', '1.wav', 'y/10.wav'])
})

test('what is no set of sounds is named', async () => {
  await expect(resolveSet('generated', at('absent'), true)).rejects.toThrow(
    `generated: there is no file or folder ${at('absent')}`,
  )
  await expect(resolveSet('generated', at('empty'), true)).rejects.toThrow('no sound files')
  await expect(resolveSet('reference', [at('empty'), '/dev/null'], true)).rejects.toThrow(
    'reference[1]: /dev/null is neither a file nor a folder',
  )
})

test('pairs are found by name without extension, or by order', () => {
  const clips = (...list: string[]) => list.map((name) => fileClip(`/somewhere/${name}`, name))
  const pair = (a: string[], b: string[]) => pairClips(clips(...a), clips(...b), 'name')
  const found = pair(['a.wav', 'b/c.wav'], ['b/c.flac', 'a.mp3'])
  expect(found.pairs).toEqual([
    { generated: 0, reference: 1 },
    { generated: 1, reference: 0 },
  ])
  expect(pair(['a.1', 'a.2'], ['a.2', 'a.1']).pairs).toHaveLength(2)
  expect(pair(['a.wav', 'a.flac'], ['a.wav']).problem).toContain(
    "two generated clips are named 'a'",
  )
  const few = pair(['a.wav', 'b.wav', 'c.wav'], ['a.wav', 'd.wav', 'e.wav', 'f.wav'])
  expect(few.problem).toContain('1 names are common to 3 generated clips and 4 references')
  expect(few.problem).toContain('/somewhere/b.wav, /somewhere/c.wav, /somewhere/d.wav and 2 more')
  const order = pairClips(clips('a', 'b'), clips('c', 'd'), 'order')
  expect(order.pairs).toEqual([0, 1].map((i) => ({ generated: i, reference: i })))
  expect(pairClips(clips('a'), clips('c', 'd'), 'order').problem).toContain('paired by order')
})

test('clips that cannot be read are skipped with their reason', async () => {
  const generated = writeSounds(work.path, 'odd', 3)
  const reference = writeSounds(work.path, 'fine', 3, 1.3)
  writeFileSync(join(generated, 'empty.wav'), '')
  writeFileSync(join(generated, 'text.wav'), 'this is no sound at all, whatever its name says')
  writeFileSync(join(generated, 'none.wav'), encodeWav(new Float32Array(0), 16000))
  writeFileSync(join(generated, 'short.wav'), encodeWav(new Float32Array(320).fill(0.1), 16000))
  const long = sound(2)
  const hours = encodeWav(long.samples, 1)
  writeFileSync(join(generated, 'slow.wav'), hours)
  const options = { ...narrowWeights(), device: 'cpu', cacheDir: null }
  const job = score({ ...options, generated, reference, metrics: ['fd', 'fad'] })
  const told: string[] = []
  for await (const event of job) {
    if (event.type === 'skipped') told.push(`${event.side} ${event.path}`)
  }
  const { generated: side, metrics } = await job
  expect(side.count).toBe(4)
  expect(side.skipped.map(({ path }) => path.slice(generated.length + 1))).toEqual([
    ...['empty.wav', 'none.wav', 'slow.wav', 'text.wav'],
  ])
  expect(side.skipped[2].reason).toMatch(/too long: \d+ s, 1048 s at most/)
  for (const { reason } of side.skipped) expect(reason.length).toBeGreaterThan(5)
  expect(told).toEqual(side.skipped.map(({ path }) => `generated ${path}`))
  expect(metrics.fd).toBeGreaterThan(0)

  const hopeless = [join(generated, 'text.wav'), join(generated, 'empty.wav')]
  const failing = score({ ...options, generated: hopeless, reference, metrics: ['fd'] })
  const failure = (await failing.then(undefined, (error) => error)) as Error
  expect(failure).toBeInstanceOf(AudioError)
  expect(failure.message).toContain('generated: none of the 2 clips can be read')
  expect(failure.message).toContain('text.wav: ')
})
