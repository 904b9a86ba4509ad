/** A part made from the graph of its structure is what its archive makes, to the last bit. */
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { archivesDir } from '../../lib/files/paths.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { toNativeSpec } from '../../lib/hub/folder-spec.js'
import type { ModelFolder } from '../../lib/hub/model-folder.js'
import type { NativeTensor } from '../../lib/native/binding.js'
import { loadNative } from '../../lib/native/load.js'
import { Network } from '../../lib/native/network.js'
import { tinyModel } from '../models'

const native = loadNative({ cuda: false })
const work = mkdtempSync(join(tmpdir(), 'audioldm-graphs-'))
let folder: ModelFolder

beforeAll(async () => {
  folder = await readModelFolder(tinyModel)
  cpSync(archivesDir(), work, { recursive: true })
  for (const name of readdirSync(work)) if (name.endsWith('.graph')) rmSync(join(work, name))
})
afterAll(() => rmSync(work, { recursive: true }))

const parts = ['unet', 'vae_encoder', 'vae_decoder', 'vocoder', 'text_encoder'] as const
type Part = (typeof parts)[number]

const spec = (dir: string) =>
  toNativeSpec(folder, { device: 'cpu', dtype: 'float32', threads: 1, archivesDir: dir })

async function run(part: Part, dir: string): Promise<number[][]> {
  const { parts, files } = spec(dir)
  const network = await Network.load(native, {
    ...{ device: 'cpu', threads: 1, files },
    network: parts[part],
  })
  const inputs = inputsOf(part)
  try {
    const outputs = await network.forward(inputs)
    return outputs.map((tensor) => Array.from(tensor.data(), Number))
  } finally {
    for (const input of inputs) input.dispose()
    await network.dispose()
  }
}

function inputsOf(part: Part): NativeTensor[] {
  const noise = (...shape: number[]) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const values = Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) * 1.5)
    return native.core.NativeTensor.from(values, shape)
  }
  const ids = () => native.core.NativeTensor.from(Float32Array.of(0, 9, 41, 2), [1, 4])
  switch (part) {
    case 'unet':
      return [
        noise(2, 8, 20, 16),
        native.core.NativeTensor.from(Float32Array.of(500, 9), [2]),
        noise(2, 512),
      ]
    case 'vae_encoder':
      return [noise(1, 1, 80, 64)]
    case 'vae_decoder':
      return [noise(1, 8, 20, 16)]
    case 'vocoder':
      return [noise(1, 40, 64)]
    case 'text_encoder':
      return [ids(), native.core.NativeTensor.from(Float32Array.of(1, 1, 1, 1), [1, 4])]
  }
}

describe.each(parts)('%s', (part) => {
  test('has a graph for the model of the package', () => {
    expect(basename(spec(archivesDir()).parts[part].archive)).toMatch(/^\w+-[0-9a-f]{16}\.graph$/)
    expect(basename(spec(work).parts[part].archive)).toBe(`${part}.pt`)
  })

  test('computes the same', async () => {
    const [output] = await run(part, archivesDir())
    expect(output.every(Number.isFinite)).toBe(true)
    const [expected] = await run(part, work)
    expect(Buffer.from(Float64Array.from(output).buffer)).toEqual(
      Buffer.from(Float64Array.from(expected).buffer),
    )
  })
})

test.each([
  ['is empty', '', /cannot be read/],
  ['is no graph', 'hash\ngraph(%x : Tensor):\n  nonsense\n', /reading the graph/],
  [
    'wants another weight',
    'hash\nother.weight\ngraph(%x : Tensor, %w : Tensor):\n  return (%x)\n',
    /wants a weight 'other\.weight'/,
  ],
])('a graph that %s is an engine error', async (_, content, message) => {
  const archive = join(work, 'broken.graph')
  writeFileSync(archive, content)
  const { parts, files } = spec(work)
  const loading = Network.load(native, {
    ...{ device: 'cpu', threads: 1, files },
    network: { ...parts.vocoder, archive },
  })
  await expect(loading).rejects.toThrow(message)
})
