import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compileLibrary, runCli } from './run-cli.js'

let work: string
beforeAll(compileLibrary)
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-cli-'))
})
afterEach(() => {
  chmodSync(work, 0o700)
  rmSync(work, { recursive: true, force: true })
})

const out = () => join(work, 'out.wav')

describe('wrong usage', () => {
  test('no command: help on stderr, nothing on stdout, 2', async () => {
    const { code, stdout, stderr } = await runCli([])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: audioldm')
    expect(stderr).toContain('a command is missing')
  })

  test('a mistyped command or option gets a suggestion', async () => {
    const command = await runCli(['generat'])
    expect([command.code, command.stdout]).toEqual([2, ''])
    expect(command.stderr).toContain('Did you mean generate?')
    const option = await runCli(['generate', 'a dog', '--out', out(), '--stesp', '3', '--json'])
    expect(option.code).toBe(2)
    expect(JSON.parse(option.stdout)).toEqual({
      error: { code: 'USAGE', message: "unknown option '--stesp'", hint: 'Did you mean --steps?' },
    })
  })

  test('a missing --out, prompt or value', async () => {
    expect((await runCli(['generate', 'a dog'])).stderr).toContain('--out')
    const prompt = await runCli(['generate', '--out', out()])
    expect([prompt.code, prompt.stdout]).toEqual([2, ''])
    expect(prompt.stderr).toContain('prompt: is missing')
    expect((await runCli(['generate', 'a dog', '--out'])).code).toBe(2)
    expect((await runCli(['pull'])).code).toBe(2)
    expect((await runCli(['doctor', 'too', 'much'])).code).toBe(2)
  })

  test.each([
    ['--steps', '0', 'got 0'],
    ['--steps', '1001', 'got 1001'],
    ['--steps', '2.5', 'got 2.5'],
    ['--steps', 'many', "got 'many'"],
    ['--duration', '0', 'got 0'],
    ['--duration', '10000', 'got 10000'],
    ['--duration', 'NaN', "got 'NaN'"],
    ['--guidance', '-1', 'got -1'],
    ['--guidance', 'Infinity', "got 'Infinity'"],
    ['--guidance-interval', '0.5', 'two numbers'],
    ['--guidance-interval', '0.8,0.2', 'the first number is not below'],
    ['--guidance-interval', '0,x', 'got NaN'],
    ['--feature-cache', '11', 'got 11'],
    ['--eta', '2', 'got 2'],
    ['--eta', '0.5', 'applies to ddim only'],
    ['--scheduler', 'dimm', "got 'dimm'"],
    ['--seed', '-1', "got '-1'"],
    ['--seed', '18446744073709551616', '2^64'],
    ['--count', '0', 'got 0'],
    ['--device', 'gpu', "got 'gpu'"],
    ['--dtype', 'int8', "got 'int8'"],
    ['--threads', '0', 'got 0'],
    ['--prompts', '/no/such/file', 'there is no such file'],
  ])('%s %s is refused before any work', async (option, value, reason) => {
    const args = ['generate', 'a dog', '--out', out(), option, value, '--json']
    const { code, stdout, stderr } = await runCli(args)
    expect(code).toBe(2)
    const { error } = JSON.parse(stdout)
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toContain(option)
    expect(error.message).toContain(reason)
    expect(stderr).toContain(error.message)
    expect(stderr).not.toContain('loading')
    expect(readdirSync(work)).toEqual([])
  })

  test('the seed of the last clip must exist too', async () => {
    const seed = '18446744073709551615'
    const { code, stderr } = await runCli([
      'generate',
      'a dog',
      '--out',
      work,
      '--seed',
      seed,
      '--count',
      '2',
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('--seed')
  })
})

describe('help', () => {
  test.each([
    ['generate', ['0.01 to 300', 'default: 25', 'default: "dpmpp-2m"', '2^64 - 1', 'Examples']],
    ['pull', ['HF_TOKEN', 'HF_HUB_OFFLINE']],
    ['doctor', ['--json']],
    ['import', ['--tokenizer']],
    ['info', ['--json']],
  ])('%s', async (command, texts) => {
    const { code, stdout, stderr } = await runCli([command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    for (const text of texts) expect(stdout).toContain(text)
  })

  test('version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('what cannot work', () => {
  const failing = async (...args: string[]) => {
    const run = await runCli(['generate', 'a dog', '--json', ...args], {
      HF_HUB_CACHE: join(work, 'cache'),
    })
    return { ...run, error: JSON.parse(run.stdout).error }
  }

  test('a model that is not there', async () => {
    const folder = await failing('--out', out(), '--model', './no/such/model')
    expect([folder.code, folder.error.code]).toEqual([2, 'INVALID_MODEL'])
    const id = await failing('--out', out(), '--model', 'acme/dogs')
    expect([id.code, id.error.code]).toEqual([1, 'HUB_NOT_FOUND'])
    expect(id.error.hint).toBe('download it with: audioldm pull acme/dogs')
    expect(readdirSync(work)).toEqual([])
  })

  test('an output that cannot be written, before the model is looked at', async () => {
    writeFileSync(join(work, 'file'), '')
    const through = join(work, 'file', 'out.wav')
    const missing = await failing('--out', through, '--model', './no/such/model')
    expect([missing.code, missing.error.code]).toEqual([1, 'OUTPUT_FAILED'])
    expect(missing.error.message).toContain(through)
    const picture = await failing('--out', out(), '--spectrogram', join(work, 'file', 'p.png'))
    expect(picture.error.code).toBe('OUTPUT_FAILED')
    const file = await failing('--count', '2', '--out', join(work, 'file'))
    expect([file.code, file.error.code]).toEqual([2, 'INVALID_OPTION'])
    const below = await failing('--count', '2', '--out', join(work, 'file', 'folder'))
    expect(below.error.code).toBe('OUTPUT_FAILED')
    const format = await failing('--out', join(work, 'out.mp3'))
    expect(format.error.message).toContain('.mp3')
    expect(readdirSync(work)).toEqual(['file'])
  })

  test.skipIf(process.getuid?.() === 0)('a folder without permission', async () => {
    chmodSync(work, 0o500)
    for (const args of [
      ['--out', out()],
      ['--out', join(work, 'new'), '--count', '2'],
    ]) {
      const { code, error } = await failing(...args)
      expect([code, error.code]).toEqual([1, 'OUTPUT_FAILED'])
      expect(error.message).toContain('permission denied')
    }
  })
})
