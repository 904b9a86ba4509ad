/** Looks that never fail: what is not there, or may not be read, is empty. */
import { readdirSync, readFileSync, statSync } from 'node:fs'

/** Of a small text file; one of more than 64 KiB counts as none. */
export function readText(path: string): string {
  try {
    return statSync(path).size > 65536 ? '' : readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Names in a folder. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
