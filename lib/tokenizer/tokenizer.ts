import { readVocabulary, type Vocabulary } from './vocabulary.js'

export interface TokenizerLimits {
  /** Rows of the text encoder's embedding: every id is below. */
  vocabSize: number
  /** Longest prompt in tokens, begin and end included. */
  maxTokens: number
}

export interface EncodedText {
  /** Begin, text, end; without padding. */
  ids: Int32Array
  /** Whether the text was longer than the text encoder takes. */
  truncated: boolean
  /** Tokens of the whole text, begin and end included, before truncation. */
  tokens: number
}

type Encode = (text: string) => number[]

/** RoBERTa's byte-level BPE, as the CLAP text encoder of AudioLDM was trained with. */
export class ClapTokenizer {
  /** @internal */
  constructor(
    private readonly encodeText: Encode,
    private readonly beginId: number,
    private readonly endId: number,
    readonly maxTokens: number,
  ) {}

  /** Unpaired surrogates count as U+FFFD, which is what UTF-8 makes of them. */
  encode(text: string): EncodedText {
    const all = this.encodeText(text)
    const kept = all.slice(0, this.maxTokens - 2)
    return {
      ids: Int32Array.of(this.beginId, ...kept, this.endId),
      truncated: kept.length < all.length,
      tokens: all.length + 2,
    }
  }
}

/**
 * Reads a tokenizer folder. Only vocabulary, merges and special tokens come from it: its regexes,
 * normalizers and saved truncation are not looked at.
 * @throws InvalidModelError naming the file and what is wrong with it
 */
export async function loadTokenizer(dir: string, limits: TokenizerLimits): Promise<ClapTokenizer> {
  const vocabulary = await readVocabulary(dir, limits.vocabSize)
  const encode = await buildEncoder(vocabulary)
  return new ClapTokenizer(encode, vocabulary.beginId, vocabulary.endId, limits.maxTokens)
}

/** GPT-2's words: contractions, letters, digits, other symbols, white space. */
const words = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

async function buildEncoder(vocabulary: Vocabulary): Promise<Encode> {
  const { Tokenizer } = await import('@huggingface/tokenizers')
  const tokenizer = new Tokenizer(
    {
      added_tokens: vocabulary.addedTokens.map((token) => ({
        ...token,
        normalized: false,
        single_word: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          // As a Split its \s means Unicode's white space; ByteLevel's own regex has JavaScript's.
          { type: 'Split', pattern: { Regex: words }, behavior: 'Isolated', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
          // What no token stands for is dropped before merging, so that its neighbours can merge.
          { type: 'Replace', pattern: { Regex: unknownBytes(vocabulary) }, content: '' },
        ],
      },
      post_processor: null,
      decoder: null,
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(vocabulary.ids),
        merges: vocabulary.merges,
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
      },
    },
    {},
  )
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids
}

/** Matches the characters of the byte alphabet that are no token; published models lack none. */
function unknownBytes(vocabulary: Vocabulary): string {
  const known = [...vocabulary.ids.keys()].filter((token) => token.length === 1)
  const escaped = known.map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return `[^${escaped.join('')}]`
}
