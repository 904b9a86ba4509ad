import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AudioLDMError, InvalidWeightsError } from '../../lib/errors.js'
import { loadModel } from '../../lib/model/model.js'
import { legacy, op, torchZip, zip } from '../weights/craft.js'
import { copyModel, type ModelCopy, scratchFolder, unetWeights } from './model-copy.js'

const scratch = scratchFolder()

async function refusal(dir: string): Promise<AudioLDMError> {
  const before = readdirSync(dir, { recursive: true })
  const loaded = loadModel(dir, { device: 'cpu', dtype: 'float32', threads: 1 })
  const error = await loaded.then(
    (model) => model.dispose().then(() => new Error('it was loaded')),
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(AudioLDMError)
  expect(readdirSync(dir, { recursive: true })).toEqual(before)
  // Where it is wrong, and what to do about it.
  expect(error.message).toContain(dir)
  expect(error.hint).toMatch(/\w/)
  return error
}

type Row = [what: string, edit: (model: ModelCopy) => void, code: string, names: string[]]

const rows: Row[] = [
  // A missing part.
  ['no index', (m) => m.remove('model_index.json'), 'INVALID_MODEL', ['model_index.json']],
  ['no unet', (m) => m.remove('unet'), 'INVALID_MODEL', ['part unet is missing']],
  ['no vae', (m) => m.remove('vae'), 'INVALID_MODEL', ['part vae is missing']],
  ['no vocoder', (m) => m.remove('vocoder'), 'INVALID_MODEL', ['part vocoder is missing']],
  ['no text encoder', (m) => m.remove('text_encoder'), 'INVALID_MODEL', ['text_encoder is']],
  ['no tokenizer', (m) => m.remove('tokenizer'), 'INVALID_MODEL', ['part tokenizer is missing']],
  ['no scheduler', (m) => m.remove('scheduler'), 'INVALID_MODEL', ['part scheduler is missing']],
  [
    'no configuration of a part',
    (m) => m.remove('vocoder/config.json'),
    'INVALID_MODEL',
    ['vocoder', 'config.json'],
  ],
  ['no weights of a part', (m) => m.remove(unetWeights), 'INVALID_MODEL', ['unet', 'no weights']],
  [
    'no vocabulary',
    (m) => {
      m.remove('tokenizer/tokenizer.json')
      m.remove('tokenizer/vocab.json')
    },
    'INVALID_MODEL',
    ['tokenizer', 'vocab.json'],
  ],
  [
    'a part that the index does not name',
    (m) => m.configure('model_index.json', { vocoder: undefined }),
    'INVALID_MODEL',
    ['vocoder', 'does not name it'],
  ],
  // Safetensors.
  ['truncated data', (m) => m.truncate(unetWeights, 4_000_000), 'INVALID_WEIGHTS', ['truncated']],
  ['a truncated header', (m) => m.truncate(unetWeights, 5000), 'INVALID_WEIGHTS', ['truncated']],
  ['an empty file', (m) => m.truncate(unetWeights, 0), 'INVALID_WEIGHTS', [unetWeights]],
  [
    'overlapping tensors',
    (m) =>
      m.editHeader(unetWeights, (header) => {
        const [first, second] = Object.values(header).filter((entry) => entry.shape?.length === 1)
        second.data_offsets = first.data_offsets
        second.shape = first.shape
      }),
    'INVALID_WEIGHTS',
    [unetWeights, 'overlap'],
  ],
  // Configurations.
  [
    'another pipeline',
    (m) => m.configure('model_index.json', { _class_name: 'StableDiffusionPipeline' }),
    'INVALID_MODEL',
    ['model_index.json', '"StableDiffusionPipeline"', '"AudioLDMPipeline"'],
  ],
  [
    'another class of a part',
    (m) => m.configure('model_index.json', { vae: ['diffusers', 'VQModel'] }),
    'INVALID_MODEL',
    ['model_index.json', 'vae', 'VQModel', 'AutoencoderKL'],
  ],
  [
    'unknown block types of the UNet',
    (m) =>
      m.configure('unet/config.json', {
        down_block_types: Array(4).fill('AttnDownBlock2D'),
      }),
    'INVALID_MODEL',
    ['unet/config.json', 'down_block_types', 'AttnDownBlock2D', 'CrossAttnDownBlock2D'],
  ],
  [
    'unknown block types of the VAE',
    (m) =>
      m.configure('vae/config.json', { up_block_types: Array(3).fill('AttnUpDecoderBlock2D') }),
    'INVALID_MODEL',
    ['vae/config.json', 'up_block_types', 'AttnUpDecoderBlock2D', 'UpDecoderBlock2D'],
  ],
  [
    'a billion layers',
    (m) => m.configure('text_encoder/config.json', { num_hidden_layers: 1e9 }),
    'INVALID_MODEL',
    ['text_encoder/config.json', 'num_hidden_layers', '1000000000', '24'],
  ],
  [
    'parts of different models',
    (m) => m.configure('unet/config.json', { in_channels: 4, out_channels: 4 }),
    'INVALID_MODEL',
    ['do not fit together', 'in_channels is 4', 'latent_channels is 8'],
  ],
  [
    'a configuration that is no JSON',
    (m) => m.write('unet/config.json', '{"a":'),
    'INVALID_MODEL',
    ['unet/config.json', 'not valid JSON'],
  ],
  // Weights of other kinds.
  [
    'a zip bomb',
    (m) =>
      m.pickleUnet(
        zip([{ name: 'archive/data.pkl', data: Buffer.alloc(300 << 20), deflate: true }]),
      ),
    'INVALID_WEIGHTS',
    ['diffusion_pytorch_model.bin', 'data.pkl', 'bytes'],
  ],
  [
    'a zip that says less than it holds',
    (m) =>
      m.pickleUnet(
        zip([
          {
            name: 'archive/data.pkl',
            data: Buffer.alloc(100 << 20),
            deflate: true,
            claims: { size: 100 },
            local: { size: 100 },
          },
        ]),
      ),
    'INVALID_WEIGHTS',
    ['diffusion_pytorch_model.bin', 'data.pkl'],
  ],
  [
    'a web page in place of the weights',
    (m) => m.write(unetWeights, '<!DOCTYPE html><html>not found</html>'),
    'INVALID_WEIGHTS',
    [unetWeights],
  ],
]

test.each(rows)('%s', async (_, edit, code, names) => {
  const error = await refusal(copyModel(scratch, edit))
  expect(error.code).toBe(code)
  for (const name of names) expect(error.message).toContain(name)
})

test('wrong shapes, missing and extra tensors: all of them are listed', async () => {
  const dir = copyModel(scratch, (model) => {
    model.editHeader(unetWeights, (header) => {
      header['class_embedding.weight'].shape = [128, 256]
      header['conv_in.weight'].shape = [8, 16, 3, 3]
      header['surprise.weight'] = header['conv_out.weight']
      delete header['conv_out.weight']
      header['surprise.bias'] = header['conv_out.bias']
      delete header['conv_out.bias']
    })
  })
  const error = await refusal(dir)
  expect(error).toBeInstanceOf(InvalidWeightsError)
  expect((error as InvalidWeightsError).problems.sort()).toEqual([
    'missing: conv_out.bias [8]',
    'missing: conv_out.weight [8, 16, 3, 3]',
    'unexpected: surprise.bias',
    'unexpected: surprise.weight',
    'wrong shape: class_embedding.weight is [128, 256], expected [64, 512]',
    'wrong shape: conv_in.weight is [8, 16, 3, 3], expected [16, 8, 3, 3]',
  ])
  for (const problem of (error as InvalidWeightsError).problems) {
    expect(error.message).toContain(problem)
  }
  expect(error.message).toContain('6 problems')
})

describe('a pickle that calls os.system', () => {
  const attack = (marker: string) =>
    Buffer.concat([
      op.start,
      op.global('os', 'system'),
      op.mark,
      op.text(`touch ${marker}`),
      op.tuple,
      op.reduce,
      op.stop,
    ])

  test('runs in Python: the attack is real', () => {
    const marker = join(scratch, 'executed-by-python')
    const code = 'import pickle, sys; pickle.loads(sys.stdin.buffer.read())'
    spawnSync('python3', ['-c', code], { input: attack(marker) })
    expect(existsSync(marker)).toBe(true)
  })

  test.each([
    ['a zip', (bytes: Buffer) => torchZip(bytes)],
    ['a legacy', (bytes: Buffer) => legacy(bytes)],
    ['a plain', (bytes: Buffer) => bytes],
  ])('does not run from %s file, which is refused', async (_, wrap) => {
    const marker = join(scratch, 'executed')
    const error = await refusal(
      copyModel(scratch, (model) => model.pickleUnet(wrap(attack(marker)))),
    )
    expect(error.code).toBe('INVALID_WEIGHTS')
    expect(error.message).toContain('unet/diffusion_pytorch_model.bin')
    expect(error.message).toContain('"os.system"')
    expect(existsSync(marker)).toBe(false)
  })
})
