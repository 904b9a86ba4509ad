import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clipNames } from '../../lib/cli/names.js'
import { readPrompts } from '../../lib/cli/prompts.js'
import { InvalidOptionError } from '../../lib/errors.js'
import { checkCombination } from '../../lib/generate/plan.js'

let work: string
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'audioldm-prompts-'))
})
afterEach(() => rmSync(work, { recursive: true, force: true }))

function file(name: string, text: string | Uint8Array): string {
  const path = join(work, name)
  writeFileSync(path, text)
  return path
}

async function refusal(path: string): Promise<InvalidOptionError> {
  const error = await readPrompts(path).catch((reason) => reason)
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect(error.option).toBe('--prompts')
  return error
}

describe('a file of prompts', () => {
  test('text: a prompt a line, blank lines and line ends of every kind', async () => {
    const path = file('p.txt', '\ufeffa dog\r\n\r\n  rain on a roof \n{"prompt": 1}\n')
    expect(await readPrompts(path)).toEqual([
      { clip: { prompt: 'a dog' } },
      { clip: { prompt: 'rain on a roof' } },
      { clip: { prompt: '{"prompt": 1}' } },
    ])
  })

  test('JSON Lines: options of each clip and a name', async () => {
    const path = file(
      'p.jsonl',
      '{"prompt":"a dog","steps":3,"seed":5,"scheduler":"ddim","eta":0.5,"name":"dog"}\n"rain"\n',
    )
    expect(await readPrompts(path)).toEqual([
      { clip: { prompt: 'a dog', steps: 3, seed: 5, scheduler: 'ddim', eta: 0.5 }, name: 'dog' },
      { clip: { prompt: 'rain' } },
    ])
  })

  test.each([
    ['{"prompt": "a"', 'is not JSON'],
    ['{"steps": 3}', 'prompt: expected a text'],
    ['{"prompt": "a", "steps": 0}', 'steps: expected a'],
    ['{"prompt": "a", "stpes": 3}', 'stpes: there is no such option'],
    ['{"prompt": "a", "durationSeconds": -1}', 'durationSeconds'],
    ['{"prompt": "a", "seed": -1}', 'seed'],
    ['{"prompt": "a", "name": ""}', 'name: is empty'],
    ['{"prompt": "a", "scheduler": "euler", "eta": 1}', 'eta: applies to ddim only'],
    ['[1]', 'expected'],
    ['null', 'expected'],
  ])('refuses the line %s and names it', async (line, reason) => {
    const error = await refusal(file('p.jsonl', `{"prompt": "first"}\n\n${line}\n`))
    expect(error.message).toContain('p.jsonl line 3')
    expect(error.message).toContain(reason)
  })

  test('refuses what is not there, is empty, is a folder or is no text', async () => {
    expect((await refusal(join(work, 'absent.txt'))).message).toContain('there is no such file')
    expect((await refusal(file('e.txt', '\n \n'))).message).toContain('has no prompts')
    expect((await refusal(work)).message).toContain('it is a folder')
    expect((await refusal(file('b.txt', Uint8Array.of(0xff, 0xfe, 0)))).message).toContain('UTF-8')
  })
})

test('options that exclude each other', () => {
  expect(() => checkCombination({ scheduler: 'euler', eta: 0.5 }, '--')).toThrow(
    '--eta: applies to ddim',
  )
  expect(() => checkCombination({ scheduler: 'ddim', karras: true }, '--')).toThrow('--karras')
  checkCombination({ scheduler: 'ddim', eta: 1 }, '--')
  checkCombination({ scheduler: 'dpmpp-2m', karras: true, eta: 0 }, '--')
})

describe('file names', () => {
  test('sort in clip order', () => {
    const clips = Array.from({ length: 1200 }, (_, i) => ({ prompt: `sound ${1200 - i}` }))
    const names = clipNames(clips)
    expect([...names].sort()).toEqual(names)
    expect(new Set(names).size).toBe(1200)
    expect(names[0]).toBe('0001-sound-1200')
  })

  test('hold the words of the prompt, in any script, and not too many', () => {
    const names = clipNames([
      { prompt: 'A dog, barking; in the RAIN!' },
      { prompt: 'Гром и дождь' },
      { prompt: '../../etc/passwd' },
      { prompt: '???' },
      { prompt: 'x'.repeat(1000) },
      { prompt: '雨'.repeat(300) },
    ])
    expect(names.slice(0, 4)).toEqual([
      '001-a-dog-barking-in-the-rain',
      '002-гром-и-дождь',
      '003-etc-passwd',
      '004',
    ])
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThan(220)
  })

  test('a wanted name is kept as far as it is safe', () => {
    const name = (wanted: string) => clipNames([{ prompt: 'p', name: wanted }])[0]
    expect(name('1-100032-A-0.wav')).toBe('1-100032-A-0')
    expect(name('Dog in Rain')).toBe('Dog in Rain')
    for (const hostile of [
      '../../evil',
      '/etc/passwd',
      '..',
      '.',
      '.hidden',
      'a/../b',
      'a\\b',
      'nul\0',
      'line\nbreak',
      'C:evil',
      '   ',
      '\u202etxt',
    ]) {
      expect(name(hostile)).toMatch(/^[^./\\:\p{C}][^/\\:\p{C}]*$/u)
    }
  })

  test('equal names are told apart in clip order, without regard to case', () => {
    const clips = ['dog', 'Dog', 'dog-2', 'dog'].map((name) => ({ prompt: 'p', name }))
    expect(clipNames(clips)).toEqual(['dog', 'Dog-2', 'dog-2-2', 'dog-3'])
    expect(clipNames(clips)).toEqual(clipNames(clips))
  })
})
