/** The documentation as data: its files, code blocks and links. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(__dirname, '..', '..')

export const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'models/README.md'],
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

export interface CodeBlock {
  document: string
  /** Of the first line of code, counted from 1. */
  line: number
  language: string
  /** Marked `run`: a test runs it as it is. */
  runs: boolean
  code: string
}

export function read(document: string): string {
  return readFileSync(join(root, document), 'utf8')
}

export function codeBlocks(document: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const text = read(document)
  for (const match of text.matchAll(/^```(\w+)( run)?[^\n]*\n([\s\S]*?)^```$/gm)) {
    const line = text.slice(0, match.index).split('\n').length + 1
    const [, language, run, code] = match
    blocks.push({ document, line, language, runs: run !== undefined, code })
  }
  return blocks
}

/** Text without its code blocks. */
export function prose(document: string): string {
  return read(document).replace(/^```[\s\S]*?^```$/gm, '')
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchors(document: string): Set<string> {
  const headings = [...prose(document).matchAll(/^#+ (.+)$/gm)].map(([, title]) => title)
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
