import { Command, Option } from 'commander'
import { InvalidOptionError } from '../errors.js'
import { integerIn } from '../options.js'
import type { ServeOptions } from '../server/options.js'
import { interruptSignal } from './interrupt.js'
import { createOutput } from './output.js'
import { addModel, type NamedModel } from './served-model.js'
import { numberValue } from './values.js'

interface Flags extends ServeOptions {
  model?: NamedModel[]
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('answer over HTTP, with a page to generate sound by hand')
    .option(
      '--model <dir|id>',
      'model folder or pulled hub id, also as name=dir; may be given again (default: the one in the package)',
      addModel,
    )
    .option(
      '--port <n>',
      'port, 0 to 65535; 0: any that is free',
      numberValue('--port', integerIn(0, 65_535)),
      8765,
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--token <text>', 'what requests must know; needed with other hosts').env(
        'AUDIOLDM_TOKEN',
      ),
    )
    .option('--panns <file>', 'weights of CNN14, for scores')
    .option('--passt <file>', 'weights of PaSST, for scores')
    .option('--vggish <file>', 'weights of VGGish, for scores')
    .addHelpText('after', notes)
    .action(run)
}

const notes = `
Ctrl-C stops it. On a loopback address it asks for no token.

Examples:
  audioldm serve
  audioldm serve --model cvssp/audioldm-s-full-v2 --model bells=runs/bells/checkpoint-002000
  AUDIOLDM_TOKEN=$(openssl rand -hex 16) audioldm serve --host 0.0.0.0`

async function run({ model: named = [{ name: 'default' }], ...options }: Flags): Promise<void> {
  const output = createOutput(false)
  const signal = interruptSignal()
  const { loadModel } = await import('../model/model.js')
  const { checkServeOptions, serve } = await import('../server/serve.js')
  // Before models are loaded, which takes its time.
  try {
    checkServeOptions(options)
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error
    const { option, message, hint } = error
    throw new InvalidOptionError(`--${option}`, message.slice(option.length + 2), hint)
  }
  const models: Record<string, Awaited<ReturnType<typeof loadModel>>> = {}
  try {
    for (const { name, source } of named) {
      output.note(`loading ${source ?? 'the default model'}`)
      models[name] = await loadModel(source, { signal })
      if (models[name].info.randomWeights) {
        output.note('warning: this model has random weights; it makes only noise')
      }
    }
    const server = await serve(models, options)
    output.result(server.url, server.url)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    await server.close()
  } finally {
    for (const model of Object.values(models)) await model.dispose()
  }
}
