/** Which files of a hub repository the library reads: one copy of the weights, in one format. */
import { HubError, InvalidModelError } from '../errors.js'

export interface RepoFile {
  path: string
  size: number
  /** SHA-256 of the content, or git's blob hash: whichever the hub names the file by. */
  etag: string
  algorithm: 'sha256' | 'git'
}

export const modelParts = [
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
const rootFiles = /^(model_index\.json|README\.md|LICEN[CS]E(\.\w+)?)$/

/**
 * The files to download, model_index.json last. With `parts`, only those folders.
 * @throws InvalidModelError when the repository is no pipeline folder; HubError for a name that
 * would leave the cache folder
 */
export function selectFiles(id: string, files: RepoFile[], parts?: string[]): RepoFile[] {
  for (const { path } of files) checkPath(id, path)
  if (!files.some((file) => file.path === 'model_index.json')) {
    throw new InvalidModelError(
      `${id} has no model_index.json: it is not a diffusers pipeline`,
      'AudioLDM on the hub: cvssp/audioldm-s-full-v2, cvssp/audioldm-m-full, cvssp/audioldm-l-full',
    )
  }
  const selected: RepoFile[] = []
  for (const part of parts ?? modelParts) {
    const inside = files.filter((file) => folderOf(file.path) === part)
    const best = bestWeights(inside)
    for (const file of inside) {
      const kind = weightsKind(nameOf(file.path))
      if (kind === undefined ? settings.test(nameOf(file.path)) : kind === best) selected.push(file)
    }
  }
  if (parts) return selected
  const root = files.filter((file) => rootFiles.test(file.path))
  const last = (file: RepoFile) => (file.path === 'model_index.json' ? 1 : 0)
  return [...selected, ...root.sort((a, b) => last(a) - last(b))]
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

function checkPath(id: string, path: string): void {
  const parts = path.split('/')
  const bad = parts.some((part) => part === '' || part === '.' || part === '..')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (bad || /[\\\u0000-\u001f]|^[A-Za-z]:/.test(path) || path.length > 1000) {
    throw new HubError('HUB_DOWNLOAD_FAILED', `${id} lists a file with an unsafe name: ${path}`, {
      hint: 'nothing was downloaded; do not trust this repository',
    })
  }
}

function folderOf(path: string): string {
  return path.split('/').length === 2 ? path.split('/')[0] : ''
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
