import { beforeAll, describe, expect, test } from 'vitest'
import { compileLibrary } from '../cli/run-cli.js'
import { expectNoCrash, runScript, startScript } from './child.js'

beforeAll(compileLibrary)

describe('a process ends cleanly', () => {
  test.each([
    ['by itself, with a model that nobody disposed', 'idle', 0, ''],
    ['with process.exit() in the middle of a generation', 'exit', 3, ''],
    ['with an uncaught exception in the middle', 'throw', 1, 'thrown in the middle'],
    ['with an unhandled rejection in the middle', 'reject', 1, 'rejected in the middle'],
    ['with process.exit() while a model loads', 'exit-loading', 4, ''],
  ])('%s', async (_, way, code, message) => {
    const ended = await runScript(['exit.cjs', way])
    expectNoCrash(ended)
    expect(ended.code).toBe(code)
    if (message === '') expect(ended.stderr).toBe('')
    else expect(ended.stderr).toContain(message)
    expect(ended.seconds).toBeLessThan(60)
  })

  test.each([
    ['process.exit()', 'worker-exit', 'worker ended with 3 '],
    ['an exception', 'worker-throw', 'worker ended with 1 thrown in the middle'],
  ])('after %s in the middle of a worker', async (_, way, line) => {
    const ended = await runScript(['exit.cjs', way])
    expectNoCrash(ended)
    expect([ended.code, ended.stderr]).toEqual([0, ''])
    expect(ended.stdout).toContain(line)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('by %s in the middle, at once', async (signal) => {
    const [child, ending] = startScript(['exit.cjs', 'sleep'])
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => {
        if (String(chunk).includes('running')) resolve()
      })
    })
    const sent = performance.now()
    child.kill(signal)
    const ended = await ending
    expect([ended.signal, ended.stderr]).toEqual([signal, ''])
    expect(performance.now() - sent).toBeLessThan(5000)
  })
})
