import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ScoreResult } from '../../lib/score/result.js'
import { type CellPlan, Cells, keyOf, type MadeCell } from '../../lib/study/cells.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audioldm-cells-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const score = { metrics: { fd: 2.5, kid: { mean: 1, std: Number.NaN } } } as ScoreResult
const made: MadeCell = {
  score,
  skipped: [],
  samples: [{ path: 'cells/x/clips/a.wav', id: 'a', prompt: 'rain' }],
}

function plan(identity: Record<string, unknown>, make: CellPlan['make']): CellPlan {
  const list = { name: 'esc50', hash: 'f00', items: 1 }
  return { study: 'baseline', labels: { dataset: 'esc50' }, identity, list, make }
}

const never: CellPlan['make'] = async () => {
  throw new Error('a finished cell is made again')
}

test('a finished cell is found and never made again, whatever the order of its identity', async () => {
  const cells = new Cells(folder)
  const first = await cells.finish(plan({ seed: 1, model: 'm' }, async () => made))
  expect(first.score.metrics.fd).toBe(2.5)
  expect(first.key).toMatch(/^[0-9a-f]{64}$/)
  const again = await new Cells(folder).finish(plan({ model: 'm', seed: 1 }, never))
  expect(again).toEqual(first)
})

test('another identity is another cell; other labels are not', async () => {
  const cells = new Cells(folder)
  await cells.finish(plan({ seed: 1 }, async () => made))
  const other = plan({ seed: 2 }, never)
  expect(await cells.find(other)).toBeUndefined()
  await expect(cells.finish(other)).rejects.toThrow('made again')
  const relabelled = { ...plan({ seed: 1 }, never), labels: { dataset: 'mine' } }
  expect((await cells.finish(relabelled)).labels).toEqual({ dataset: 'mine' })
})

test('a cell that failed, or whose file is cut off, is made again in the same folder', async () => {
  const cells = new Cells(folder)
  const tries: string[] = []
  const failing = plan({ seed: 1 }, async (own) => {
    tries.push(own)
    writeFileSync(join(own, 'half'), 'kept')
    throw new Error('stopped')
  })
  await expect(cells.finish(failing)).rejects.toThrow('stopped')
  const work = plan({ seed: 1 }, async (own) => {
    tries.push(own)
    expect(readFileSync(join(own, 'half'), 'utf8')).toBe('kept')
    return made
  })
  await cells.finish(work)
  const file = join(tries[0], 'cell.json')
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 50))
  expect((await cells.finish(work)).key).toBe(keyOf(work))
  expect(new Set(tries).size).toBe(1)
  expect(tries).toHaveLength(3)
})
