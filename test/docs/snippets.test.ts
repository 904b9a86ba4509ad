/** The code blocks of the documentation: all type-check, those marked `run` run. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { python } from '../python/run.js'
import { codeBlocks, documents, root } from './markdown.js'
import { project, run } from './project.js'

const blocks = documents.flatMap(codeBlocks)
const runs = blocks.filter((block) => block.runs)

test('there are blocks that run, in the README and in docs/', () => {
  const where = new Set(runs.map((block) => block.document))
  for (const name of [
    'README.md',
    'docs/options.md',
    'docs/errors.md',
    'docs/fine-tuning.md',
    'docs/formats.md',
    'docs/metrics.md',
    'docs/troubleshooting.md',
  ]) {
    expect(where).toContain(name)
  }
})

test.each(runs)('$document line $line runs', ({ language, code, line }) => {
  if (language === 'js') {
    writeFileSync(join(project, `snippet-${line}.mjs`), code)
    run('node', [`snippet-${line}.mjs`])
  } else if (language === 'python') {
    writeFileSync(join(project, `snippet-${line}.py`), code)
    run(python, ['-W', 'ignore', `snippet-${line}.py`])
  } else {
    run('bash', ['-euo', 'pipefail', '-c', code])
  }
})

test('the first program wrote its sound file', () => {
  expect(statSync(join(project, 'dog.wav')).size).toBe(44 + 5 * 2 * 16000)
})

test('every block in JavaScript or TypeScript fits the types', () => {
  const folder = join(project, 'snippets')
  mkdirSync(folder)
  writeFileSync(join(folder, 'surroundings.d.ts'), surroundings)
  const typed = blocks.filter(({ language }) => language === 'js' || language === 'ts')
  expect(typed.length).toBeGreaterThan(8)
  for (const { document, line, language, code } of typed) {
    const name = `${document.replaceAll(/\W/g, '-')}-${line}.m${language}`
    // Every block is a module of its own; what it leaves out is declared around it.
    writeFileSync(join(folder, name), `${importsOf(code)}${code}\nexport {}\n`)
  }
  const files = readdirSync(folder).map((name) => join(folder, name))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node']
  const options = ['--noEmit', '--strict', '--allowJs', '--checkJs', '--skipLibCheck']
  options.push('--target', 'es2022', '--module', 'node16', '--noImplicitAny', 'false')
  const result = spawnSync('node', [compiler, ...options, ...types, ...files], { cwd: project })
  expect(String(result.stdout)).toBe('')
  expect(result.status).toBe(0)
})

const surroundings = `
type DType = string
declare const model: import('audioldm').Model
declare const audio: import('audioldm').Audio[]
declare const port: MessagePort
declare const mainWindow: { webContents: { send(channel: string, ...values: unknown[]): void } }
`

/** An import of what a block uses, where it has none of its own. */
function importsOf(code: string): string {
  const names = [
    ...['generate', 'loadModel', 'pull', 'score', 'compareScores', 'saveStatistics', 'AbortError'],
    'cosineSimilarity',
  ]
  const used = names.filter(
    (name) => new RegExp(`\\b${name}\\b`).test(code) && !code.includes('import {'),
  )
  return used.length > 0 ? `import { ${used.join(', ')} } from 'audioldm'\n` : ''
}
