export { Audio } from './audio/audio.js'
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
export { Job } from './job.js'
export {
  type LoadModelOptions,
  type LoadProgress,
  loadModel,
  Model,
  type ModelInfo,
} from './model.js'
export { doctor } from './native/doctor.js'
export { Tensor, type TensorData } from './tensor.js'
