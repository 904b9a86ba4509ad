/** Which files of a hub repository the library reads: one copy of the weights, in one format. */
import { HubError, InvalidModelError } from '../errors.js'

export interface RepoFile {
  path: string
  size: number
  /** SHA-256 of the content, or git's blob hash: whichever the hub names the file by. */
  etag: string
  algorithm: 'sha256' | 'git'
}

const modelParts = [
  'unet',
  'vae',
  'vocoder',
  'text_encoder',
  'tokenizer',
  'scheduler',
  'audio_encoder',
]

const weights =
  /^(diffusion_pytorch_model|model|pytorch_model)(?:\.([\w-]+?))?(?:-\d{5}-of-\d{5})?\.(safetensors|bin)$/
const weightsIndex =
  /^(diffusion_pytorch_model|model|pytorch_model)\.(safetensors|bin)\.index(?:\.([\w-]+))?\.json$/
const settings = /^[\w-]+\.(json|txt)$/
const tokenizerFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'special_tokens_map.json',
  'added_tokens.json',
]
const rootFiles = /^(model_index\.json|README\.md|LICEN[CS]E(\.\w+)?)$/

/**
 * The files of a model, model_index.json last.
 * @throws InvalidModelError when the repository is no pipeline folder; HubError for a name that
 * would leave the cache folder
 */
export function selectModel(id: string, files: RepoFile[]): RepoFile[] {
  checkPaths(id, files)
  if (!files.some((file) => file.path === 'model_index.json')) {
    throw new InvalidModelError(
      `${id} has no model_index.json: it is not a diffusers pipeline`,
      'AudioLDM on the hub: cvssp/audioldm-s-full-v2, cvssp/audioldm-m-full, cvssp/audioldm-l-full',
    )
  }
  const root = files.filter((file) => rootFiles.test(file.path))
  const last = (file: RepoFile) => (file.path === 'model_index.json' ? 1 : 0)
  root.sort((a, b) => last(a) - last(b))
  return [...modelParts.flatMap((part) => selectPart(files, part)), ...root]
}

/** The files of the tokenizer, in a model's tokenizer/ or, in other repositories, at the root. */
export function selectTokenizer(id: string, files: RepoFile[]): RepoFile[] {
  checkPaths(id, files)
  for (const folder of ['tokenizer', '']) {
    const found = files.filter(
      ({ path }) => folderOf(path) === folder && tokenizerFiles.includes(nameOf(path)),
    )
    const names = found.map((file) => nameOf(file.path))
    if (names.includes('tokenizer.json')) return found
    if (names.includes('vocab.json') && names.includes('merges.txt')) return found
  }
  throw new InvalidModelError(
    `${id} has no tokenizer: neither tokenizer.json nor vocab.json and merges.txt`,
    'use a RoBERTa tokenizer, such as the one of cvssp/audioldm-s-full-v2',
  )
}

function selectPart(files: RepoFile[], part: string): RepoFile[] {
  const inside = files.filter((file) => folderOf(file.path) === part)
  const best = bestWeights(inside)
  return inside.filter(({ path }) => {
    const kind = weightsKind(nameOf(path))
    return kind === undefined ? settings.test(nameOf(path)) : kind === best
  })
}

/** 'base/format/variant' of a weights file or index; undefined for every other file. */
function weightsKind(name: string): string | undefined {
  const file = weights.exec(name)
  if (file) return [file[1], file[3], file[2] ?? ''].join('/')
  const index = weightsIndex.exec(name)
  return index ? [index[1], index[2], index[3] ?? ''].join('/') : undefined
}

/** Full precision before variants such as fp16, safetensors before pickles. */
function bestWeights(files: RepoFile[]): string | undefined {
  const rank = (kind: string) => {
    const [, format, variant] = kind.split('/')
    return (variant === '' ? 0 : variant === 'fp16' ? 2 : 4) + (format === 'safetensors' ? 0 : 1)
  }
  // An index without shards must not win over a whole file.
  const kinds = files
    .map((file) => nameOf(file.path))
    .filter((name) => weights.test(name))
    .map((name) => weightsKind(name) as string)
  return kinds.sort((a, b) => rank(a) - rank(b))[0]
}

function checkPaths(id: string, files: RepoFile[]): void {
  for (const { path } of files) {
    const bad = path.split('/').some((part) => part === '' || part === '.' || part === '..')
    if (bad || /[\\\p{Cc}]|^[A-Za-z]:/u.test(path) || path.length > 1000) {
      throw new HubError('HUB_DOWNLOAD_FAILED', `${id} lists a file with an unsafe name: ${path}`, {
        hint: 'nothing was downloaded; do not trust this repository',
      })
    }
  }
}

/** The folder of a file one level down; '' at the root. Deeper files belong to no part. */
function folderOf(path: string): string | undefined {
  const parts = path.split('/')
  return parts.length > 2 ? undefined : parts.length === 2 ? parts[0] : ''
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
