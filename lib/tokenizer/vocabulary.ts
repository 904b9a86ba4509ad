import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidModelError } from '../errors.js'

export interface AddedToken {
  id: number
  content: string
  /** Whether it takes the white space before, or after, with it. */
  lstrip: boolean
  rstrip: boolean
}

/** What a tokenizer folder contributes; everything else of RoBERTa's definition is ours. */
export interface Vocabulary {
  ids: Map<string, number>
  /** In order of priority. */
  merges: [string, string][]
  addedTokens: AddedToken[]
  beginId: number
  endId: number
}

const MAX_BYTES = 64 << 20
const MAX_ADDED_TOKENS = 10_000
const HINT = "Use the tokenizer folder of the model, or roberta-base's files."

type Fields = { [key: string]: unknown }

/**
 * Reads tokenizer.json, or vocab.json and merges.txt. Every id is below `rows`, the rows of the
 * text encoder's embedding.
 */
export async function readVocabulary(dir: string, rows: number): Promise<Vocabulary> {
  const config = await readSpecialTokens(dir)
  const single = await readJson(join(dir, 'tokenizer.json'))
  const { file, ids, merges, added } = single
    ? fromTokenizerJson(join(dir, 'tokenizer.json'), single)
    : await fromVocabAndMerges(dir, config)
  checkIds(file, ids, added, rows)
  const id = (token: string) => {
    const found = added.find((entry) => entry.content === token)?.id ?? ids.get(token)
    if (found === undefined) refuse(file, `has no token ${show(token)}`)
    return found
  }
  return {
    ids,
    merges,
    addedTokens: added,
    beginId: id(config.get('cls_token')?.content ?? '<s>'),
    endId: id(config.get('sep_token')?.content ?? '</s>'),
  }
}

interface Parts {
  file: string
  ids: Map<string, number>
  merges: [string, string][]
  added: AddedToken[]
}

function fromTokenizerJson(file: string, json: Fields): Parts {
  const model = isObject(json.model) ? json.model : {}
  if (model.type !== undefined && model.type !== 'BPE') {
    refuse(file, `model.type is ${show(model.type)}; supported: "BPE"`)
  }
  if (isObject(json.pre_tokenizer) && json.pre_tokenizer.add_prefix_space === true) {
    refuse(file, 'pre_tokenizer.add_prefix_space is true; supported: false')
  }
  const ids = readIds(file, 'model.vocab', model.vocab)
  const pairs = readList(file, 'model.merges', model.merges)
  const merges = pairs.map((pair) => checkMerge(file, pair, ids))
  const added = readList(file, 'added_tokens', json.added_tokens ?? []).map((token) => {
    if (!isObject(token)) return refuse(file, `added_tokens has ${show(token)}`)
    return { ...readAddedToken(file, token), id: token.id as number }
  })
  return { file, ids, merges, added }
}

async function fromVocabAndMerges(
  dir: string,
  config: Map<string, Omit<AddedToken, 'id'>>,
): Promise<Parts> {
  const file = join(dir, 'vocab.json')
  const vocab = await readJson(file)
  const lines = (await readText(join(dir, 'merges.txt')))?.split(/\r?\n/)
  if (!vocab || !lines) {
    const missing = vocab ? 'merges.txt' : 'vocab.json'
    const message = `${dir}: has neither tokenizer.json nor ${missing}`
    throw new InvalidModelError(message, HINT)
  }
  const ids = readIds(file, 'the vocabulary', vocab)
  const merges = lines
    .filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')))
    .map((line) => checkMerge(join(dir, 'merges.txt'), line, ids))
  const added: AddedToken[] = []
  for (const token of config.values()) {
    const id = ids.get(token.content)
    if (id !== undefined && added.every((other) => other.id !== id)) added.push({ ...token, id })
  }
  return { file, ids, merges, added }
}

const specialTokens = [
  ['bos_token', '<s>'],
  ['eos_token', '</s>'],
  ['unk_token', '<unk>'],
  ['sep_token', '</s>'],
  ['pad_token', '<pad>'],
  ['cls_token', '<s>'],
  ['mask_token', '<mask>'],
]

/** Special tokens by role, from tokenizer_config.json, special_tokens_map.json or RoBERTa's own. */
async function readSpecialTokens(dir: string): Promise<Map<string, Omit<AddedToken, 'id'>>> {
  const tokens = new Map<string, Omit<AddedToken, 'id'>>()
  const files = ['special_tokens_map.json', 'tokenizer_config.json'].map((name) => join(dir, name))
  for (const [role, content] of specialTokens) {
    tokens.set(role, { content, lstrip: false, rstrip: false })
  }
  for (const file of files) {
    const json = (await readJson(file)) ?? {}
    for (const [role] of specialTokens) {
      const value = json[role]
      if (typeof value === 'string') tokens.set(role, readAddedToken(file, { content: value }))
      else if (isObject(value)) tokens.set(role, readAddedToken(file, value))
    }
  }
  return tokens
}

function readAddedToken(file: string, token: Fields): Omit<AddedToken, 'id'> {
  const { content, lstrip = false, rstrip = false, single_word = false } = token
  if (typeof content !== 'string' || content === '') {
    return refuse(file, `a token's content is ${show(content)}; expected a text`)
  }
  if (typeof lstrip !== 'boolean' || typeof rstrip !== 'boolean') {
    return refuse(file, `lstrip or rstrip of ${show(content)} is neither true nor false`)
  }
  if (single_word !== false) {
    refuse(file, `single_word of ${show(content)} is ${show(single_word)}; supported: false`)
  }
  return { content, lstrip, rstrip }
}

function readIds(file: string, what: string, vocab: unknown): Map<string, number> {
  if (!isObject(vocab)) return refuse(file, `${what} is ${show(vocab)}; expected names and ids`)
  return new Map(Object.entries(vocab) as [string, number][])
}

function checkIds(file: string, ids: Map<string, number>, added: AddedToken[], rows: number): void {
  if (ids.size === 0) refuse(file, 'the vocabulary is empty')
  if (added.length > MAX_ADDED_TOKENS) refuse(file, `more than ${MAX_ADDED_TOKENS} added tokens`)
  for (const [token, id] of [...ids, ...added.map(({ content, id }) => [content, id] as const)]) {
    if (!Number.isInteger(id) || id < 0 || id >= rows) {
      const expected = `expected 0 to ${rows - 1}, the rows of the text encoder's embedding`
      refuse(file, `the id of token ${show(token)} is ${show(id)}; ${expected}`)
    }
  }
}

/** 'a b' or ['a', 'b'], both and what they make in the vocabulary. */
function checkMerge(file: string, merge: unknown, ids: Map<string, number>): [string, string] {
  const pair = typeof merge === 'string' ? merge.split(' ') : merge
  const [left, right] = Array.isArray(pair) && pair.length === 2 ? (pair as unknown[]) : []
  if (typeof left !== 'string' || typeof right !== 'string') {
    return refuse(file, `the merge ${show(merge)} is not a pair of tokens`)
  }
  for (const token of [left, right, left + right]) {
    if (!ids.has(token)) refuse(file, `the merge ${show(merge)} needs the token ${show(token)}`)
  }
  return [left, right]
}

function readList(file: string, what: string, value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse(file, `${what} is ${show(value)}; expected a list`)
}

/** A JSON object, or undefined where there is no such file. Duplicate keys: the last one counts. */
async function readJson(file: string): Promise<Fields | undefined> {
  const text = await readText(file)
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    refuse(file, `not valid JSON: ${(error as Error).message}`)
  }
  return isObject(value) ? value : refuse(file, 'is not a JSON object')
}

async function readText(file: string): Promise<string | undefined> {
  const info = await stat(file).catch(() => undefined)
  if (!info) return undefined
  if (!info.isFile()) refuse(file, 'is not a regular file')
  if (info.size > MAX_BYTES) refuse(file, `has ${info.size} bytes; at most ${MAX_BYTES} are read`)
  return readFile(file, 'utf8')
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function show(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function refuse(file: string, problem: string): never {
  throw new InvalidModelError(`${file}: ${problem}`, HINT)
}
