import { InvalidWeightsError } from '../../errors.js'
import type { TensorSource, TensorTable } from '../../native/tensor-table.js'
import { checkTensors } from '../names.js'
import { applyRenames, expectedBy, type Rename, Shapes } from './rename.js'
import { emaName } from './unet.js'

const UNET = 'model.diffusion_model.'

/** Tensors inside the parts that a hub folder has no use for. */
const unused: Record<string, RegExp> = {
  vae: /^(vocoder|loss)\./,
  text: /^(?!text_branch\.|text_projection\.)|\.(position_ids|token_type_ids)$/,
  audio:
    /^(?!audio_branch\.|audio_projection\.)|^audio_branch\.(spectrogram_extractor|logmel_extractor|tscam_conv|head)\.|\.(attn_mask|relative_position_index|num_batches_tracked)$/,
}

/** What lies outside the parts and is known to be of no use. */
const knownRest =
  /^(betas|alphas_cumprod|alphas_cumprod_prev|sqrt_\w+|log_one_minus_alphas_cumprod|posterior_\w+|logvar|model_ema\..*|clap\..*|first_stage_model\.loss\..*)$/

/** The tensors of an original checkpoint by part, and what of them has been taken. */
export class Checkpoint {
  readonly warnings: string[] = []
  private readonly used = new Set<string>()
  private readonly clap: string

  constructor(
    readonly path: string,
    readonly table: TensorTable,
  ) {
    const training = 'cond_stage_models.0.model.'
    this.clap = this.holds(training) ? training : 'cond_stage_model.model.'
    const missing = ['first_stage_model.', `${this.clap}text_branch.`].filter(
      (root) => !this.holds(root),
    )
    if (!this.holds(UNET) && !this.holds('model_ema.')) missing.unshift(UNET)
    if (missing.length > 0) {
      throw new InvalidWeightsError(
        `${path}: is not an original AudioLDM checkpoint: it has no tensors under ${missing.join(', ')}`,
        [],
        'A folder of the diffusers layout needs no import: use it as it is.',
      )
    }
  }

  get hasAudioTower(): boolean {
    return this.holds(`${this.clap}audio_branch.`)
  }

  shapes(part: 'unet' | 'vae' | 'vocoder' | 'clap'): Shapes {
    const prefix = this.prefix(part)
    const shapeOf = (name: string) => this.table.get(prefix + name)?.shape
    if (part !== 'unet') return new Shapes(shapeOf)
    return new Shapes((name) => shapeOf(name) ?? this.table.get(emaName(name))?.shape)
  }

  /** One tensor outside the parts, by its own name. */
  takeOne(name: string): TensorSource | undefined {
    this.used.add(name)
    return this.table.get(name)
  }

  /** The tensors of a part under the hub's names. Throws with all that does not fit. */
  take(part: 'vae' | 'vocoder' | 'text' | 'audio', renames: Rename[]): TensorTable {
    const prefix = this.prefix(part === 'text' || part === 'audio' ? 'clap' : part)
    const skipped = unused[part]
    const found: TensorTable = new Map()
    for (const [name, source] of this.table) {
      if (name.startsWith(prefix) && !skipped?.test(name.slice(prefix.length))) {
        found.set(name.slice(prefix.length), source)
      }
    }
    checkTensors(found, expectedBy(renames), `${this.path}: ${prefix}*`)
    for (const name of found.keys()) this.used.add(prefix + name)
    return applyRenames(renames, found)
  }

  /** The UNet: its EMA copy, which the authors sample with, where that is complete. */
  takeUNet(renames: Rename[]): { tensors: TensorTable; ema: boolean } {
    const expected = expectedBy(renames)
    const present = [...expected.keys()].filter((name) => this.table.has(emaName(name)))
    const ema = present.length === expected.size
    if (!ema) {
      this.warnings.push(
        present.length === 0
          ? 'the checkpoint has no EMA weights: its raw UNet weights are used'
          : `the EMA weights are incomplete (${present.length} of ${expected.size} tensors): the raw UNet weights are used`,
      )
    }
    const found: TensorTable = new Map()
    for (const [name, source] of this.table) {
      const short = name.startsWith(UNET) ? name.slice(UNET.length) : undefined
      // With EMA, a raw tensor counts only where it tells of a layer that we do not know.
      if (short !== undefined && !(ema && expected.has(short))) found.set(short, source)
    }
    const nameInFile = (name: string) => (ema ? emaName(name) : UNET + name)
    for (const name of expected.keys()) {
      const source = this.table.get(nameInFile(name))
      if (source) found.set(name, source)
    }
    checkTensors(found, expected, `${this.path}: ${ema ? 'model_ema.*' : `${UNET}*`}`)
    for (const name of expected.keys()) this.used.add(nameInFile(name))
    return { tensors: applyRenames(renames, found), ema }
  }

  /** Names of all tensors that nothing was made of; warns of those whose purpose is unknown. */
  leftOver(): string[] {
    const names = [...this.table.keys()].filter((name) => !this.used.has(name))
    const inParts = [UNET, 'first_stage_model.', this.clap]
    const unknown = names.filter(
      (name) => !knownRest.test(name) && !inParts.some((prefix) => name.startsWith(prefix)),
    )
    if (unknown.length > 0) {
      const some = unknown.slice(0, 5).join(', ')
      this.warnings.push(`${unknown.length} tensors of unknown purpose were left out: ${some}`)
    }
    return names
  }

  private holds(prefix: string): boolean {
    for (const name of this.table.keys()) if (name.startsWith(prefix)) return true
    return false
  }

  private prefix(part: 'unet' | 'vae' | 'vocoder' | 'clap'): string {
    const prefixes = {
      unet: UNET,
      vae: 'first_stage_model.',
      vocoder: 'first_stage_model.vocoder.',
      clap: this.clap,
    }
    return prefixes[part]
  }
}
