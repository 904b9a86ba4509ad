import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { miniature } from '../../lib/study/miniature.js'
import { fineTuneSchema } from '../../lib/training/schema.js'
import { run, scratch, shortOptions } from './fixture.js'

const work = scratch()
afterAll(work.remove)

test('a miniature without a data set has synthesised sounds; what is given stays', {
  timeout: 10 * 60_000,
}, async () => {
  const { datasets: _, ...short } = shortOptions(work, [], 'out')
  const scoring = { ...short.scoring, metrics: ['fd' as const] }
  const change = { miniature: true, items: 3, conditions: ['text' as const], scoring }
  const { results } = await run('baseline', { ...short, ...change })
  const [cell] = results.cells
  expect(results.cells).toHaveLength(1)
  expect(cell.labels).toEqual({ dataset: 'synthesised', condition: 'text' })
  expect(cell.score.generated.count).toBe(3)
  expect(cell.identity.generation).toMatchObject({ steps: 2, durationSeconds: 0.64 })
  const lines = readFileSync(work.in('out', 'synthesised', 'captions.jsonl'), 'utf8').trim()
  expect(lines.split('\n').length).toBeGreaterThanOrEqual(200)
})

test('its defaults are options that fine-tuning takes', () => {
  const { training, repeats, items } = miniature({ outputDir: 'x', miniature: true })
  expect({ repeats, items }).toEqual({ repeats: 3, items: 32 })
  const { dataset, outputDir, ...shape } = fineTuneSchema.shape
  for (const [name, value] of Object.entries(training ?? {})) {
    expect(shape[name as keyof typeof shape].safeParse(value).success, name).toBe(true)
  }
  expect(miniature({ outputDir: 'x', training: { steps: 7 } }).training?.steps).toBe(7)
})
