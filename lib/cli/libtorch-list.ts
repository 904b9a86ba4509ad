import { Command } from 'commander'
import { createOutput } from './output.js'

export function libtorchListCommand(): Command {
  return new Command('list')
    .description('list what is installed in the user’s cache')
    .option('--json', 'print one JSON document on stdout')
    .action(async (flags: { json?: boolean }) => {
      const { libtorchDir, listInstalled, unfinishedDownloads } = await import(
        '../libtorch/store.js'
      )
      const output = createOutput(flags.json === true)
      const installed = await listInstalled()
      if (installed.length === 0) output.note(`no libtorch is installed in ${libtorchDir()}`)
      for (const { path, bytes } of await unfinishedDownloads()) {
        output.note(
          `${megabytes(bytes)} of an unfinished download in ${path}: install goes on with it`,
        )
      }
      const lines = installed.map(({ version, cuda, bytes, path }) =>
        [version, cuda ? 'CUDA' : 'CPU', megabytes(bytes), path].join('  '),
      )
      output.result(installed, lines.join('\n'))
    })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
