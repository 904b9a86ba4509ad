/** Many clients at once, of the command as users start it. */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generate } from '../../lib/generate/generate.js'
import { loadModel } from '../../lib/model/model.js'
import { compileLibrary, type Run, start } from '../cli/run-cli.js'
import { post } from './client.js'

const clip = { durationSeconds: 0.2, steps: 1 }
const requests = 600
/** Of which so many are held against the library. */
const compared = 200
const clients = 20

let child: ChildProcess
let done: Promise<Run>
let url: string

beforeAll(async () => {
  compileLibrary()
  ;[child, done] = start(['serve', '--port', '0', '--model', 'tiny=models/random-tiny'])
  url = await new Promise((resolve) =>
    child.stdout?.once('data', (text) => resolve(`${text}`.trim())),
  )
})
afterAll(() => child?.kill('SIGKILL'))

test('600 requests of 20 clients: none is lost, none mixed up, and memory stays flat', async () => {
  const resident: number[] = []
  const answers = new Map<number, Buffer>()
  const pending = Array.from({ length: requests }, (_, seed) => seed)
  const client = async () => {
    for (let seed = pending.shift(); seed !== undefined; seed = pending.shift()) {
      const body = { prompt: `sound ${seed % 7}`, ...clip, seed }
      const answer = await post(`${url}/v1/generate`, body)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('audioldm-seed')).toBe(String(seed))
      const bytes = Buffer.from(await answer.arrayBuffer())
      if (seed < compared) answers.set(seed, bytes)
      resident.push(residentMb(child.pid as number))
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  expect(answers.size).toBe(compared)
  expect(resident).toHaveLength(requests)

  const model = await loadModel('models/random-tiny')
  const prompt = Array.from({ length: compared }, (_, seed) => ({
    ...{ prompt: `sound ${seed % 7}`, seed },
  }))
  const { audio } = await generate(model, { prompt, ...clip })
  for (const [seed, one] of audio.entries()) {
    const expected = Buffer.from(await one.toWav())
    expect(answers.get(seed)?.equals(expected), `seed ${seed}`).toBe(true)
  }
  await model.dispose()

  // It grows for some 300 requests, and stays.
  const early = Math.max(...resident.slice(300, 400))
  const late = Math.max(...resident.slice(-20))
  console.log(
    `resident after 100, 300 and 600 requests: ${resident[99]}, ${resident[299]}, ` +
      `${resident[599]} MB; growth ${((late / early - 1) * 100).toFixed(2)} %`,
  )
  expect(late / early - 1).toBeLessThan(0.03)
}, 600_000)

test('an interrupt ends it in order', async () => {
  child.kill('SIGINT')
  expect(await done).toMatchObject({ code: 0, stdout: `${url}\n` })
})

function residentMb(pid: number): number {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}
