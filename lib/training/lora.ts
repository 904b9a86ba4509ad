/** Which layers get adapters, and how peft and diffusers describe them. */

import type { LoraTarget } from './options.js'

export interface LoraPlan {
  rank: number
  alpha: number
  /** Names of linear layers of the UNet. */
  modules: string[]
}

/** Names of linear layers of the UNet, by their last parts. */
const targets: Record<LoraTarget, RegExp> = {
  attention: /\.(to_q|to_k|to_v|to_out\.0)\.weight$/,
  film: /(^|\.)(class_embedding|time_emb_proj)\.weight$/,
}

/** `names`: of the UNet's weights. */
export function loraModules(names: Iterable<string>, wanted: readonly LoraTarget[]): string[] {
  return [...names]
    .filter((name) => wanted.some((target) => targets[target].test(name)))
    .map((name) => name.slice(0, -'.weight'.length))
    .sort()
}

/** The `__metadata__` of pytorch_lora_weights.safetensors, as diffusers reads it. */
export function adapterMetadata(lora: LoraPlan): Record<string, string> {
  const config = Object.entries(peftFields(lora)).map(([key, value]) => [`unet.${key}`, value])
  return { format: 'pt', lora_adapter_metadata: JSON.stringify(Object.fromEntries(config)) }
}

/** adapter_config.json of peft. */
export function adapterConfig(lora: LoraPlan, base: string): string {
  const config = {
    base_model_name_or_path: base,
    inference_mode: true,
    peft_type: 'LORA',
    ...peftFields(lora),
  }
  return `${JSON.stringify(config, null, 2)}\n`
}

function peftFields({ rank, alpha, modules }: LoraPlan) {
  return {
    r: rank,
    lora_alpha: alpha,
    target_modules: modules,
    lora_dropout: 0,
    bias: 'none',
    use_rslora: false,
    use_dora: false,
  }
}
