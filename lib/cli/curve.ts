import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Command } from 'commander'
import { InvalidOptionError } from '../errors.js'
import { writeFileAtomic } from '../files/write-file.js'
import { curveSvg } from '../training/curves/curve.js'
import type { CurveRun } from '../training/curves/curve-series.js'
import { type MetricsLine, parseMetricsLines } from '../training/curves/metrics-lines.js'
import { createOutput } from './output.js'
import { checkOutput, inFoldersOf, outputPath } from './output-path.js'

/** As help names it. */
const argument = 'RUNS'
const largestFile = 512 * 2 ** 20

export function curveCommand(): Command {
  return new Command('curve')
    .description('draw the losses and metrics of training runs, several in one picture')
    .argument('<runs...>', 'folders that fine-tune wrote, or their metrics.jsonl')
    .requiredOption('-o, --out <file>', 'the .svg file to write', outputPath('--out'))
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', examples)
    .action(run)
}

const examples = `
Examples:
  audioldm curve runs/text -o text.svg
  audioldm curve runs/pretrained runs/scratch -o comparison.svg`

async function run(given: string[], flags: { out: string; json?: boolean }): Promise<void> {
  const output = createOutput(flags.json === true)
  if (!/\.svg$/i.test(flags.out)) {
    throw new InvalidOptionError('--out', `the picture is an .svg file, not ${flags.out}`)
  }
  await checkOutput(flags.out)
  const files: string[] = []
  for (const path of given) files.push(await findMetrics(path))
  const names = runNames(files)
  const runs: CurveRun[] = []
  for (const [i, file] of files.entries()) runs.push({ name: names[i], lines: await read(file) })
  await inFoldersOf([flags.out], () => writeFileAtomic(flags.out, curveSvg(runs)))
  const told = runs.map(({ name, lines }, i) => ({ name, path: files[i], ...lastOf(lines) }))
  output.result({ path: flags.out, runs: told }, flags.out)
}

async function findMetrics(path: string): Promise<string> {
  const info = await stat(path).catch(() => undefined)
  if (info === undefined) throw new InvalidOptionError(argument, `there is no folder ${path}`)
  if (!info.isDirectory()) return path
  const file = join(path, 'metrics.jsonl')
  if ((await stat(file).catch(() => undefined))?.isFile()) return file
  const hint = 'give folders that audioldm fine-tune wrote'
  throw new InvalidOptionError(argument, `${path} has no metrics.jsonl`, hint)
}

async function read(file: string): Promise<MetricsLine[]> {
  if ((await stat(file)).size > largestFile) {
    throw new InvalidOptionError(argument, `${file} is larger than 512 MiB`)
  }
  let lines: MetricsLine[]
  try {
    lines = parseMetricsLines(await readFile(file, 'utf8'))
  } catch (error) {
    throw new InvalidOptionError(argument, `${file}: ${(error as Error).message}`)
  }
  if (lines.length > 0) return lines
  throw new InvalidOptionError(argument, `${file} has no lines yet`)
}

/** The folders' names, with as many folders above them as it takes to tell them apart. */
function runNames(files: string[]): string[] {
  const folders = files.map((file) => dirname(resolve(file)).split('/').filter(Boolean))
  const deepest = Math.max(...folders.map((parts) => parts.length))
  for (let count = 1; count < deepest; count++) {
    const names = folders.map((parts) => parts.slice(-count).join('/'))
    if (new Set(names).size === names.length) return names
  }
  return folders.map((parts, i) => `${parts.join('/')} ${basename(files[i])}`)
}

/** What each was in the end. */
function lastOf(lines: MetricsLine[]) {
  const fromTheEnd = [...lines].reverse()
  return {
    steps: fromTheEnd[0].step,
    loss: fromTheEnd.find(({ loss }) => loss !== undefined)?.loss,
    validationLoss: fromTheEnd.find((line) => line.validationLoss !== undefined)?.validationLoss,
    metrics: fromTheEnd.find(({ metrics }) => metrics !== undefined)?.metrics,
  }
}
