import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeDataset, saveStatistics, score } from '../../lib/index.js'

const folder = mkdtempSync(join(tmpdir(), 'audioldm-small-'))
const at = (...names: string[]) => join(folder, ...names)
afterAll(() => rmSync(folder, { recursive: true }))

const common = { device: 'cpu', cacheDir: null } as const
const make = (name: string, soundClass: string, seed: number) =>
  makeDataset({
    outputDir: at(name),
    clips: 12,
    seed,
    seconds: 2,
    classes: [soundClass],
  })

test('two folders are scored without any weights given, and the result says by what', async () => {
  await make('bells', 'church_bell', 1)
  await make('other-bells', 'church_bell', 2)
  await make('wind', 'wind', 3)
  const warnings: string[] = []
  const job = score({
    ...common,
    generated: at('bells', 'audio'),
    reference: at('other-bells', 'audio'),
    pairing: 'none',
  })
  for await (const event of job) if (event.type === 'warning') warnings.push(event.message)
  const { metrics, protocol } = await job
  expect(Object.keys(metrics)).toEqual(['fd', 'fad', 'is'])
  expect(protocol.backbones).toMatchObject({
    'cnn14-16k': { settings: { comparable: false } },
    vggish: { settings: { comparable: false } },
  })
  expect(warnings.filter((text) => text.includes('small classifier'))).toHaveLength(2)

  const statistics = at('wind.safetensors')
  await saveStatistics({ ...common, audio: at('wind', 'audio'), output: statistics })
  const far = await score({ ...common, generated: at('bells', 'audio'), reference: statistics })
  expect(far.metrics.fd).toBeGreaterThan(2 * (metrics.fd as number))
  expect(far.metrics.fad).toBeGreaterThan(2 * (metrics.fad as number))
}, 120_000)
