/** The two programs by which the recipe measures a model with the library itself. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { tinyModel } from '../models'
import { narrowWeights, scratch, writeSounds } from '../score/fixture.js'

const root = join(__dirname, '..', '..')
const work = scratch()
const at = (name: string) => join(work.path, name)

beforeAll(compileLibrary)
afterAll(work.remove)

function run(program: string, args: string[]) {
  const path = join(root, 'recipe', program)
  return spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' })
}

test('clips of a list: only missing ones are made, and of one model alone', () => {
  const list = ['dog', 'rain'].map((file, i) => ({
    file: `${file}/00.wav`,
    prompt: `a ${file}`,
    seed: 7 + i,
  }))
  writeFileSync(at('list.json'), JSON.stringify(list))
  const model = tinyModel
  const args = ['--model', model, '--list', at('list.json'), '--out', at('clips')]
  const small = [...args, '--seconds', '0.2', '--steps', '1']
  expect(run('generate.mjs', small)).toMatchObject({ status: 0 })
  const [dog, rain] = list.map(({ file }) => join(at('clips'), file))
  const [madeDog, madeRain] = [dog, rain].map((file) => readFileSync(file))
  expect(madeDog.equals(madeRain)).toBe(false)

  const { mtimeMs } = statSync(dog)
  rmSync(rain)
  expect(run('generate.mjs', small)).toMatchObject({ status: 0 })
  expect(statSync(dog).mtimeMs).toBe(mtimeMs)
  expect(readFileSync(rain).equals(madeRain)).toBe(true)

  rmSync(rain)
  const { status, stderr } = run('generate.mjs', [...small, '--guidance', '1'])
  expect([status, existsSync(rain)]).toEqual([1, false])
  expect(stderr).toContain('has clips of another model, list or settings')
})

test('FD and FAD of folders, in the order given', () => {
  const reference = writeSounds(work.path, 'reference', 6)
  const folders = [
    writeSounds(work.path, 'far', 6, 2),
    writeSounds(work.path, 'near', 6, 1.02),
    reference,
  ]
  const { panns, vggish } = narrowWeights()
  const weights = ['--panns', panns, '--vggish', vggish, '--cache', at('cache')]
  const { status, stdout } = run('scores.mjs', ['--reference', reference, ...weights, ...folders])
  expect(status).toBe(0)
  const { sets, protocol } = JSON.parse(stdout)
  expect(Object.keys(sets)).toEqual(['far', 'near', 'reference'])
  expect(sets.reference.fd).toBeLessThan(1e-3 * sets.near.fd)
  expect(sets.near.fad).toBeLessThan(sets.far.fad)
  expect(sets.near.clips).toBe(6)
  expect(protocol).toMatchObject({ mono: 'first-channel' })
})
