import { beforeAll, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { expectNoCrash, runScript } from './child.js'

beforeAll(compileLibrary)

test('three workers generate at once, one is terminated, the others are right', async () => {
  const ended = await runScript(['workers.cjs'])
  expectNoCrash(ended)
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  const result = JSON.parse(ended.stdout)
  expect(result.samples).toEqual([16000, 16000, 16000, 16000])
  expect(result.terminated).toBe(1)
  for (const error of result.errors) expect(error / result.peak).toBeLessThan(1e-5)
  // Another seed is another sound: the comparison above can fail.
  expect(result.difference / result.peak).toBeGreaterThan(1e-2)
})
