/** Flags that score and stats share. */
import type { Command } from 'commander'
import { InvalidOptionError } from '../errors.js'
import type { FeatureOptions } from '../score/options.js'
import { featureShape } from '../score/schema.js'
import { outputPath } from './output-path.js'
import { numberValue, textValue } from './values.js'

export interface FeatureFlags
  extends Pick<
    FeatureOptions,
    | 'panns'
    | 'passt'
    | 'vggish'
    | 'vggishRelu'
    | 'vggishPca'
    | 'embedding'
    | 'clap'
    | 'backbone'
    | 'mono'
    | 'resampler'
    | 'device'
    | 'dtype'
    | 'batchSize'
    | 'threads'
  > {
  cacheDir?: string
  cache: boolean
}

export function addFeatureFlags(command: Command): Command {
  const { backbone, mono, resampler, device, dtype, batchSize, threads } = featureShape
  return command
    .option(
      '--panns <file>',
      'weights of PANNs, for fd, is, kl, kad and kid: Cnn14_16k_mAP=0.438.pth (default: a small classifier of the package)',
    )
    .option('--passt <file>', 'PaSST weights: passt-s-f128-p16-s10-ap.476-swa.pt')
    .option(
      '--vggish <file>',
      'VGGish weights, for fad and fad-infinity: vggish-10086976.pth (default: a small one)',
    )
    .option('--vggish-relu', "keep VGGish's last ReLU")
    .option('--vggish-pca <file>', "post-process VGGish's rows: vggish_pca_params-970ea276.pth")
    .option(
      '--embedding <file@rate>',
      'your own TorchScript archive for fd, kad and kid: my.pt@16000',
    )
    .option(
      '--clap <dir|file|id>',
      'a model with audio_encoder/ or LAION-CLAP, for clap and --backbone clap',
    )
    .option(
      '--backbone <name>',
      'cnn14-16k, cnn14-32k, wavegram-logmel, passt or clap, for fd, kad, kid, is and kl (default: cnn14-16k)',
      textValue('--backbone', backbone.unwrap()),
    )
    .option(
      '--mono <rule>',
      'which channel is heard: first-channel or mean (default: first-channel)',
      textValue('--mono', mono.unwrap()),
    )
    .option(
      '--resampler <name>',
      'sinc, kaiser-fast or kaiser-best (default: sinc)',
      textValue('--resampler', resampler.unwrap()),
    )
    .option(
      '--device <name>',
      'auto, cpu, cuda or cuda:N (default: auto)',
      textValue('--device', device.unwrap()),
    )
    .option(
      '--dtype <name>',
      'float32, auto, bfloat16 or float16 (default: float32)',
      textValue('--dtype', dtype.unwrap()),
    )
    .option(
      '--batch-size <n>',
      'clips computed together, 1 to 256 (default: 1 on the CPU, 16 on CUDA)',
      numberValue('--batch-size', batchSize.unwrap()),
    )
    .option(
      '--threads <n>',
      'CPU threads, 1 to 1024 (default: all processors)',
      numberValue('--threads', threads.unwrap()),
    )
    .option(
      '--cache-dir <dir>',
      'where features are cached (default: in AUDIOLDM_CACHE or ~/.cache)',
      outputPath('--cache-dir'),
    )
    .option('--no-cache', 'cache no features')
}

export function featureOptions(flags: FeatureFlags): FeatureOptions {
  const { panns, passt, vggish, vggishRelu, vggishPca, embedding, clap, backbone } = flags
  const { mono, resampler, device, dtype, batchSize, threads } = flags
  return {
    ...{ panns, passt, vggish, vggishRelu, vggishPca, embedding, clap, backbone },
    ...{ mono, resampler, device, dtype, batchSize, threads },
    cacheDir: flags.cache ? flags.cacheDir : null,
  }
}

const flagNames: Record<string, string> = {
  generated: 'GENERATED',
  a: 'A',
  b: 'B',
  bootstrapSeed: '--bootstrap-seed',
  reference: 'REFERENCE',
  audio: 'INPUT',
  output: '--out',
  saveStatistics: '--save-stats',
  batchSize: '--batch-size',
  cacheDir: '--cache-dir',
  vggishRelu: '--vggish-relu',
  vggishPca: '--vggish-pca',
  pca: '--vggish-pca',
}

/** The library's complaint about an option, under the name that it has on the command line. */
export function withFlagNames(error: unknown): unknown {
  if (!(error instanceof InvalidOptionError)) return error
  const { option, message, hint } = error
  const [, name, rest] = /^([a-zA-Z]+)(.*)$/.exec(option) ?? ['', option, '']
  const flag = flagNames[name] ?? `--${name}`
  return new InvalidOptionError(flag + rest, message.slice(option.length + 2), hint)
}
