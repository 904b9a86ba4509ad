import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scratch } from '../score/fixture.js'
import { compileLibrary, runCli, start } from './run-cli.js'

const work = scratch()
const at = (...names: string[]) => join(work.path, ...names)
const env = { AUDIOLDM_CACHE: at('cache'), OMP_WAIT_POLICY: 'PASSIVE' }
let args: string[]

/** Of the UNet of a checkpoint. */
function weightsOf(run: string, checkpoint: string): string {
  const file = at(run, checkpoint, 'unet', 'diffusion_pytorch_model.safetensors')
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

function linesOf(run: string): { step: number; loss?: number; validationLoss?: number }[] {
  const text = readFileSync(at(run, 'metrics.jsonl'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

beforeAll(async () => {
  compileLibrary()
  const make = ['--clips', '10', '--classes', 'siren,wind', '--seconds', '1']
  const made = await runCli(['dataset', 'make', at('esc50'), ...make])
  expect(made.code, made.stderr).toBe(0)
  // Not a sound, though the list says so.
  const [file] = readdirSync(at('esc50', 'audio')).sort()
  writeFileSync(at('esc50', 'audio', file), 'text')
  args = ['fine-tune', '--dataset', `esc50:${at('esc50')}`, '--device', 'cpu', '--batch', '2']
  args.push('--segment', '0.64', '--dtype', 'float32', '--threads', '1', '--validation', '0.3')
})
afterAll(work.remove)

test('a run: checkpoints, metrics, a curve, samples, one JSON document', async () => {
  const more = ['--steps', '4', '--checkpoint-every', '2', '--keep-last', '1', '--json']
  const sample = ['--sample', 'a tone', '--sample-every', '4', '--sample-steps', '2']
  const run = await runCli([...args, ...more, ...sample, '--out', at('run')], env)
  expect(run.code, run.stderr).toBe(0)
  const result = JSON.parse(run.stdout)
  expect(result).toMatchObject({
    checkpoint: at('run', 'checkpoint-000004'),
    best: expect.stringMatching(/checkpoint-00000[24]$/),
    steps: 4,
    final: { loss: expect.any(Number), validationLoss: expect.any(Number) },
    skipped: [{ path: expect.stringContaining('audio'), reason: expect.any(String) }],
    warnings: [],
  })
  const lines = linesOf('run')
  expect(lines.filter(({ loss }) => loss !== undefined).map(({ step }) => step)).toEqual([
    1, 2, 3, 4,
  ])
  expect(lines.filter((line) => line.validationLoss !== undefined).map(({ step }) => step)).toEqual(
    [0, 2, 4],
  )
  expect(readFileSync(at('run', 'curve.svg'), 'utf8')).toContain('validation</text>')
  expect(existsSync(result.best)).toBe(true)
  expect(readdirSync(at('run', 'samples'))).toHaveLength(1)
  expect(run.stderr).toContain('step 4: checkpoint-000004 written')
  expect(run.stderr).toMatch(/step 4: validation loss \d\.\d{4}\n/)
  expect(run.stderr).toMatch(/^skipped .*audio/m)

  const info = await runCli(['info', result.checkpoint, '--json'])
  expect(info.code, info.stderr).toBe(0)
})

test('Ctrl-C leaves a checkpoint, and --resume goes on to the same weights', async () => {
  const steps = ['--steps', '12', '--checkpoint-every', '6', '--json']
  const whole = await runCli([...args, ...steps, '--out', at('whole')], env)
  expect(whole.code, whole.stderr).toBe(0)

  const parts = [...args, ...steps, '--out', at('parts')]
  const [child, ended] = start(parts, env)
  const metrics = at('parts', 'metrics.jsonl')
  const timer = setInterval(() => {
    // Its first line is of step 0, before training.
    if (!existsSync(metrics) || readFileSync(metrics, 'utf8') === '') return
    clearInterval(timer)
    child.kill('SIGINT')
  }, 20)
  const stopped = await ended
  clearInterval(timer)
  expect(stopped.code, stopped.stderr).toBe(130)
  const { error } = JSON.parse(stopped.stdout)
  expect(error.code).toBe('ABORTED')
  expect(error.hint).toContain('--resume')
  expect(linesOf('parts').length).toBeLessThan(linesOf('whole').length)

  const again = await runCli([...parts, '--resume'], env)
  expect(again.code, again.stderr).toBe(0)
  expect(weightsOf('parts', 'checkpoint-000012')).toBe(weightsOf('whole', 'checkpoint-000012'))
  const losses = (run: string) => linesOf(run).map(({ step, loss }) => [step, loss])
  expect(losses('parts')).toEqual(losses('whole'))
})

test('what cannot be is named, before anything is trained', async () => {
  const refused = async (...given: string[]) => {
    const { code, stdout, stderr } = await runCli([...given, '--json'], env)
    expect(code, stderr).toBe(2)
    return JSON.parse(stdout).error
  }
  const steps = ['--steps', '4', '--checkpoint-every', '2']
  const taken = await refused(...args, ...steps, '--out', at('run'))
  expect(taken.message).toMatch(/^--out: .* holds a run that has reached step 4$/)
  expect(taken.hint).toContain('resume: true (--resume)')
  const other = ['--out', at('run'), '--resume', '--lr', '3e-5']
  const changed = await refused(...args, ...steps, ...other)
  expect(changed.message).toMatch(/^--lr: .*0\.0001, not 0\.00003/)
  expect(changed.hint).toContain('in its own outputDir (--out)')
  const none = ['fine-tune', '--dataset', `esc50:${at('none')}`, '--steps', '1', '--out', at('new')]
  expect((await refused(...none)).message).toMatch(/^--dataset: .*none/)
  const kind = ['fine-tune', '--dataset', 'cats:x', '--steps', '1', '--out', at('new')]
  expect((await refused(...kind)).message).toMatch(/^--dataset: there is no kind .*'cats'$/)
  const scores = ['--steps', '1', '--out', at('new'), '--validation', '0', '--metrics', 'fd']
  expect((await refused(...args, ...scores)).message).toMatch(/^--validation: is /)
  expect((await refused('fine-tune')).message).toContain("required option '--dataset <spec>'")
})
