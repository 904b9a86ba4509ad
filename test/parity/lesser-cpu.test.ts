/**
 * bfloat16 on CPUs that do not multiply it: everything that takes the dtype, in a process that is
 * held to AVX2. There weights are rounded to bfloat16 and the arithmetic is float32.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { DoctorReport } from '../../lib/doctor/doctor.js'
import { compileLibrary, runCli } from '../cli/run-cli.js'
import { narrowWeights, scratch, writeSounds } from '../score/fixture.js'
import { writeTones } from '../training/fixture.js'

const avx2 = {
  ATEN_CPU_CAPABILITY: 'avx2',
  ONEDNN_MAX_CPU_ISA: 'AVX2',
  MKL_ENABLE_INSTRUCTIONS: 'AVX2',
}
const work = scratch()
beforeAll(compileLibrary)
afterAll(() => work.remove())

test('everything computes in float32 with rounded weights', async () => {
  writeSounds(work.path, 'sounds', 3)
  writeSounds(work.path, 'others', 3, 1.3)
  writeTones(join(work.path, 'tones'), 3)
  const script = join(__dirname, 'scripts', 'bfloat16.cjs')
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [script, work.path, narrowWeights().panns],
    { env: { ...process.env, ...avx2 } },
  )
  const found = JSON.parse(stdout)
  expect(found.auto).toBe('float32')
  expect(found.model).toEqual({ dtype: 'bfloat16', arithmetic: 'float32' })
  expect(found.protocol).toMatchObject({
    ...found.model,
    settings: { dtype: 'bfloat16', arithmetic: 'float32' },
  })
  expect(found.warnings).toEqual([
    'dtype bfloat16: this CPU does not multiply it; training computes in float32',
  ])
  expect(found.effectOfAdapter).toBeGreaterThan(1e-3)

  const { loss, ...rounded } = found.apart
  // Weights of training are float32 in any case.
  expect(loss).toBe(0)
  for (const [what, distance] of Object.entries(rounded)) {
    // A rounded weight is off by up to 2⁻⁹ of itself; twenty layers and more, one after the other,
    // make 0.6 to 1.6 % of it.
    expect(distance, what).toBeLessThan(0.04)
    expect(distance, what).toBeGreaterThan(1e-4)
  }
}, 600_000)

test('doctor says so, and what the processor can where it is not held back', async () => {
  const held = JSON.parse((await runCli(['doctor', '--json'], avx2)).stdout) as DoctorReport
  expect(held.cpu.bfloat16).toBe(false)
  expect(held.core).toMatchObject({ cpuCapability: 'AVX2', onednnCapability: 'Intel AVX2' })
  const { stdout } = await runCli(['doctor'], avx2)
  expect(stdout).toContain('libtorch uses AVX2, oneDNN Intel AVX2')
  expect(stdout).toContain('bfloat16 computed in float32')

  const free = { ATEN_CPU_CAPABILITY: undefined, ONEDNN_MAX_CPU_ISA: undefined }
  const { cpu } = JSON.parse((await runCli(['doctor', '--json'], free)).stdout) as DoctorReport
  expect(cpu.bfloat16).toBe(cpu.features.avx512_bf16 || cpu.features.amx_bf16)
})
