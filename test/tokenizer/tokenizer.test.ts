import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type ClapTokenizer, loadTokenizer } from '../../lib/tokenizer/tokenizer.js'
import { askPython } from '../python/run.js'

const corpus = [
  'A dog barking in the rain while a car engine is starting, and 3 birds sing far away.',
  "It's raining; they've closed the door and I'm listening to the sound of a sound of a bell.",
  'Footsteps on gravel, a train passing by, children laughing, 12 o’clock church bells ringing.',
  'a   spaced    out sentence\n\nwith    new lines\tand tabs',
  'Ein Hund bellt im Regen. Une pluie fine. 日本語のテキスト 日本語 дождь идёт',
]

const written = [
  '',
  ' ',
  'a dog barking in the rain',
  'A Dog, barking!! (loudly)',
  "it's they're we've I'm you'll he'd rock'n'roll 'S",
  '  leading and trailing  ',
  'line one\nline two\r\n\r\n  indented\t\ttabs',
  'ünïcödé Ｆｕｌｌ ﬁ e\u0301 日本語 한국어 العربية हिन्दी',
  '😀👩‍👩‍👧🏻 🐕woofwoof',
  'x<mask> y  <mask>  z <s></s><pad><unk>',
  '\u0000\u0007\u007f\u00ad\u200b\ufeff',
  '\ufeff\ufeff x\u0085\u0085 y\u00a0\u00a0z\u2028\u3000w',
  '½²Ⅷ٣12 3.14 1,000',
  'word '.repeat(400),
  'a'.repeat(3000),
]

/** Strings of characters that tell apart the definitions of space, letter and digit. */
function fuzz(count: number): string[] {
  const pool = [
    ...' \t\n\r\v\f\u0085\u00a0\u1680\u2000\u200b\u2028\u202f\u3000\ufeff\u180e\u001c',
    ..."abcdBARKzé9٣²½Ⅷ''\"!?.,-=_#日한😀\u0301\u200d\ue000🏻𠀀𝟘\u0000\u00ad",
    ...["'s", "'re", "'LL", '<mask>', '<s>', ' the', ' sound', '\n    ', "don't", '<m', '</s'],
  ]
  let state = 12345
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 8) % below
  }
  return Array.from({ length: count }, () =>
    Array.from({ length: random(20) }, () => pool[random(pool.length)]).join(''),
  )
}

const maxTokens = 64
const limits = { vocabSize: 1502, maxTokens }

describe('ClapTokenizer', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'audioldm-tokenizer-'))
  afterAll(() => rmSync(dir, { recursive: true }))
  const texts = [...written, ...fuzz(1500)]
  const expected = askPython<Record<string, number[][]>>(
    'tokenizer/python/tokenizers_reference.py',
    { dir, corpus, texts, max_tokens: maxTokens },
  )
  const load = (form: string): Promise<ClapTokenizer> => loadTokenizer(join(dir, form), limits)

  it.each(
    Object.keys(expected),
  )('gives the ids of transformers from the form "%s"', async (form) => {
    const tokenizer = await load(form)
    const wrong = texts
      .map((text, i) => ({
        text,
        ids: [...tokenizer.encode(text).ids],
        expected: expected[form][i],
      }))
      // Which of these two counts as space beside a token that swallows space is left open.
      .filter((row) => form !== 'files' || !/[\ufeff\u0085]\s*<mask>/.test(row.text))
      .filter((row) => row.ids.join() !== row.expected.join())
    expect(wrong).toEqual([])
  })

  it('covers the forms a folder has', () => {
    expect(Object.keys(expected)).toEqual(['files', 'plain', 'used', 'without_all_bytes'])
  })

  it('says when text was cut off, and how long it was', async () => {
    const tokenizer = await load('plain')
    expect(tokenizer.encode('')).toEqual({ ids: Int32Array.of(0, 2), truncated: false, tokens: 2 })
    const long = tokenizer.encode(' the'.repeat(maxTokens - 1))
    expect(long).toMatchObject({ truncated: true, tokens: maxTokens + 1 })
    expect(long.ids).toHaveLength(maxTokens)
    expect(long.ids.at(-1)).toBe(2)
    const exact = tokenizer.encode(' the'.repeat(maxTokens - 2))
    expect(exact).toMatchObject({ truncated: false, tokens: maxTokens })
  })

  it('reads unpaired surrogates as U+FFFD', async () => {
    const tokenizer = await load('plain')
    for (const text of ['\ud800', 'a\udc00b', '\ud83d \ude00', 'end \ud83d']) {
      const replaced = text.replace(/\p{Cs}/gu, '\ufffd')
      expect(tokenizer.encode(text)).toEqual(tokenizer.encode(replaced))
    }
  })

  it.each([
    ['a'],
    ['ab'],
    [' '],
    ['é'],
    ['='],
    ['0'],
    [' \n'],
    ["'"],
    ['<'],
    ['\ud800'],
  ])('takes less than a second for 10,000 characters of %j', async (piece) => {
    const tokenizer = await load('plain')
    const start = performance.now()
    tokenizer.encode(piece.repeat(10_000 / piece.length))
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
