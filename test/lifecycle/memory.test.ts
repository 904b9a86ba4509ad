import { beforeAll, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { expectNoCrash, runScript } from './child.js'

beforeAll(compileLibrary)

interface Memory {
  /** MB after each clip. */
  resident: number[]
  /** Bytes of tensors that outlived their clips. */
  live: number
}

async function memory(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Memory> {
  const ended = await runScript(['memory.cjs', ...args], env)
  expectNoCrash(ended)
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  return JSON.parse(ended.stdout)
}

/** The largest of the last clips over the largest of the first after the warm-up. */
function growth(resident: number[], warmUp: number): number {
  const early = Math.max(...resident.slice(warmUp, warmUp + 10))
  const late = Math.max(...resident.slice(-10))
  return late / early - 1
}

test('100 small generations leave the resident memory flat', async () => {
  const { resident, live } = await memory(['110'])
  const grown = growth(resident, 10)
  console.log(
    `resident after 10, 60 and 110 clips: ${resident[9]}, ${resident[59]}, ${resident[109]} MB; ` +
      `growth ${(grown * 100).toFixed(2)} %`,
  )
  expect(resident).toHaveLength(110)
  expect(grown).toBeLessThan(0.02)
  expect(live).toBe(0)
})

test('clips of many lengths add nothing but what libtorch caches of each', async () => {
  // libtorch keeps up to 1024 compiled kernels of each of its two caches, most of them made for one
  // length; with small caches, what is left is ours.
  const { resident, live } = await memory(['60', 'varied'], {
    ONEDNN_PRIMITIVE_CACHE_CAPACITY: '64',
    LRU_CACHE_CAPACITY: '64',
  })
  const grown = growth(resident, 20)
  console.log(
    `resident after 20, 40 and 60 clips of 20 lengths: ${resident[19]}, ${resident[39]}, ` +
      `${resident[59]} MB; growth ${(grown * 100).toFixed(2)} %`,
  )
  expect(grown).toBeLessThan(0.05)
  expect(live).toBe(0)
})
