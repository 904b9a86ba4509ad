/** The built-in backbones. A new one is an entry here, an architecture beside and an archive. */
import type { Architecture } from './architecture.js'
import type { BackboneOutput, PannsName } from './backbone.js'
import { cnn14 } from './cnn14.js'
import { passt } from './passt.js'
import { vggish } from './vggish.js'
import { wavegramCnn14 } from './wavegram-cnn14.js'

export interface BuiltInBackbone {
  readonly name: PannsName | 'passt' | 'vggish'
  readonly architecture: Architecture
  /** The option that takes its weights file. */
  readonly option: 'panns' | 'passt' | 'vggish'
  readonly sampleRate: number
  readonly outputs: readonly BackboneOutput[]
  /** Several rows a clip. */
  readonly frames: boolean
}

export function builtInBackbone(name: BuiltInBackbone['name']): BuiltInBackbone {
  return backbones.find((entry) => entry.name === name) as BuiltInBackbone
}

export const backbones: readonly BuiltInBackbone[] = [
  {
    name: 'cnn14-16k',
    architecture: cnn14,
    option: 'panns',
    sampleRate: 16000,
    outputs: ['embedding', 'logits'],
    frames: false,
  },
  {
    name: 'cnn14-32k',
    architecture: cnn14,
    option: 'panns',
    sampleRate: 32000,
    outputs: ['embedding', 'logits'],
    frames: false,
  },
  {
    name: 'wavegram-logmel',
    architecture: wavegramCnn14,
    option: 'panns',
    sampleRate: 32000,
    outputs: ['embedding', 'logits'],
    frames: false,
  },
  {
    name: 'passt',
    architecture: passt,
    option: 'passt',
    sampleRate: 32000,
    outputs: ['embedding', 'logits'],
    frames: false,
  },
  {
    name: 'vggish',
    architecture: vggish,
    option: 'vggish',
    sampleRate: 16000,
    outputs: ['embedding'],
    frames: true,
  },
]
