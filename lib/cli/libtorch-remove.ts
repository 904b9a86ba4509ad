import { Command } from 'commander'
import { createOutput } from './output.js'

export function libtorchRemoveCommand(): Command {
  return new Command('remove')
    .description('remove what libtorch install has installed')
    .argument('<version>', 'as audioldm libtorch list names it, such as 2.13.0+cpu')
    .option('--json', 'print one JSON document on stdout')
    .action(async (version: string, flags: { json?: boolean }) => {
      const { removeInstalled } = await import('../libtorch/store.js')
      const removed = await removeInstalled(version)
      const output = createOutput(flags.json === true)
      output.note(`libtorch ${removed.version} is removed: ${(removed.bytes / 1e6).toFixed(1)} MB`)
      output.result(removed, '')
    })
}
