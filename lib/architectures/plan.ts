import type { AttributeValue, PartName } from '../native/binding.js'

/** What a part's config.json says about its archive and its weights. */
export interface PartPlan {
  archive: PartName | 'audio_encoder' | 'fusion_audio_encoder'
  /** Set on the archive's root module. */
  attributes: Record<string, AttributeValue>
  /** Every tensor the archive binds: name → shape. */
  tensors: Map<string, number[]>
  /** Buffers a weights file may have beside them; they are recomputed or not used. */
  optional: Set<string>
}

/** Collects tensor names and shapes, layer by layer, as PyTorch's modules lay them out. */
export class TensorShapes {
  readonly map = new Map<string, number[]>()

  set(name: string, shape: number[]): void {
    this.map.set(name, shape)
  }

  linear(name: string, inputs: number, outputs: number, bias = true): void {
    this.set(`${name}.weight`, [outputs, inputs])
    if (bias) this.set(`${name}.bias`, [outputs])
  }

  conv1d(name: string, inputs: number, outputs: number, kernel: number): void {
    this.set(`${name}.weight`, [outputs, inputs, kernel])
    this.set(`${name}.bias`, [outputs])
  }

  convTranspose1d(name: string, inputs: number, outputs: number, kernel: number): void {
    this.set(`${name}.weight`, [inputs, outputs, kernel])
    this.set(`${name}.bias`, [outputs])
  }

  conv2d(name: string, inputs: number, outputs: number, kernel: number): void {
    this.set(`${name}.weight`, [outputs, inputs, kernel, kernel])
    this.set(`${name}.bias`, [outputs])
  }

  /** GroupNorm or LayerNorm. */
  norm(name: string, width: number): void {
    this.set(`${name}.weight`, [width])
    this.set(`${name}.bias`, [width])
  }

  /** ResnetBlock2D; `embedding` is the width of the time embedding, 0 where there is none. */
  resnet(name: string, inputs: number, outputs: number, embedding: number): void {
    this.norm(`${name}.norm1`, inputs)
    this.conv2d(`${name}.conv1`, inputs, outputs, 3)
    if (embedding > 0) this.linear(`${name}.time_emb_proj`, embedding, outputs)
    this.norm(`${name}.norm2`, outputs)
    this.conv2d(`${name}.conv2`, outputs, outputs, 3)
    if (inputs !== outputs) this.conv2d(`${name}.conv_shortcut`, inputs, outputs, 1)
  }
}
