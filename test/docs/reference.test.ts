/** What the documentation lists is what there is in the code, and the other way round. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import {
  maxChannels,
  maxFileBytes,
  maxSampleRate,
  maxSamples,
} from '../../lib/audio/audio-limits.js'
import { resamplerNames, waveformProtocol } from '../../lib/audio/waveform-protocol.js'
import { clipCsv } from '../../lib/cli/clip-csv.js'
import { curveCommand } from '../../lib/cli/curve.js'
import { datasetMakeCommand } from '../../lib/cli/dataset-make.js'
import { doctorCommand } from '../../lib/cli/doctor.js'
import { fineTuneCommand } from '../../lib/cli/fine-tune.js'
import { generateCommand } from '../../lib/cli/generate.js'
import { importCommand } from '../../lib/cli/import.js'
import { infoCommand } from '../../lib/cli/info.js'
import { libtorchInstallCommand } from '../../lib/cli/libtorch-install.js'
import { libtorchListCommand } from '../../lib/cli/libtorch-list.js'
import { libtorchRemoveCommand } from '../../lib/cli/libtorch-remove.js'
import { pullCommand } from '../../lib/cli/pull.js'
import { scoreCommand } from '../../lib/cli/score.js'
import { serveCommand } from '../../lib/cli/serve.js'
import { statsCommand } from '../../lib/cli/stats.js'
import { addStudyFlags } from '../../lib/cli/study-flags.js'
import { readModelFolder } from '../../lib/hub/folder.js'
import { metricNames } from '../../lib/metrics/metric.js'
import { defaultMetrics, selectMetrics } from '../../lib/metrics/registry.js'
import { defaultLimits, maxClips, maxItems } from '../../lib/server/limits.js'
import { tinyModel } from '../models'
import { anchors, documents, prose, read, root } from './markdown.js'

describe('docs/options.md', () => {
  const text = read('docs/options.md')
  const commands = [
    ...[generateCommand, fineTuneCommand, scoreCommand, serveCommand, statsCommand, curveCommand],
    ...[pullCommand, importCommand, infoCommand, doctorCommand],
  ].map((create) => [create().name(), create()] as const)
  const nested = [
    ['dataset make', datasetMakeCommand()],
    ['libtorch install', libtorchInstallCommand()],
    ['libtorch list', libtorchListCommand()],
    ['libtorch remove', libtorchRemoveCommand()],
    ['study', addStudyFlags(new Command('study'))],
  ] as const

  test.each([
    ...commands,
    ...nested,
  ])('lists the options of %s', (name: string, command: Command) => {
    const own = section(text, `### audioldm ${name}`)
    for (const { flags, long, defaultValue } of command.options) {
      expect(own).toContain(long)
      if (long === '--json') continue
      const row = own
        .split('\n')
        .find((line) => line.startsWith(`| \`${flags.replaceAll('|', '\\|')}`))
      expect(row, flags).toBeDefined()
      if (defaultValue) expect(row).toContain(` ${defaultValue} `)
    }
    for (const [, flag] of own.matchAll(/`(--[\w-]+)/g)) {
      expect(command.options.map((option) => option.long)).toContain(flag)
    }
  })

  test.each([
    ['lib/generate/generate.ts', 'GenerateOptions', '## generate()'],
    ['lib/generate/plan.ts', 'ClipOptions', '## generate()'],
    ['lib/model/model.ts', 'LoadModelOptions', '## loadModel()'],
    ['lib/score/options.ts', 'FeatureOptions', '## score()'],
    ['lib/score/options.ts', 'ScoreOptions', '## score()'],
    ['lib/score/options.ts', 'CompareScoresOptions', '## compareScores()'],
    ['lib/score/save-statistics.ts', 'SaveStatisticsOptions', '## saveStatistics()'],
    ['lib/training/options.ts', 'FineTuneOptions', '## fineTune()'],
    ['lib/training/options.ts', 'LoraOptions', '### lora'],
    ['lib/training/options.ts', 'EvaluationOptions', '### evaluation'],
    ['lib/training/options.ts', 'SampleOptions', '### sample'],
    ['lib/training/events.ts', 'FineTuneResult', '### Result of fineTune()'],
    ['lib/libtorch/options.ts', 'InstallLibtorchOptions', '## installLibtorch()'],
    ['lib/study/options.ts', 'StudyOptions', '## study() and studySystem()'],
    ['lib/server/options.ts', 'ServeOptions', '## serve()'],
    ['lib/hub/pull.ts', 'PullOptions', '## pull(), importCheckpoint() and importBackbone()'],
    [
      'lib/weights/original/import.ts',
      'ImportOptions',
      '## pull(), importCheckpoint() and importBackbone()',
    ],
  ])('lists the members of %s %s', (file, name, title) => {
    const own = section(text, title)
    const members = interfaceMembers(file, name)
    expect(members.length).toBeGreaterThan(2)
    for (const { member, comment } of members) {
      const row = new RegExp(`^\\|[^|]*\`${member}\`.*$`, 'm').exec(own)?.[0]
      expect(row, member).toBeDefined()
      const [, value] = /[Dd]efault:? ('[^']+'|[\d.]+)/.exec(comment) ?? []
      if (value) expect(row, `default of ${member}`).toContain(value.replace(/\.$/, ''))
      const [range] = /[\d.]+ … [\d.^]+/.exec(comment) ?? []
      if (range) expect(row, `range of ${member}`).toContain(range.replace(/\.$/, ''))
    }
  })

  test('docs/datasets.md lists the members of MakeDatasetOptions', () => {
    const own = section(read('docs/datasets.md'), '## Make a data set')
    for (const { member } of interfaceMembers('lib/synthesis/options.ts', 'MakeDatasetOptions')) {
      expect(own).toMatch(new RegExp(`^\\| \`${member}\` `, 'm'))
    }
  })

  test.each([
    'saveStatistics()',
    'compareScores()',
  ])('%s names the options that it shares with score()', (name) => {
    const own = section(text, `## ${name}`)
    for (const { member } of interfaceMembers('lib/score/options.ts', 'FeatureOptions')) {
      expect(own).toContain(`\`${member}\``)
    }
  })

  test('has every field of the result of score()', () => {
    const own = section(text, '## score()')
    const fields = [
      ...interfaceMembers('lib/score/result.ts', 'ScoreResult'),
      ...interfaceMembers('lib/score/result.ts', 'ScoredSide'),
      ...interfaceMembers('lib/metrics/metric.ts', 'MetricValues'),
    ]
    expect(fields.length).toBeGreaterThan(15)
    for (const { member } of fields) expect(own).toContain(`\`${member}\``)
  })
})

test('docs/formats.md has the limits of sound files', () => {
  const own = section(read('docs/formats.md'), '## Audio files that can be read')
  expect(own).toContain(`${maxFileBytes / 2 ** 30} GiB`)
  expect(own).toContain(`${maxChannels} channels`)
  expect(own).toContain(`${maxSampleRate.toLocaleString('en')} Hz`)
  expect(own).toContain(`2^${Math.log2(maxSamples)} samples`)
})

test('docs/server.md has the limits of a server', () => {
  const own = section(read('docs/server.md'), '## Limits')
  const { connections, waiting, bodyBytes, allBodyBytes, ...times } = defaultLimits
  for (const said of [
    ...[`connections | ${connections};`, `| ${waiting};`, `| ${maxClips} |`, `| ${maxItems} |`],
    ...[`${bodyBytes / 2 ** 20} MiB |`, `${allBodyBytes / 2 ** 20} MiB;`],
    ...[`headers | ${times.headersMs / 1000} s`, `body | ${times.requestMs / 1000} s`],
    `answer | ${times.stalledMs / 1000} s`,
  ]) {
    expect(own).toContain(said)
  }
})

test('docs/errors.md has every code of lib/, and no other', () => {
  const headings = [...prose('docs/errors.md').matchAll(/^## ([A-Z_]+)$/gm)].map((m) => m[1])
  const table = [...prose('docs/errors.md').matchAll(/^\| \[`([A-Z_]+)`\]/gm)].map((m) => m[1])
  const codes = errorCodes()
  expect(codes).toContain('INVALID_OPTION')
  expect(headings.sort()).toEqual([...codes].sort())
  expect(table.sort()).toEqual(headings)
})

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md')
  const row = (name: string, among = text) =>
    among.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? ''

  test('has every attribute of the archives', async () => {
    const { parts } = await readModelFolder(tinyModel)
    for (const [name, { plan }] of Object.entries(parts)) {
      if (name === 'vae_encoder') continue // as vae_decoder
      for (const attribute of Object.keys(plan.attributes)) {
        expect(row(name), name).toContain(`\`${attribute}\``)
      }
    }
    for (const name of ['cnn14', 'vggish']) {
      const source = read(`export/audioldm_export/${name}.py`)
      const [, declared] = /^class (?:Cnn14|Vggish)\(.*$([\s\S]*?)def __init__/m.exec(source) ?? []
      const attributes = [...(declared ?? '').matchAll(/^ {4}(\w+): (?:int|bool|float)$/gm)]
      expect(attributes).toHaveLength(2)
      for (const [, attribute] of attributes) expect(row(name)).toContain(`\`${attribute}\``)
    }
  })

  test.each([
    ['generate()', 'lib/generate/result.ts', 'GenerateEvent', 4],
    ['score()', 'lib/score/result.ts', 'ScoreEvent', 4],
    ['fineTune()', 'lib/training/events.ts', 'FineTuneEvent', 8],
    ['study()', 'lib/study/events.ts', 'StudyEvent', 4],
  ])('has every event of %s', (title, file, name, count) => {
    const own = section(text, `### Events of ${title}`)
    const events = unionMembers(file, name)
    expect(events).toHaveLength(count)
    for (const { type, fields } of events) {
      expect(row(type, own), type).not.toBe('')
      for (const field of fields) expect(row(type, own), type).toContain(`\`${field}\``)
    }
  })

  test('has every native operation, and no other', () => {
    const registry = read('native/core/compute/registry.cc')
    const operations = [...registry.matchAll(/^ {6}\{"(\w+)", \w+\},$/gm)].map((m) => m[1])
    expect(operations).toContain('frechet_distance')
    const own = section(text, '## Native operations')
    const documented = [...own.matchAll(/^\| `(\w+)` \|/gm)].map((m) => m[1])
    expect(documented.sort()).toEqual(operations.sort())
  })
})

describe('docs/metrics.md', () => {
  const text = read('docs/metrics.md')

  test.each(
    selectMetrics(metricNames),
  )('says what $name is, what it fixes and what it needs', (metric) => {
    const { name, settings = {}, minRows = 1 } = metric
    const own = section(text, `### ${name}`)
    expect(own.length).toBeGreaterThan(200)
    for (const [setting, value] of Object.entries(settings)) {
      const [, said] = new RegExp(`\`${setting}\`\\s+([\\d.e-]*\\d)`).exec(own) ?? []
      expect(Number(said), setting).toBe(value)
    }
    const line = text.split('\n').find((each) => each.startsWith(`| [\`${name}\`]`)) ?? ''
    const cells = line.split('|').map((cell) => cell.trim())
    expect(cells[6]).toMatch(new RegExp(`^${minRows} `))
    expect(cells[7]).toBe(defaultMetrics.includes(name) ? 'yes' : '')
  })

  test('has every field of a protocol, and the numbers of every resampler', () => {
    const own = section(text, '## The default protocol')
    const fields = [
      ...interfaceMembers('lib/score/protocol/protocol.ts', 'ScoreProtocol'),
      ...interfaceMembers('lib/audio/waveform-protocol.ts', 'WaveformProtocol'),
      ...interfaceMembers('lib/audio/waveform-protocol.ts', 'ResamplerSettings'),
    ]
    expect(fields.length).toBeGreaterThan(12)
    for (const { member } of fields) expect(own).toContain(`\`${member}\``)
    for (const name of resamplerNames) {
      const { lowpassFilterWidth, rolloff, beta } = waveformProtocol('mean', name).resampler
      expect(own).toContain(`| \`${name}\` | ${lowpassFilterWidth} | ${rolloff} | ${beta} |`)
    }
    expect(own).toContain(
      waveformProtocol('mean', 'sinc').minSamples.toLocaleString('en', { useGrouping: true }),
    )
  })

  test('has every field and column of the scores of single clips', () => {
    const own = section(text, '### Single clips')
    const fields = [
      ...interfaceMembers('lib/score/per-clip.ts', 'ClipRow'),
      ...interfaceMembers('lib/metrics/metric.ts', 'ClipScores'),
    ]
    for (const { member } of fields) expect(own).toMatch(new RegExp(`^\\| \`${member}\` `, 'm'))
    const [header] = clipCsv([]).split('\r\n')
    for (const column of header.split(',')) expect(own).toContain(`| \`${column}\` |`)
  })
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

/** What stands under a heading, up to the next one of any level. */
function section(text: string, heading: string): string {
  return text.split(`\n${heading}\n`)[1]?.split(/\n##+ /)[0] ?? ''
}

/**
 * The members of a union, by their `type`, with the names of their other fields: object types, or
 * intersections of one with an interface of the same file.
 */
function unionMembers(file: string, name: string): { type: string; fields: string[] }[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true)
  const found = source.statements.find(
    (node): node is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(node) && node.name.text === name,
  )
  const types = found && ts.isUnionTypeNode(found.type) ? [...found.type.types] : []
  return types.map((member) => {
    const inner = ts.isParenthesizedTypeNode(member) ? member.type : member
    const parts = ts.isIntersectionTypeNode(inner) ? [...inner.types] : [inner]
    const own = parts.filter(ts.isTypeLiteralNode).flatMap(({ members }) => [...members])
    const properties = own.filter(ts.isPropertySignature)
    const discriminant = properties.find((property) => property.name.getText() === 'type')
    const inherited = parts.filter(ts.isTypeReferenceNode).flatMap((reference) => {
      const members = interfaceMembers(file, reference.typeName.getText())
      expect(members.length).toBeGreaterThan(0)
      return members.map(({ member }) => member)
    })
    return {
      type: discriminant?.type?.getText().slice(1, -1) ?? '',
      fields: [
        ...properties.filter((each) => each !== discriminant).map((each) => each.name.getText()),
        ...inherited,
      ],
    }
  })
}

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
