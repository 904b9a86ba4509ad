/** Files as lists name them. */
import { isAbsolute, relative, resolve } from 'node:path'

/** With '/': relative to the folder and within it, or absolute. Or why it is neither. */
export type ListedFile = { file: string } | { reason: string }

/** Absolute paths are taken, those in `folder` as if they were relative; or what to do about them. */
export type AbsolutePaths = { folder: string } | { refused: string }

const never: AbsolutePaths = { refused: 'it must be relative to the folder' }

/**
 * Lists come from anywhere: they must not point at other files of the machine, unless whoever reads
 * them allows it. Then `absolute` says so.
 */
export function safeFile(name: string, absolute: AbsolutePaths = never): ListedFile {
  const path = name.replaceAll('\\', '/')
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return { reason: 'names no file' }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (/[\u0000-\u001f]/.test(path)) return { reason: 'names a file with control characters' }
  if (path.length > 4096) return { reason: 'names a file by more than 4096 characters' }
  if (isAbsolute(path)) {
    if ('folder' in absolute) return { file: placed(path, absolute.folder) }
    return { reason: `names ${name} by an absolute path; ${absolute.refused}` }
  }
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) {
    return { reason: `names ${name} by an absolute path of another system` }
  }
  if (parts.includes('..')) return { reason: `names ${name}, which is outside the folder` }
  return { file: parts.join('/') }
}

function placed(path: string, folder: string): string {
  const within = relative(folder, resolve(path)).replaceAll('\\', '/')
  const outside = within === '' || /^\.\.(\/|$)/.test(within) || isAbsolute(within)
  return outside ? resolve(path).replaceAll('\\', '/') : within
}
