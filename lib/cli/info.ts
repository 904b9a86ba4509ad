import { Command } from 'commander'
import { defaultModelDir } from '../files/paths.js'
import { licenseOf } from '../hub/card.js'
import type { FolderInfo } from '../hub/model-folder.js'
import { resolveModel } from '../hub/resolve.js'
import { createOutput } from './output.js'

export function infoCommand(): Command {
  return new Command('info')
    .description('check a model folder and describe it')
    .argument('[dir|id]', 'model folder or pulled hub id (default: the model of the package)')
    .option('--json', 'print one JSON document on stdout')
    .action(async (source: string | undefined, flags: { json?: boolean }) => {
      const { describeFolder } = await import('../hub/folder.js')
      const folder = source === undefined ? defaultModelDir() : await resolveModel(source)
      const info = await describeFolder(folder)
      const license = await licenseOf(folder)
      createOutput(flags.json === true).result({ ...info, license }, describe(info, license))
    })
}

function describe(info: FolderInfo, license: string | null): string {
  const { latents, mel, text, schedule, unet } = info
  const rows: [string, string][] = [
    ['model', `${info.class} in ${info.path}`],
    ['licence', license ?? 'none stated in its card'],
    ['size', `${millions(info.parameters)} parameters, ${megabytes(info.bytes)}`],
    ['sound', `${info.sampleRate} Hz, ${info.defaultDurationSeconds.toFixed(2)} s by default`],
    [
      'latents',
      `${latents.channels} channels, ${latents.bins} bins, ${latents.framesPerSecond} a second`,
    ],
    ['mel', `${mel.bins} bins, ${mel.framesPerSecond} frames a second`],
    ['text', `up to ${text.tokens} tokens, embedding of ${text.embedding}`],
    ['schedule', `${schedule.class}, ${schedule.timesteps} timesteps, ${schedule.spacing}`],
    ['unet', `widths ${unet.widths.join(', ')}; heads ${unet.heads.join(', ')}`],
    ['audio', info.audioEncoder ? 'CLAP audio tower in audio_encoder/' : 'no CLAP audio tower'],
  ]
  for (const [name, part] of Object.entries(info.parts)) {
    const files = part.files.map((file) => file.path).join(', ')
    rows.push([name, `${millions(part.parameters)}, ${part.dtypes.join(' ')}: ${files}`])
  }
  if (info.randomWeights) rows.push(['note', 'the weights are random: it makes only noise'])
  return rows.map(([name, value]) => `${name.padEnd(13)} ${value}`).join('\n')
}

function millions(count: number): string {
  return `${(count / 1e6).toFixed(1)} M`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
