export { Audio, type WavOptions } from './audio/audio.js'
export type { SpectrogramOptions } from './audio/spectrogram.js'
export {
  AbortError,
  AudioLDMError,
  DeviceUnavailableError,
  DisposedError,
  EngineError,
  HubError,
  InvalidModelError,
  InvalidOptionError,
  InvalidWeightsError,
  NativeLoadError,
  OutputError,
} from './errors.js'
export {
  type ClipOptions,
  type ClipSettings,
  type GenerateEvent,
  type GenerateOptions,
  type GenerateResult,
  type GenerateTimings,
  generate,
} from './generate.js'
export { type PullOptions, type PullProgress, type PullResult, pull } from './hub/pull.js'
export { Job } from './job.js'
export {
  type LoadModelOptions,
  type LoadProgress,
  loadModel,
  Model,
  type ModelInfo,
} from './model.js'
export { type DoctorReport, doctor } from './native/doctor.js'
export { Tensor, type TensorData } from './tensor.js'
export {
  type ImportOptions,
  type ImportProgress,
  type ImportResult,
  importCheckpoint,
} from './weights/original/import.js'
