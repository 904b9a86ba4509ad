import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { makeArchives } from '../native/archives.js'
import { expectNoCrash, runScript } from './child.js'

const archive = join(makeArchives(), 'slow.pt')

beforeAll(compileLibrary)

const run = (way: string) => runScript(['engines.cjs', way, archive])

describe('a process with networks and operations ends cleanly', () => {
  test.each([
    ['by itself, with engines that nobody disposed', 'idle', 0, ''],
    ['with process.exit() in the middle', 'exit', 3, ''],
    ['with an uncaught error in the middle', 'throw', 1, 'thrown in the middle'],
  ])('%s', async (_, way, code, message) => {
    const ended = await run(way)
    expectNoCrash(ended)
    expect(ended.code).toBe(code)
    if (message === '') expect(ended.stderr).toBe('')
    else expect(ended.stderr).toContain(message)
  })

  test.each([
    ['process.exit()', 'worker-exit', 'worker ended with 3 '],
    ['an error', 'worker-throw', 'worker ended with 1 thrown in the middle'],
  ])('after %s in the middle of a worker', async (_, way, line) => {
    const ended = await run(way)
    expectNoCrash(ended)
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain(line)
  })
})

test('three workers and the main thread compute at once', async () => {
  const ended = await run('workers')
  expectNoCrash(ended)
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  const right = [256, 4]
  expect(JSON.parse(ended.stdout.split('\n')[1])).toEqual([right, right, right, right])
})

test('engines that go, disposed or collected, leave nothing behind', async () => {
  const ended = await run('repeat')
  expectNoCrash(ended)
  expect([ended.code, ended.stderr]).toEqual([0, ''])
  const { resident, before, after } = JSON.parse(ended.stdout.split('\n')[1])
  console.log(`resident after 10 and 60 rounds: ${resident[9]} and ${resident[59]} MB`)
  expect(resident[59]).toBeLessThan(resident[9] + 4)
  expect(after).toEqual(before)
})
