import { Command } from 'commander'
import type { InstallLibtorchEvent, InstallLibtorchResult } from '../libtorch/install.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { createProgress } from './progress.js'

interface Flags {
  from?: string
  cuda?: boolean
  sha256?: string
  mirror?: string
  json?: boolean
}

export function libtorchInstallCommand(): Command {
  return new Command('install')
    .description('fetch the official libtorch, check it and unpack it where it is found')
    .option('--from <url|file|dir>', 'the archive itself, or a folder with every archive')
    .option('--cuda', 'the build for CUDA, with NVIDIA libraries')
    .option('--sha256 <hash>', 'of an archive that is not pinned in this package')
    .option('--mirror <url>', 'a server that has the archives under the same paths')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', notes)
    .action(run)
}

const notes = `
What will be fetched, its size and its licence come first, on stderr; Ctrl-C stops it. A download
that was cut off goes on where it stopped. Environment: AUDIOLDM_LIBTORCH_MIRROR (as --mirror),
XDG_CACHE_HOME (it goes into audioldm/libtorch there, else in ~/.cache).

Examples:
  audioldm libtorch install
  audioldm libtorch install --from libtorch-shared-with-deps-2.13.0+cpu.zip`

const stages = { download: 'fetching', check: 'checking', unpack: 'unpacking' }

async function run({ json, ...options }: Flags): Promise<void> {
  const output = createOutput(json === true)
  const { installLibtorch } = await import('../libtorch/install.js')
  const job = installLibtorch({ ...options, signal: interruptSignal() })
  const progress = createProgress(megabytes)
  try {
    for await (const event of job) {
      if (event.type === 'plan') output.note(planText(event))
      else {
        const { stage, archive, bytes, total } = event
        progress.update(bytes, total ?? bytes, `${stages[stage]} ${archive}`)
      }
    }
  } finally {
    progress.stop()
  }
  const result = await job
  output.note(doneText(result))
  const shadow = await foundBefore(result)
  if (shadow) output.note(shadow)
  output.result(result, result.path)
}

/** A line an archive, and the licences once each. */
function planText({ archives, bytes, dir }: InstallLibtorchEvent & { type: 'plan' }): string {
  const licences = new Set(archives.map(({ licence }) => licence))
  return [
    ...archives.map(({ from, bytes: size }) => `${sizeText(size).padStart(9)}  ${from}`),
    ...[...licences].map((licence) => `licence: ${licence}`),
    `${sizeText(bytes)} in all, into ${dir}`,
  ].join('\n')
}

function doneText({ version, bytes, downloadedBytes, alreadyInstalled }: InstallLibtorchResult) {
  if (alreadyInstalled) return `libtorch ${version} is installed already`
  const fetched = `${megabytes(downloadedBytes)} fetched, ${megabytes(bytes)} on the disk`
  return `libtorch ${version} is installed: ${fetched}`
}

/** What to say when the loader would take another libtorch than the one installed, or none. */
async function foundBefore({ path }: InstallLibtorchResult): Promise<string | undefined> {
  const { findLibtorch } = await import('../native/libtorch.js')
  const { supportedMinors } = await import('../native/load.js')
  const use = `to use this one: export AUDIOLDM_LIBTORCH="${path}"`
  try {
    const found = findLibtorch({ minors: supportedMinors() })
    if (found.root.startsWith(`${path}/`)) return undefined
    return `note: libtorch ${found.version} in ${found.root} is found before it\n${use}`
  } catch (error) {
    return `note: it is not found, since ${(error as Error).message}\n${use}`
  }
}

function sizeText(bytes: number | null): string {
  return bytes === null ? 'size unknown' : megabytes(bytes)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
