/** Writes checkpoints: model folders with the averaged weights and what training goes on from. */
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { AudioLDMError, OutputError } from '../../errors.js'
import { outputError, writeFileAtomic } from '../../files/write-file.js'
import type { ModelFolder } from '../../hub/model-folder.js'
import type { Trainer } from '../../native/trainer.js'
import type { LoraPlan } from '../lora.js'
import { adapterConfig, adapterMetadata } from '../lora.js'
import {
  type CheckpointRecord,
  checkpointName,
  listCheckpoints,
  recordFile,
  stateFile,
  temporaryName,
  unetFile,
} from './checkpoint-folder.js'

/** The frozen parts of a model folder; `audio_encoder` is not in all. */
const frozenParts = ['vae', 'vocoder', 'text_encoder', 'tokenizer', 'scheduler', 'audio_encoder']
const weightsEndings = new Set(['.safetensors', '.bin', '.pt', '.pth', '.ckpt', '.msgpack', '.h5'])

interface PartFile {
  /** In a model folder. */
  name: string
  source: string
  weights: boolean
}

export class CheckpointWriter {
  readonly #outputDir: string
  readonly #base: ModelFolder
  readonly #lora: LoraPlan | null

  constructor(outputDir: string, base: ModelFolder, lora: LoraPlan | null) {
    this.#outputDir = outputDir
    this.#base = base
    this.#lora = lora
  }

  /**
   * The folder, which appears whole or not at all. @throws OutputError, and nothing is left behind;
   * TrainingError where a weight is not finite
   */
  async write(trainer: Trainer, record: CheckpointRecord): Promise<string> {
    const path = join(this.#outputDir, checkpointName(record.step))
    const making = join(this.#outputDir, temporaryName(record.step))
    try {
      await mkdir(join(making, 'training'), { recursive: true })
      await this.#placeFrozen(making)
      await this.#saveTrained(trainer, making)
      await writeFileAtomic(join(making, recordFile), `${JSON.stringify(record, null, 2)}\n`)
      // One of this step that is not whole may be in the way.
      await rm(path, { recursive: true, force: true })
      await rename(making, path)
      await sync(this.#outputDir)
      return path
    } catch (error) {
      await rm(making, { recursive: true, force: true }).catch(() => {})
      throw writeError(path, error)
    }
  }

  async #saveTrained(trainer: Trainer, making: string): Promise<void> {
    const lora = this.#lora
    const names = [...this.#base.parts.unet.tensors.keys()].sort()
    await mkdir(join(making, 'unet'), { recursive: true })
    const merged = names.map((name) => ({ name, source: `merged/${name}` }))
    await trainer.save(join(making, unetFile), merged, { format: 'pt' })

    const kinds = ['trainable', 'exp_avg', 'exp_avg_sq', ...(lora ? ['ema'] : [])]
    const trained = trainer.trainable.map(({ name }) => name)
    const state = kinds.flatMap((kind) => trained.map((name) => `${kind}/${name}`))
    await trainer.save(
      join(making, stateFile),
      [...state, 'counters'].map((name) => ({ name, source: name })),
    )
    if (!lora) return
    await mkdir(join(making, 'adapter'))
    await trainer.save(
      join(making, 'adapter', 'pytorch_lora_weights.safetensors'),
      trained.map((name) => ({ name: `unet.${name}`, source: `ema/${name}` })),
      adapterMetadata(lora),
    )
    await writeFileAtomic(
      join(making, 'adapter', 'adapter_config.json'),
      adapterConfig(lora, this.#base.path),
    )
  }

  /** Weights are linked where the file system can; else to the last checkpoint's; else copied. */
  async #placeFrozen(making: string): Promise<void> {
    const [last] = await listCheckpoints(this.#outputDir)
    for (const { name, source, weights } of await this.#frozenFiles()) {
      const target = join(making, name)
      await mkdir(join(target, '..'), { recursive: true })
      const linked =
        weights &&
        ((await tryLink(source, target)) ||
          (last !== undefined && (await tryLinkCopy(join(last.path, name), source, target))))
      if (!linked) await copySynced(source, target)
    }
  }

  async #frozenFiles(): Promise<PartFile[]> {
    const { path: dir, parts } = this.#base
    const used = new Set<string>()
    for (const part of Object.values(parts)) {
      for (const { file } of part.tensors.values()) used.add(file)
    }
    const files = ['model_index.json', join('unet', 'config.json')].map((name) => ({
      name,
      source: join(dir, name),
      weights: false,
    }))
    for (const part of frozenParts) {
      for (const file of await readdir(join(dir, part)).catch(() => [])) {
        const source = join(dir, part, file)
        const weights = weightsEndings.has(extname(file))
        if (weights && !used.has(source)) continue
        if (!(await stat(source)).isFile()) continue
        files.push({ name: join(part, file), source: await realpath(source), weights })
      }
    }
    return files
  }
}

async function copySynced(source: string, target: string): Promise<void> {
  await copyFile(source, target, constants.COPYFILE_FICLONE)
  await sync(target)
}

/** The core's say which file of the checkpoint; what is wrong with the disk is said as elsewhere. */
function writeError(path: string, error: unknown): AudioLDMError {
  if (!(error instanceof AudioLDMError)) return outputError(path, error)
  const code = error instanceof OutputError && /\b(E[A-Z]+): /.exec(error.message)?.[1]
  return code ? outputError(path, Object.assign(new Error(error.message), { code })) : error
}

async function tryLink(source: string, target: string): Promise<boolean> {
  return link(source, target).then(
    () => true,
    () => false,
  )
}

/** A copy that an earlier checkpoint made has the size of its source. */
async function tryLinkCopy(earlier: string, source: string, target: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(earlier).catch(() => undefined), stat(source)])
  return a?.size === b.size && (await tryLink(earlier, target))
}

/** Of a file or a folder. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
