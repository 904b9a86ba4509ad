import { Command } from 'commander'
import { libtorchInstallCommand } from './libtorch-install.js'
import { libtorchListCommand } from './libtorch-list.js'
import { libtorchRemoveCommand } from './libtorch-remove.js'
import { UsageError } from './output.js'

export function libtorchCommand(): Command {
  return new Command('libtorch')
    .description('install libtorch without Python, list and remove what is installed')
    .addCommand(libtorchInstallCommand())
    .addCommand(libtorchListCommand())
    .addCommand(libtorchRemoveCommand())
    .allowExcessArguments()
    .allowUnknownOption()
    .action((_options, { args }: Command) => {
      const other = args.find((arg) => !arg.startsWith('-'))
      const problem = other === undefined ? 'a command is missing' : `unknown command '${other}'`
      throw new UsageError(problem, 'start with: audioldm libtorch install --help')
    })
}
