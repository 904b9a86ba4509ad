import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { InvalidModelError } from '../../lib/errors.js'
import { loadTokenizer } from '../../lib/tokenizer/tokenizer.js'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'audioldm-tokenizer-'))
})

afterEach(() => rmSync(dir, { recursive: true }))

const limits = { vocabSize: 10, maxTokens: 16 }

const vocab = { '<s>': 0, '<pad>': 1, '</s>': 2, a: 3, b: 4, ab: 5 }

function tokenizerJson(changes: object = {}, model: object = {}): string {
  return JSON.stringify({
    added_tokens: [{ id: 0, content: '<s>', special: true }],
    model: { type: 'BPE', vocab, merges: ['a b'], ...model },
    ...changes,
  })
}

async function refusal(): Promise<string> {
  const error = await loadTokenizer(dir, limits).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidModelError)
  return (error as Error).message
}

it('takes vocabulary and merges from a file and nothing else', async () => {
  const hostile = {
    normalizer: { type: 'Replace', pattern: { String: '' }, content: 'aaaaaaaaaa' },
    pre_tokenizer: { type: 'Split', pattern: { Regex: '^(a+)+$' }, behavior: 'Isolated' },
    post_processor: { type: 'Unheard of' },
    decoder: 3,
    truncation: { max_length: 1 },
    padding: { strategy: { Fixed: 1e9 } },
  }
  writeFileSync(join(dir, 'tokenizer.json'), tokenizerJson(hostile, { dropout: 0.9 }))
  const tokenizer = await loadTokenizer(dir, limits)
  const { ids } = tokenizer.encode(`${'a'.repeat(5)}b!`)
  expect([...ids]).toEqual([0, 3, 3, 3, 3, 5, 2])
})

it('does not confuse tokens with properties of objects', async () => {
  const ids = '{"<s>": 0, "</s>": 2, "_": 6, "__": 7, "__proto__": 8, "constructor": 9}'
  const text = `{"model": {"vocab": ${ids}, "merges": ["_ _"]}}`
  writeFileSync(join(dir, 'tokenizer.json'), text)
  const tokenizer = await loadTokenizer(dir, limits)
  expect([...tokenizer.encode('__ constructor').ids]).toEqual([0, 7, 2])
})

it.each<[string, string, RegExp]>([
  [
    'an id past the embedding',
    tokenizerJson({}, { vocab: { ...vocab, z: 10 } }),
    /"z" is 10; expe/,
  ],
  ['a negative id', tokenizerJson({}, { vocab: { ...vocab, z: -1 } }), /"z" is -1/],
  ['an id that is no integer', tokenizerJson({}, { vocab: { ...vocab, z: 1.5 } }), /"z" is 1.5/],
  ['an id that is text', tokenizerJson({}, { vocab: { ...vocab, z: '1' } }), /"z" is "1"/],
  [
    'an added id past the embedding',
    tokenizerJson({ added_tokens: [{ id: 1e9, content: 'x' }] }),
    /1000000000/,
  ],
  ['an added token without id', tokenizerJson({ added_tokens: [{ content: 'x' }] }), /missing/],
  [
    'an empty added token',
    tokenizerJson({ added_tokens: [{ id: 1, content: '' }] }),
    /content is ""/,
  ],
  [
    'single words',
    tokenizerJson({ added_tokens: [{ id: 1, content: 'x', single_word: true }] }),
    /single_word/,
  ],
  ['added tokens that are no list', tokenizerJson({ added_tokens: 3 }), /added_tokens is 3/],
  [
    'a merge of unknown tokens',
    tokenizerJson({}, { merges: ['b a'] }),
    /"b a" needs the token "ba"/,
  ],
  ['a merge of three', tokenizerJson({}, { merges: ['a b a'] }), /not a pair/],
  ['a merge of numbers', tokenizerJson({}, { merges: [[1, 2]] }), /not a pair/],
  ['no merges', tokenizerJson({}, { merges: undefined }), /model.merges is missing/],
  ['another model', tokenizerJson({}, { type: 'Unigram' }), /model.type is "Unigram"; supp/],
  [
    'a prefix space',
    tokenizerJson({ pre_tokenizer: { add_prefix_space: true } }),
    /add_prefix_space/,
  ],
  ['a vocabulary that is a list', tokenizerJson({}, { vocab: [['a', 1]] }), /model.vocab is/],
  [
    'no end token',
    tokenizerJson({}, { vocab: { '<s>': 0, a: 3, b: 4, ab: 5 } }),
    /no token "<\/s>"/,
  ],
  ['a list', '[]', /not a JSON object/],
  ['broken JSON', '{"model": ', /not valid JSON/],
  ['deep nesting', `{"model": ${'['.repeat(200_000)}`, /not valid JSON/],
])('refuses %s', async (_, text, says) => {
  writeFileSync(join(dir, 'tokenizer.json'), text)
  const message = await refusal()
  expect(message).toContain('tokenizer.json: ')
  expect(message).toMatch(says)
})

it('refuses a folder without a tokenizer, and a folder in place of a file', async () => {
  expect(await refusal()).toMatch(/has neither tokenizer.json nor vocab.json/)
  writeFileSync(join(dir, 'vocab.json'), JSON.stringify(vocab))
  expect(await refusal()).toMatch(/nor merges.txt/)
  mkdirSync(join(dir, 'tokenizer.json'))
  expect(await refusal()).toMatch(/not a regular file/)
})
