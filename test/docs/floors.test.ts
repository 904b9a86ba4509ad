import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { read, root } from './markdown.js'

/** Folder or file of lib/ → its floor, counted from the top. */
function floors(): Map<string, number> {
  const [, section] = read('docs/architecture.md').split('\n### Floors\n')
  const rows = section
    .split('\n## ')[0]
    .split('\n')
    .filter((line) => line.startsWith('| '))
  const named = rows.map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
  return new Map(named.flatMap((names, floor) => names.map((name) => [name, floor] as const)))
}

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll('\\', '/'))

const room = (file: string) => file.split('/')[0]

function* imports(file: string): Generator<string> {
  const text = readFileSync(join(root, 'lib', file), 'utf8')
  for (const { fileName } of ts.preProcessFile(text).importedFiles) {
    if (!fileName.startsWith('.')) continue
    yield normalize(join(dirname(file), fileName)).replace(/\.js$/, '.ts')
  }
}

test('every folder and file of lib/ has its floor', () => {
  expect([...floors().keys()].sort()).toEqual([...new Set(files.map(room))].sort())
})

test('imports go to the own folder and to floors below', () => {
  const floor = floors()
  const level = (file: string) => floor.get(room(file)) as number
  const wrong = files.flatMap((file) =>
    [...imports(file)]
      .filter((to) => room(to) !== room(file) && level(to) <= level(file))
      .map((to) => `${file} imports ${to}`),
  )
  expect(wrong).toEqual([])
})
