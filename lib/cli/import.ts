import { stat } from 'node:fs/promises'
import { Command } from 'commander'
import type { ImportBackboneOptions } from '../backbones/import.js'
import { HubError, InvalidOptionError } from '../errors.js'
import { parseHubId, tokenizerIn } from '../hub/cache.js'
import { pullTokenizer } from '../hub/pull.js'
import { integerIn } from '../options.js'
import type { ImportOptions } from '../weights/original/import.js'
import { interruptSignal } from './interrupt.js'
import { createOutput, type Output } from './output.js'
import { inFoldersOf, outputPath } from './output-path.js'
import { createProgress, type Progress } from './progress.js'
import { numberValue } from './values.js'

interface ImportFlags {
  tokenizer: string
  headWidth?: number
  json?: boolean
}

const defaultTokenizer = 'cvssp/audioldm-s-full-v2'

export function importCommand(): Command {
  return new Command('import')
    .description('turn published weights into files of our own: a model, or a backbone of score')
    .argument('<file>', 'original AudioLDM checkpoint; PANNs CNN14, VGGish or its PCA parameters')
    .argument(
      '<out>',
      'folder to make, new or empty; for a backbone OUT.safetensors',
      outputPath('out'),
    )
    .option(
      '--tokenizer <dir|id>',
      'where the tokenizer is, which a checkpoint lacks',
      defaultTokenizer,
    )
    .option(
      '--head-width <n>',
      'channels of an attention head, for UNets of unpublished widths',
      numberValue('--head-width', integerIn(1, 4096)),
    )
    .option('--json', 'print one JSON document on stdout')
    .action(run)
}

async function run(file: string, out: string, flags: ImportFlags): Promise<void> {
  if (!(await stat(file).catch(() => undefined))?.isFile()) {
    throw new InvalidOptionError('file', `there is no file ${file}`)
  }
  const output = createOutput(flags.json === true)
  const progress = createProgress((bytes) => `${(bytes / 1e6).toFixed(1)} MB`)
  try {
    if (out.endsWith('.safetensors')) await writeBackbone(file, out, output, progress)
    else await writeModel(file, out, flags, output, progress)
  } finally {
    progress.stop()
  }
}

async function writeBackbone(
  file: string,
  out: string,
  output: Output,
  progress: Progress,
): Promise<void> {
  const { importBackbone } = await import('../backbones/import.js')
  const options: ImportBackboneOptions = {
    signal: interruptSignal(),
    onProgress: ({ phase, bytes, totalBytes }) => progress.update(bytes, totalBytes, phase),
  }
  const result = await inFoldersOf([out], () => importBackbone(file, out, options))
  progress.stop()
  const { architecture, used, ignored } = result
  output.note(`${architecture}: ${used.length} tensors written, ${ignored.length} ignored`)
  for (const name of ignored) output.note(`ignored: ${name}`)
  output.result(result, out)
}

async function writeModel(
  checkpoint: string,
  folder: string,
  flags: ImportFlags,
  output: Output,
  progress: Progress,
): Promise<void> {
  const { recogniseBackbone } = await import('../backbones/import.js')
  const backbone = await recogniseBackbone(checkpoint)
  if (backbone !== undefined) {
    const problem = `${checkpoint} holds the weights of ${backbone}, which become one file`
    throw new InvalidOptionError('out', problem, `Name it ${folder}.safetensors, for example.`)
  }
  const signal = interruptSignal()
  const tokenizer = await findTokenizer(flags.tokenizer, signal)
  const { importCheckpoint } = await import('../weights/original/import.js')
  const options: ImportOptions = {
    tokenizer,
    headWidth: flags.headWidth,
    signal,
    onProgress: ({ phase, part, bytes, totalBytes }) =>
      progress.update(bytes, totalBytes, part === undefined ? phase : `${phase} ${part}`),
  }
  const { outDir, ...rest } = await inFoldersOf([folder], () =>
    importCheckpoint(checkpoint, folder, options),
  )
  progress.stop()
  for (const warning of rest.warnings) output.note(`warning: ${warning}`)
  output.note(rest.ema ? 'the UNet is the EMA copy' : 'the checkpoint has no EMA copy of the UNet')
  output.result({ path: outDir, tokenizer, ...rest }, outDir)
}

/** A folder with a tokenizer: here, pulled before, or pulled now. */
async function findTokenizer(source: string, signal: AbortSignal): Promise<string> {
  if ((await stat(source).catch(() => undefined))?.isDirectory()) {
    const folder = tokenizerIn(source)
    if (folder !== undefined) return folder
    const missing = `${source} has neither tokenizer.json nor vocab.json and merges.txt`
    throw new InvalidOptionError('--tokenizer', missing)
  }
  if (!parseHubId(source) || /^[./~]/.test(source)) {
    throw new InvalidOptionError('--tokenizer', `there is no folder ${source}`)
  }
  try {
    return await pullTokenizer(source, { signal })
  } catch (error) {
    if (!(error instanceof HubError)) throw error
    throw new HubError(
      error.code as 'HUB_OFFLINE',
      `the tokenizer cannot be pulled: ${error.message}`,
      { hint: 'give a folder that has it with --tokenizer DIR', cause: error },
    )
  }
}
