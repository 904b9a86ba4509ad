/** The two towers of CLAP, wherever they lie: in a model's folder, or in a file of LAION's. */
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { clapSamples } from '../audio/clap-waveform.js'
import type { WaveformNeeds } from '../audio/waveform-protocol.js'
import { HubError, InvalidWeightsError } from '../errors.js'
import { cachedTokenizer, hubCacheDir, tokenizerIn } from '../hub/cache.js'
import { readModelFolder } from '../hub/folder.js'
import { audioEncoderFolder } from '../hub/folder-index.js'
import type { FolderPartWeights } from '../hub/model-folder.js'
import { resolveModel } from '../hub/resolve.js'
import type { TokenizerLimits } from '../tokenizer/tokenizer.js'
import { isLaionClap, laionClap } from '../weights/original/laion.js'
import { checkClaim, readBackboneFile, saysRandom } from './weights.js'

export interface ClapTowers {
  path: string
  randomWeights: boolean
  /** Width of both towers' rows. */
  projection: number
  audio?: FolderPartWeights & { path: string; ignored: string[] }
  text: FolderPartWeights
  waveform: WaveformNeeds
  /** How sounds are prepared beyond that, for the protocol. */
  preparation: Record<string, string | boolean>
  tokenizerLimits: TokenizerLimits
  /** Where the tokenizer's files are. @throws HubError */
  tokenizerDir(): string
}

const waveform: WaveformNeeds = { removeMean: false, minSamples: 0, repeatpad: clapSamples }

/** `model`: a folder, a hub id, or a file. @throws InvalidModelError, InvalidWeightsError, HubError */
export async function openClapTowers(model: string): Promise<ClapTowers> {
  const isFile = (await stat(model).catch(() => undefined))?.isFile() ?? false
  return isFile ? towersOfFile(model) : towersOfFolder(await resolveModel(model))
}

async function towersOfFolder(path: string): Promise<ClapTowers> {
  const { parts, info, tokenizerDir, tokenizerLimits } = await readModelFolder(path)
  const { audio_encoder: audio, text_encoder: text } = parts
  return {
    path,
    randomWeights: info.randomWeights,
    projection: info.text.embedding,
    ...(audio && { audio: { ...audio, path: join(path, audioEncoderFolder), ignored: [] } }),
    text,
    waveform,
    preparation: {},
    tokenizerLimits,
    tokenizerDir: () => tokenizerDir,
  }
}

const published =
  'Published files: 630k-audioset-best.pt, 630k-audioset-fusion-best.pt and ' +
  'music_speech_audioset_epoch_15_esc_89.98.pt, lukewys/laion_clap on the Hugging Face hub.'

/** What the package cuts texts to. */
const maxTokens = 77

async function towersOfFile(path: string): Promise<ClapTowers> {
  const content = await readBackboneFile(path, published)
  if (!isLaionClap(content.tensors)) {
    const names = [...content.tensors.keys()].slice(0, 5).join(', ')
    throw new InvalidWeightsError(
      `${path}: is no checkpoint of LAION-CLAP; its tensors are ${names}, …`,
      [],
      `${published} An AudioLDM checkpoint becomes a folder: audioldm import ${path} FOLDER`,
    )
  }
  const { audio, text, fusion, ignored } = laionClap(path, content.tensors)
  await checkClaim(path, audio.tensors)
  await checkClaim(path, text.tensors)
  return {
    path,
    randomWeights: await saysRandom(path, content),
    projection: text.plan.projectionWidth,
    audio: { ...audio, path, ignored },
    text,
    waveform: fusion ? { ...waveform, whole: true } : waveform,
    preparation: { quantized: 'int16', ...(fusion && { fusion }) },
    tokenizerLimits: {
      vocabSize: text.plan.vocabSize,
      maxTokens: Math.min(maxTokens, text.plan.maxTokens),
    },
    tokenizerDir: () => tokenizerFor(path),
  }
}

/** A model whose tokenizer is the one that CLAP was trained with. */
const sameTokenizer = 'cvssp/audioldm-s-full-v2'

function tokenizerFor(path: string): string {
  const reference = { id: sameTokenizer, revision: 'main' }
  const found = tokenizerIn(dirname(path)) ?? cachedTokenizer(hubCacheDir(), reference)
  if (found !== undefined) return found
  throw new HubError('HUB_NOT_FOUND', `${path}: there is no tokenizer for its texts`, {
    hint:
      `Put vocab.json and merges.txt of roberta-base beside the file, or download a model that ` +
      `has them: audioldm pull ${sameTokenizer}`,
  })
}
