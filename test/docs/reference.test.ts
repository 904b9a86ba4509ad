/** What the documentation lists is what there is in the code, and the other way round. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { doctorCommand } from '../../lib/cli/doctor.js'
import { generateCommand } from '../../lib/cli/generate.js'
import { importCommand } from '../../lib/cli/import.js'
import { infoCommand } from '../../lib/cli/info.js'
import { pullCommand } from '../../lib/cli/pull.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { anchors, documents, prose, read, root } from './markdown.js'

describe('docs/options.md', () => {
  const text = read('docs/options.md')
  const section = (title: string) => text.split(`\n### ${title}\n`)[1]?.split(/\n##+ /)[0] ?? ''
  const commands = [generateCommand, pullCommand, importCommand, infoCommand, doctorCommand]

  test.each(
    commands.map((create) => create()),
  )('lists the options of $_name', (command: Command) => {
    const own = section(`audioldm ${command.name()}`)
    for (const { flags, long, defaultValue } of command.options) {
      expect(own).toContain(long)
      if (long === '--json') continue
      const row = own
        .split('\n')
        .find((line) => line.startsWith(`| \`${flags.replace('|', '\\|')}`))
      expect(row, flags).toBeDefined()
      if (defaultValue) expect(row).toContain(` ${defaultValue} `)
    }
    for (const [, flag] of own.matchAll(/`(--[\w-]+)/g)) {
      expect(command.options.map((option) => option.long)).toContain(flag)
    }
  })

  test.each([
    ['lib/generate.ts', 'GenerateOptions'],
    ['lib/generate-plan.ts', 'ClipOptions'],
    ['lib/model.ts', 'LoadModelOptions'],
    ['lib/hub/pull.ts', 'PullOptions'],
    ['lib/weights/original/import.ts', 'ImportOptions'],
  ])('lists the members of %s %s', (file, name) => {
    const members = interfaceMembers(file, name)
    expect(members.length).toBeGreaterThan(3)
    for (const { member, comment } of members) {
      const row = new RegExp(`^\\|[^|]*\`${member}\`.*$`, 'm').exec(text)?.[0]
      expect(row, member).toBeDefined()
      const [, value] = /[Dd]efault:? ('[^']+'|[\d.]+)/.exec(comment) ?? []
      if (value) expect(row, `default of ${member}`).toContain(value.replace(/\.$/, ''))
      const [range] = /[\d.]+ … [\d.^]+/.exec(comment) ?? []
      if (range) expect(row, `range of ${member}`).toContain(range.replace(/\.$/, ''))
    }
  })
})

test('docs/errors.md has every code of lib/, and no other', () => {
  const headings = [...prose('docs/errors.md').matchAll(/^## ([A-Z_]+)$/gm)].map((m) => m[1])
  const table = [...prose('docs/errors.md').matchAll(/^\| \[`([A-Z_]+)`\]/gm)].map((m) => m[1])
  const codes = errorCodes()
  expect(codes).toContain('INVALID_OPTION')
  expect(headings.sort()).toEqual([...codes].sort())
  expect(table.sort()).toEqual(headings)
})

test('docs/architecture.md has every attribute of the archives and every event', async () => {
  const text = read('docs/architecture.md')
  const { parts } = await readModelFolder(join(root, 'models', 'random-tiny'))
  for (const [name, { plan }] of Object.entries(parts)) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) as string
    if (name === 'vae_encoder') continue // as vae_decoder
    for (const attribute of Object.keys(plan.attributes)) {
      expect(row, name).toContain(`\`${attribute}\``)
    }
  }
  const events = [...read('lib/generate.ts').matchAll(/^ {2}\| \{ type: '(\w+)'; (.*) \}$/gm)]
  expect(events).toHaveLength(4)
  for (const [, type, fields] of events) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${type}\` |`))
    for (const [, field] of fields.matchAll(/(\w+)\??:/g)) expect(row).toContain(`\`${field}\``)
  }
})

test.each(documents)('the links of %s lead somewhere', (document) => {
  for (const [, target] of prose(document).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https:/.test(target)) continue
    const [path, anchor] = target.split('#')
    const file = path === '' ? document : join(dirname(document), path)
    expect(existsSync(join(root, file)), target).toBe(true)
    if (anchor !== undefined) expect(anchors(file), target).toContain(anchor)
  }
})

/** The members of an interface, each with the comment above it. */
function interfaceMembers(file: string, name: string): { member: string; comment: string }[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022)
  const found = source.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === name,
  )
  const members = [...(found?.members ?? [])]
  return members.map((node) => ({
    member: (node.name as ts.Identifier).text,
    comment: source.text.slice(node.pos, node.name?.pos),
  }))
}

/** Every string that is given to an error class of ours, or named as a code in errors.ts. */
function errorCodes(): Set<string> {
  const codes = new Set<string>()
  for (const name of readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue
    const source = readFileSync(join(root, 'lib', name), 'utf8')
    const given = /(?:Error\(\s*|super\(\s*|code \?\? |error\.code : |code: )'([A-Z_]+)'/g
    for (const [, code] of source.matchAll(given)) {
      if (!/^E[A-Z]+$/.test(code)) codes.add(code)
    }
  }
  const unions = /^\s*code: ('[A-Z_]+'(?: \| '[A-Z_]+')*),$/gm
  for (const [, union] of read('lib/errors.ts').matchAll(unions)) {
    for (const code of union.split(' | ')) codes.add(code.slice(1, -1))
  }
  return codes
}
