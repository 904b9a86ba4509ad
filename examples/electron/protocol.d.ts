/** What goes over the MessagePort between the page and the engine. Plain data, so that it can be copied. */

export interface Order {
  prompt: string
  negativePrompt?: string
  durationSeconds: number
  steps: number
  seed: number
}

/** `id` is the page's name for the clip. */
export type ToEngine =
  | { type: 'generate'; id: number; order: Order }
  | { type: 'abort'; id: number }
  /** Fetches libtorch; sent once the user has agreed to its size and licence. */
  | { type: 'install' }

export type FromEngine =
  | { type: 'ready'; model: string; sampleRate: number; randomWeights: boolean }
  /** libtorch is not on this machine. */
  | { type: 'libtorch-missing'; message: string }
  | { type: 'installing'; stage: string; bytes: number; total: number | null }
  | { type: 'step'; id: number; step: number; steps: number }
  | { type: 'audio'; id: number; startSample: number; sampleRate: number; samples: Float32Array }
  /** The bytes of a WAV file, to keep and to drag out. */
  | { type: 'clip'; id: number; wav: Uint8Array; seconds: number }
  | { type: 'error'; id?: number; code: string; message: string; hint?: string }
