import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The licence that a model folder's card (README.md) states, or null. */
export async function licenseOf(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '')
  const header = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text.slice(0, 65536))?.[1] ?? ''
  const value = /^license:[ \t]*(?:\r?\n[ \t]*-[ \t]*)?(['"]?)([\w.+ -]+)\1[ \t]*$/m.exec(header)
  return value?.[2]?.trim() || null
}
