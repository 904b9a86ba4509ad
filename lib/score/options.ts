/** The options of score and saveStatistics. */

import type { MonoRule, ResamplerName } from '../audio/waveform-protocol.js'
import type { BackboneName } from '../backbones/backbone.js'
import type { AskedMetric } from '../metrics/metric-at.js'
import type { Model } from '../model/model.js'
import type { ComputeDType } from '../native/device.js'
import type { AudioSet } from './inputs/inputs.js'
import type { PairingMode } from './inputs/pairing.js'
import type { Prompts } from './inputs/prompts.js'
import type { PresetName } from './preset-names.js'

/** What score and saveStatistics share: the networks, and how sounds reach them. */
export interface FeatureOptions {
  /**
   * Weights of one of PANNs' networks, for fd, kad, kid, is and kl: the file that is published
   * (`Cnn14_16k_mAP=0.438.pth`; `Cnn14_mAP=0.431.pth` for cnn14-32k;
   * `Wavegram_Logmel_Cnn14_mAP=0.439.pth` for wavegram-logmel), or its import. Without
   * `panns`, `passt`, `vggish` and `embedding`, small classifiers of the package are used, whose numbers
   * cannot be compared with published ones: the protocol says `comparable: false`.
   */
  panns?: string
  /**
   * Weights of PaSST, for fd, kad, kid, is and kl where `backbone` says so:
   * `passt-s-f128-p16-s10-ap.476-swa.pt`, or its import.
   */
  passt?: string
  /** Weights of VGGish, for fad and fad-infinity: `vggish-10086976.pth`, or its import. */
  vggish?: string
  /** Keeps the last ReLU of VGGish; default false, as audioldm_eval. */
  vggishRelu?: boolean
  /** PCA parameters for VGGish: `vggish_pca_params-970ea276.pth`; default none, as audioldm_eval. */
  vggishPca?: string
  /**
   * A TorchScript archive of your own as 'my.pt@16000', the number being the rate, Hz, of the
   * waveforms [B, n] that it takes; it gives [B, d] or [B, frames, d]. fd, kad and kid then use it.
   */
  embedding?: string
  /**
   * The towers of CLAP: a model with `audio_encoder/`, as its folder, its hub id or loaded; or a
   * file of LAION-CLAP, such as `630k-audioset-best.pt`. For the metric clap, and for fd, kad
   * and kid where `backbone` says so. They compute in float32.
   */
  clap?: string | Model
  /**
   * What fd, kad and kid compare clips by, and is and kl where it has classes; default 'cnn14-16k'. Of
   * PANNs' networks it is the one that `panns` is, which is else CNN14 for 16 kHz.
   */
  backbone?: BackboneName
  /** Which channel is heard; default 'first-channel', as audioldm_eval. */
  mono?: MonoRule
  /** Default 'sinc', as audioldm_eval. Kaiser presets are slower and steeper. */
  resampler?: ResamplerName
  /** 'cpu', 'cuda', 'cuda:N' or 'auto' (default: CUDA where it works, else the CPU). */
  device?: string
  /**
   * What the networks' convolutions compute in. 'float32' (default) gives numbers that agree;
   * 'auto' is float16 on CUDA and bfloat16 on CPUs with hardware for it: faster, and good to one or
   * two per cent. Front-ends are float64 always.
   */
  dtype?: 'auto' | ComputeDType
  /** Clips of equal length computed together, 1 … 256; default 1 on the CPU, 16 on CUDA. Does not
   * change a number. */
  batchSize?: number
  /** CPU threads, 1 … 1024; default: all processors this process may use. */
  threads?: number
  /** Where features are cached; default AUDIOLDM_CACHE or the user's cache. null: nowhere. */
  cacheDir?: string | null
  /** Where libtorch is, before any other place is looked at. */
  libtorchPath?: string
  signal?: AbortSignal
}

export interface ScoreOptions extends FeatureOptions {
  /** What is judged. */
  generated: AudioSet
  /** What it is compared with; not needed for `is` and `clap`. */
  reference?: AudioSet
  /**
   * Default: those of fd, fad, is and kl, and with prompts of clap, that weights and inputs allow,
   * with a warning for each that is left out. A metric asked for by name that cannot be computed is
   * an error. fd, kad, kid, is and kl take a backbone of their own behind an @, as `kad@passt`.
   */
  metrics?: readonly AskedMetric[]
  /**
   * A whole protocol: 'paper-2023' is that of AudioLDM's paper; '2026' has fd and kad by Wavegram-Logmel-CNN14
   * and PaSST, is and kl by PaSST, clap, and intervals. It decides the metrics, of which `metrics` may
   * choose some, and how sounds reach the networks; what the sounds do not allow is left out with a
   * warning, missing weights are an error. Default: none.
   */
  preset?: PresetName
  /**
   * How kl, lsd, psnr and ssim pair clips. 'name' (default for files): by the path in the folder
   * without extension, of which more than 99 % must have a partner on both sides; 'order' (default
   * where clips in memory have no names): as listed; 'none'.
   */
  pairing?: PairingMode
  /**
   * What the generated clips were made from, for clap: a file, the list that
   * `audioldm generate --json` prints among them, texts by name or texts in the order of the clips.
   */
  prompts?: Prompts
  /** Whether the result has scores of single clips; default false. Keeps all VGGish rows. */
  perClip?: boolean
  /**
   * Samples of clips that are drawn anew for 95 % intervals: 0 for none (default), else 100 … 100000;
   * 1000 is usual. Keeps the rows of all clips.
   */
  bootstrap?: number
  /** Of what is drawn, 0 … 4294967295; default 2020. */
  bootstrapSeed?: number
  /** Also writes the statistics of the reference to this file, for later runs. */
  saveStatistics?: string
  /**
   * Also writes a page to this file, `.html`: the numbers and what to know of them, a map of both sides,
   * and the best and worst clips to hear. It needs no other file.
   */
  html?: string
}

/** What compareScores takes besides what it shares with score. */
export interface CompareScoresOptions
  extends FeatureOptions,
    Pick<ScoreOptions, 'preset' | 'reference' | 'pairing' | 'prompts' | 'bootstrapSeed'> {
  /** Two sets that were generated. Where their clips have the same names, they are compared in pairs. */
  a: AudioSet
  b: AudioSet
  /** As in score; every one that has an interval: all but fad-infinity. */
  metrics?: readonly AskedMetric[]
  /** Samples of clips that are drawn anew, 100 … 100000; default 1000. */
  bootstrap?: number
}
