#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { packageRoot } from '../files/paths.js'
import { outputError } from '../files/write-file.js'
import { curveCommand } from './curve.js'
import { datasetCommand } from './dataset.js'
import { doctorCommand } from './doctor.js'
import { fineTuneCommand } from './fine-tune.js'
import { generateCommand } from './generate.js'
import { importCommand } from './import.js'
import { infoCommand } from './info.js'
import { libtorchCommand } from './libtorch.js'
import { exitCodeOf, isClosedPipe, reportError, UsageError } from './output.js'
import { pullCommand } from './pull.js'
import { scoreCommand } from './score.js'
import { serveCommand } from './serve.js'
import { statsCommand } from './stats.js'
import { studyCommand } from './study.js'

const commands = [
  generateCommand,
  fineTuneCommand,
  scoreCommand,
  statsCommand,
  studyCommand,
  serveCommand,
  curveCommand,
  datasetCommand,
  pullCommand,
  importCommand,
  infoCommand,
  libtorchCommand,
  doctorCommand,
]

async function main(args: string[]): Promise<void> {
  const program = new Command('audioldm')
    .description('Generate, fine-tune and score sound with AudioLDM.')
    .version(version())
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or input, 130 interrupted.',
    )
  for (const create of commands) program.addCommand(create())
  const nested = program.commands.flatMap((command) => command.commands)
  for (const command of [program, ...program.commands, ...nested]) {
    // Errors are reported below, in the one place that knows the rules for the streams.
    command
      .exitOverride()
      .showHelpAfterError(false)
      .configureOutput({ writeErr: () => {} })
      .configureHelp({ helpWidth: 100 })
  }
  try {
    if (args.length === 0) {
      process.stderr.write(program.helpInformation())
      throw new UsageError('a command is missing', 'start with: audioldm generate --help')
    }
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    const failure = error instanceof CommanderError ? usageError(error) : error
    reportError(failure, args.includes('--json'))
    process.exitCode = exitCodeOf(failure)
  }
}

function usageError(error: CommanderError): UsageError {
  const [message, suggestion] = error.message.split('\n')
  const hint = suggestion?.replace(/^\((.*)\)$/, '$1') ?? 'see: audioldm --help'
  return new UsageError(message.replace(/^error: /, ''), hint)
}

function version(): string {
  return JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version
}

process.stdout.on('error', (error) => {
  if (isClosedPipe(error)) process.exit(0)
  process.stderr.write(`error: ${outputError('stdout', error).message}\n`)
  process.exit(1)
})

main(process.argv.slice(2))
