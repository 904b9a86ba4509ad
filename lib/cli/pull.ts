import { Command } from 'commander'
import { pull } from '../hub/pull.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { createProgress } from './progress.js'

export function pullCommand(): Command {
  return new Command('pull')
    .description('download a model into the hub cache that Python tools share')
    .argument('<id>', 'hub id, such as cvssp/audioldm-s-full-v2; id@revision for another revision')
    .option('--revision <name>', 'branch, tag or commit (default: main)')
    .option('--json', 'print one JSON document on stdout')
    .addHelpText('after', environment)
    .action(async (id: string, flags: { revision?: string; json?: boolean }) => {
      const output = createOutput(flags.json === true)
      const progress = createProgress(megabytes)
      try {
        const result = await pull(id, {
          revision: flags.revision,
          signal: interruptSignal(),
          onProgress: ({ file, loadedBytes, totalBytes }) =>
            progress.update(loadedBytes, totalBytes, file),
        })
        progress.stop()
        const fetched = megabytes(result.downloadedBytes)
        output.note(
          `${id}: ${result.files} files, ${megabytes(result.totalBytes)}, ${fetched} fetched`,
        )
        output.note(
          `licence: ${result.license ?? 'none stated; ask its authors before you use it'}`,
        )
        output.result(result, result.path)
      } finally {
        progress.stop()
      }
    })
}

const environment = `
An interrupted download goes on where it stopped. Environment: HF_TOKEN (private and gated models),
HF_ENDPOINT (a mirror), HF_HUB_CACHE or HF_HOME (where models go), HF_HUB_OFFLINE (use what is there).`

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
