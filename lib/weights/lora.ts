/** Low-rank adapters (LoRA) of a UNet, as peft and diffusers save them. */
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InvalidWeightsError } from '../errors.js'
import { type Json, parseJson } from '../files/json.js'
import type { TensorSource, TensorTable } from '../native/tensor-table.js'
import { readSafetensors, readSafetensorsMetadata } from './safetensors.js'
import { readTensor } from './tensor.js'

/** The weight `target` becomes weight + scale · up · down. */
export interface Adapter {
  /** `….to_q.weight` */
  target: string
  /** [rank, in] */
  down: TensorSource
  /** [out, rank] */
  up: TensorSource
  scale: number
}

type Fields = { [key: string]: Json }

const diffusersFile = 'pytorch_lora_weights.safetensors'
const peftFile = 'adapter_model.safetensors'
const configFile = 'adapter_config.json'
const MAX_CONFIG_BYTES = 1 << 20

const nameForm = /^(?:unet|base_model\.model)\.(.+)\.(lora_[AB]\.weight|alpha)$/

/**
 * The adapters at `path`: a file in the layout of diffusers (`unet.….lora_A.weight`) or peft
 * (`base_model.model.….lora_A.weight`), or the folder that holds it. Their alpha is what the file
 * says (`.alpha` tensors, `lora_adapter_metadata`), else adapter_config.json beside it, else the rank.
 * `expected`: names and shapes of the weights that can have one.
 * @throws InvalidWeightsError that lists everything that does not fit
 */
export async function readLora(path: string, expected: Map<string, number[]>): Promise<Adapter[]> {
  const file = await findFile(path)
  const table = await readSafetensors(file)
  const config = (await readMetadata(file)) ?? (await readConfig(join(dirname(file), configFile)))
  const problems = unsupported(config)
  const layers = layersOf(table, problems)
  if (layers.size === 0) problems.push('no tensor is named unet.….lora_A.weight')
  const adapters: Adapter[] = []
  for (const [module, layer] of layers) {
    const { 'lora_A.weight': down, 'lora_B.weight': up } = layer
    const target = `${module}.weight`
    const problem = misfit(target, down, up, expected.get(target))
    if (problem) problems.push(problem)
    else if (down && up) {
      const rank = down.shape[0]
      const alpha = await alphaOf(module, layer.alpha, config)
      const rslora = config.use_rslora === true
      const scale = (alpha ?? rank) / (rslora ? Math.sqrt(rank) : rank)
      if (!Number.isFinite(scale)) problems.push(`${module}: its alpha is not a finite number`)
      adapters.push({ target, down, up, scale })
    }
  }
  if (problems.length === 0) return adapters
  throw new InvalidWeightsError(
    `${file}: the adapters do not fit the model (${problems.length} problems)`,
    problems,
    'Adapters are for the UNet of the model they were trained with.',
  )
}

async function findFile(path: string): Promise<string> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
  if (!isFolder) return path
  for (const name of [diffusersFile, peftFile]) {
    const file = join(path, name)
    if (await stat(file).catch(() => undefined)) return file
  }
  throw new InvalidWeightsError(
    `${path}: has no adapters; looked for ${diffusersFile} and ${peftFile}`,
  )
}

/** What diffusers keeps in the file itself: fields of peft's configuration, with `unet.` before. */
async function readMetadata(file: string): Promise<Fields | undefined> {
  const text = (await readSafetensorsMetadata(file)).get('lora_adapter_metadata')
  if (text === undefined) return undefined
  const fields = parse(text, `${file}: lora_adapter_metadata`)
  const own = Object.entries(fields).filter(([key]) => key.startsWith('unet.'))
  return Object.fromEntries(own.map(([key, value]) => [key.slice('unet.'.length), value]))
}

async function readConfig(file: string): Promise<Fields> {
  const info = await stat(file).catch(() => undefined)
  if (info === undefined) return {}
  if (!info.isFile() || info.size > MAX_CONFIG_BYTES) {
    throw new InvalidWeightsError(`${file}: is no configuration of an adapter`)
  }
  return parse(await readFile(file, 'utf8'), file)
}

function parse(text: string, where: string): Fields {
  let value: Json
  try {
    value = parseJson(text)
  } catch (error) {
    throw new InvalidWeightsError(`${where}: not valid JSON: ${(error as Error).message}`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new InvalidWeightsError(`${where}: is not a JSON object`)
}

/** Kinds of adapters that add something else than scale · up · down. */
function unsupported(config: Fields): string[] {
  const problems: string[] = []
  const type = config.peft_type
  if (type !== undefined && type !== 'LORA') problems.push(`peft_type ${show(type)} is not LORA`)
  for (const key of ['use_dora', 'fan_in_fan_out', 'lora_bias']) {
    if (config[key] === true) problems.push(`${key} is not supported`)
  }
  return problems
}

type Layer = Partial<Record<'lora_A.weight' | 'lora_B.weight' | 'alpha', TensorSource>>

function layersOf(table: TensorTable, problems: string[]): Map<string, Layer> {
  const layers = new Map<string, Layer>()
  for (const [name, source] of table) {
    const [, module, kind] = nameForm.exec(name) ?? []
    if (module === undefined) {
      problems.push(`unexpected: ${name}`)
      continue
    }
    const layer = layers.get(module) ?? {}
    layers.set(module, layer)
    if (layer[kind as keyof Layer]) problems.push(`${name} is there under two names`)
    layer[kind as keyof Layer] = source
  }
  return layers
}

const floating = ['float64', 'float32', 'float16', 'bfloat16']

function misfit(
  target: string,
  down: TensorSource | undefined,
  up: TensorSource | undefined,
  shape: number[] | undefined,
): string | undefined {
  if (shape?.length !== 2) return `${target}: the model has no linear layer of this name`
  if (!down || !up) return `${target}: its adapter lacks lora_${down ? 'B' : 'A'}.weight`
  const [out, inner] = shape
  const form = `[rank, ${inner}] and [${out}, rank]`
  const fits =
    down.shape.length === 2 &&
    up.shape.length === 2 &&
    down.shape[0] > 0 &&
    down.shape[0] === up.shape[1] &&
    down.shape[1] === inner &&
    up.shape[0] === out
  if (!fits) {
    return `${target}: its adapter is [${down.shape}] and [${up.shape}], expected ${form}`
  }
  const odd = [down, up].find(({ dtype }) => !floating.includes(dtype))
  return odd && `${target}: its adapter holds ${odd.dtype}, not floating-point numbers`
}

/** undefined where nothing says so: it is the rank then. */
async function alphaOf(
  module: string,
  tensor: TensorSource | undefined,
  config: Fields,
): Promise<number | undefined> {
  if (tensor) {
    if (tensor.shape.some((size) => size !== 1)) return Number.NaN
    return Number((await readTensor(tensor))[0])
  }
  const patterns = (config.alpha_pattern ?? {}) as Fields
  const own = Object.keys(patterns).find((key) => module === key || module.endsWith(`.${key}`))
  const alpha = own === undefined ? config.lora_alpha : patterns[own]
  if (alpha === undefined || alpha === null) return undefined
  return typeof alpha === 'number' ? alpha : Number.NaN
}

const show = (value: Json) => JSON.stringify(value)
