import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { compileLibrary, runCli } from '../cli/run-cli.js'
import { op, torchZip } from '../weights/craft.js'
import { copyModel, type ModelCopy, scratchFolder, unetWeights } from './model-copy.js'

const scratch = scratchFolder()
const empty = join(scratch, 'empty.txt')
beforeAll(() => {
  compileLibrary()
  writeFileSync(empty, '\n \n')
})

const model = (edit: (copy: ModelCopy) => void) => ['--model', copyModel(scratch, edit)]
const marker = join(scratch, 'executed')
const attack = torchZip(
  Buffer.concat([
    op.start,
    op.global('os', 'system'),
    op.mark,
    op.text(`touch ${marker}`),
    op.tuple,
    op.reduce,
    op.stop,
  ]),
)

test.each<[what: string, args: () => string[], exit: number, code: string, name: string]>([
  ['a missing part', () => model((m) => m.remove('vae')), 2, 'INVALID_MODEL', 'part vae'],
  [
    'another pipeline',
    () => model((m) => m.configure('model_index.json', { _class_name: 'MusicLDMPipeline' })),
    2,
    'INVALID_MODEL',
    'MusicLDMPipeline',
  ],
  [
    'an unknown block',
    () => model((m) => m.configure('unet/config.json', { mid_block_type: 'UNetMidBlock3D' })),
    2,
    'INVALID_MODEL',
    'mid_block_type',
  ],
  [
    'truncated weights',
    () => model((m) => m.truncate(unetWeights, 1_000_000)),
    2,
    'INVALID_WEIGHTS',
    unetWeights,
  ],
  [
    'a pickle that attacks',
    () => model((m) => m.pickleUnet(attack)),
    2,
    'INVALID_WEIGHTS',
    'os.system',
  ],
  ['no prompt in the file', () => ['--prompts', empty], 2, 'INVALID_OPTION', empty],
  ['steps', () => ['--steps', '1001'], 2, 'INVALID_OPTION', '--steps'],
  ['a duration', () => ['--duration', '10000'], 2, 'INVALID_OPTION', '--duration'],
  ['no such device', () => ['--device', 'cuda:99'], 1, 'DEVICE_UNAVAILABLE', 'cuda:99'],
])('generate --json with %s: one document, nothing written', async (what, args, exit, code, name) => {
  const work = join(scratch, what.replaceAll(' ', '-'))
  mkdirSync(work)
  const prompt = what === 'no prompt in the file' ? [] : ['a dog']
  const where = ['--out', join(work, 'out.wav'), '--spectrogram', join(work, 'out.png')]
  const run = await runCli(['generate', ...prompt, ...where, ...args(), '--json'])
  expect(run.code).toBe(exit)
  const { error, ...rest } = JSON.parse(run.stdout)
  expect(rest).toEqual({})
  expect(error.code).toBe(code)
  expect(error.message).toContain(name)
  expect(run.stderr).toContain(error.message)
  expect(readdirSync(work)).toEqual([])
  expect(readdirSync(scratch)).not.toContain('executed')
})
