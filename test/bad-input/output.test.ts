import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Audio } from '../../lib/audio/audio.js'
import { OutputError } from '../../lib/errors.js'
import { generate } from '../../lib/generate/generate.js'
import { loadModel, type Model } from '../../lib/model/model.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'
import { tinyModel } from '../models'
import { scratchFolder } from './model-copy.js'

const scratch = scratchFolder()
let model: Model
let clip: Audio
beforeAll(async () => {
  compileLibrary()
  model = await loadModel(tinyModel, { device: 'cpu', dtype: 'float32', threads: 1 })
  const options = { prompt: 'a dog', steps: 1, durationSeconds: 10, seed: 1 }
  clip = (await generate(model, options)).audio[0]
})
afterAll(() => model?.dispose())

async function refusal(path: string): Promise<OutputError> {
  const error = await clip.save(path, { format: 'float32' }).then(undefined, (thrown) => thrown)
  expect(error).toBeInstanceOf(OutputError)
  expect(error.code).toBe('OUTPUT_FAILED')
  expect(error.message).toContain(`cannot write ${path}: `)
  expect(error.hint).toMatch(/\w/)
  return error
}

describe('audio.save', () => {
  test('to a folder that is not there, through a file, onto a folder, with a long name', async () => {
    const folder = join(scratch, 'save')
    mkdirSync(join(folder, 'taken.wav'), { recursive: true })
    writeFileSync(join(folder, 'file'), 'mine')
    const wrong = {
      'no/clip.wav': 'its folder does not exist',
      'file/clip.wav': 'a part of its path is a file',
      'taken.wav': 'it is a folder',
      [`${'n'.repeat(300)}.wav`]: 'the name is too long',
    }
    for (const [name, problem] of Object.entries(wrong)) {
      expect((await refusal(join(folder, name))).message).toContain(problem)
    }
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken.wav'])
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('mine')
  })

  test('to a file system that takes no files', async () => {
    await refusal('/proc/clip.wav')
  })
})

/** A file system of 64 KiB, or the reason why there can be none. */
function smallDisk(): { path: string } | { reason: string } {
  const path = mkdtempSync(join(tmpdir(), 'audioldm-small-disk-'))
  const mount = ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]
  const { status, stderr, error } = spawnSync('mount', mount, { encoding: 'utf8' })
  if (status === 0) return { path }
  rmSync(path, { recursive: true })
  return { reason: (stderr || String(error)).trim() }
}

describe('a disk that becomes full', () => {
  const disk = smallDisk()
  if ('reason' in disk) console.log(`skipped: no small file system can be mounted: ${disk.reason}`)
  const path = 'path' in disk ? disk.path : ''
  afterAll(() => {
    if (path === '') return
    execFileSync('umount', [path])
    rmSync(path, { recursive: true })
  })

  test.skipIf(path === '')('leaves the old file and nothing else', async () => {
    const file = join(path, 'clip.wav')
    writeFileSync(file, 'old')
    const error = await refusal(file)
    expect(error.message).toContain('the disk is full')
    expect(readdirSync(path)).toEqual(['clip.wav'])
    expect(readFileSync(file, 'utf8')).toBe('old')
    rmSync(file)
  })

  test.skipIf(path === '')('ends a run of several clips; what was whole stays', async () => {
    const clips = ['--count', '4', '--duration', '0.9', '--steps', '1', '--seed', '1']
    const where = ['--out', join(path, 'clips'), '--device', 'cpu', '--json']
    const { code, stdout } = await runCli(['generate', 'a dog', ...clips, ...where])
    expect(code).toBe(1)
    expect(JSON.parse(stdout).error.message).toContain('the disk is full')
    const left = readdirSync(join(path, 'clips'))
    expect(left.length).toBeGreaterThan(0)
    expect(left.length).toBeLessThan(4)
    for (const name of left) {
      expect(name).toMatch(/\.wav$/)
      expect(readFileSync(join(path, 'clips', name))).toHaveLength(44 + 2 * 14_400)
    }
  })
})
