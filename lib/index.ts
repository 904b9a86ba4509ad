export {
  Audio,
  type FlacOptions,
  type OpusOptions,
  type StreamOptions,
  type WavOptions,
} from './audio/audio.js'
export type { ClipInput, SampleClip } from './audio/clip-source.js'
export type { LevelOptions, Loudness } from './audio/loudness.js'
export type { SaveOptions } from './audio/sound-file.js'
export type { AudioInput } from './audio/source.js'
export type { SpectrogramOptions } from './audio/spectrogram.js'
export type {
  MonoRule,
  ResamplerName,
  ResamplerSettings,
  WaveformNeeds,
  WaveformProtocol,
} from './audio/waveform-protocol.js'
export type { AudioBufferLike, AudioContextLike } from './audio/web-audio.js'
export type { BackboneName } from './backbones/backbone.js'
export {
  type ImportBackboneOptions,
  type ImportBackboneProgress,
  type ImportBackboneResult,
  importBackbone,
} from './backbones/import.js'
export { type AudioCapsOptions, audioCaps } from './datasets/audiocaps.js'
export { type AudioSetOptions, audioSet } from './datasets/audioset.js'
export { checkDataset, type DatasetCheckEvent } from './datasets/check.js'
export type {
  Dataset,
  DatasetClip,
  DatasetName,
  DatasetProblem,
  LoadedDataset,
} from './datasets/dataset.js'
export { esc50 } from './datasets/esc50.js'
export { type CaptionedFolderOptions, captionedFolder } from './datasets/folder.js'
export type { FoldedDatasetOptions } from './datasets/folds.js'
export { parseDatasetSpec } from './datasets/spec.js'
export { type SplitOptions, splitClips } from './datasets/split.js'
export type { DatasetReport } from './datasets/tally.js'
export { urbanSound8K } from './datasets/urbansound8k.js'
export { type DoctorReport, doctor } from './doctor/doctor.js'
export {
  AbortError,
  AudioError,
  AudioLDMError,
  DeviceUnavailableError,
  DisposedError,
  EngineError,
  HubError,
  InvalidModelError,
  InvalidOptionError,
  InvalidWeightsError,
  LibtorchInstallError,
  ListenError,
  NativeLoadError,
  OutputError,
  RequestError,
  TrainingError,
} from './errors.js'
export type { Shown } from './files/shown.js'
export type { Skipped } from './files/walk.js'
export {
  type ClipOptions,
  type ClipSettings,
  type GenerateEvent,
  type GenerateOptions,
  type GenerateResult,
  type GenerateTimings,
  generate,
  type InitOptions,
  type MaskOptions,
  type MixedPart,
  type MixPart,
} from './generate/generate.js'
export { type PullOptions, type PullProgress, type PullResult, pull } from './hub/pull.js'
export { Job } from './job.js'
export {
  type InstallLibtorchEvent,
  type InstallLibtorchResult,
  type InstallStage,
  installLibtorch,
  type PlannedDownload,
} from './libtorch/install.js'
export type { InstallLibtorchOptions } from './libtorch/options.js'
export type { InstalledLibtorch } from './libtorch/store.js'
export type { BiasedInterval, Interval } from './metrics/interval.js'
export type { ClipScores, MetricIntervals, MetricName, MetricValues } from './metrics/metric.js'
export type { AskedMetric, MetricAt } from './metrics/metric-at.js'
export {
  type EncodeAudioOptions,
  type LoadModelOptions,
  type LoadProgress,
  loadModel,
  Model,
  type ModelInfo,
} from './model/model.js'
export { cosineSimilarity } from './model/similarity.js'
export { type HTMLDisplay, showProgress } from './notebook/show-progress.js'
export type { CompareEvent, CompareResult } from './score/compare-result.js'
export { compareScores } from './score/compare-scores.js'
export type { Difference, MetricDifferences } from './score/differences.js'
export type { AudioSet } from './score/inputs/inputs.js'
export type { PairingMode } from './score/inputs/pairing.js'
export type { Prompts } from './score/inputs/prompts.js'
export type { Shard } from './score/inputs/shard.js'
export type { CompareScoresOptions, FeatureOptions, ScoreOptions } from './score/options.js'
export type { ClipRow } from './score/per-clip.js'
export type { PresetName } from './score/preset-names.js'
export type {
  BackboneProtocol,
  FeatureProtocol,
  IntervalProtocol,
  ScoreProtocol,
} from './score/protocol/protocol.js'
export type { ScoredPrompts, ScoredSide, ScoreEvent, ScoreResult } from './score/result.js'
export {
  type SaveStatisticsEvent,
  type SaveStatisticsOptions,
  type SaveStatisticsResult,
  saveStatistics,
} from './score/save-statistics.js'
export { score } from './score/score.js'
export type { ClipProgress } from './score/statistics/side.js'
export type { ServeOptions } from './server/options.js'
export { type SoundServer, serve } from './server/serve.js'
export { type StudyReportOptions, studyReport } from './study/report/remake.js'
export {
  type StudyCell,
  type StudyEvent,
  type StudyGeneration,
  type StudyName,
  type StudyOptions,
  type StudyResults,
  type StudyScoring,
  type StudyTraining,
  study,
  studySystem,
} from './study/study.js'
export type { Attributes } from './synthesis/clip.js'
export {
  type SoundCaptionsOptions,
  type SoundClassInfo,
  soundCaptions,
  soundClasses,
} from './synthesis/describe.js'
export { type MakeDatasetEvent, type MakeDatasetResult, makeDataset } from './synthesis/make.js'
export type { MakeDatasetOptions } from './synthesis/options.js'
export { Tensor, type TensorData } from './tensor.js'
export {
  type Evaluation,
  type EvaluationOptions,
  type FineTuneEvent,
  type FineTuneOptions,
  type FineTuneResult,
  fineTune,
  type LoraOptions,
  type LoraTarget,
  type PreparationProgress,
  type PreparedData,
  type SampleOptions,
  type TrainingCondition,
  type TrainingStep,
} from './training/fine-tune.js'
export {
  type ImportOptions,
  type ImportProgress,
  type ImportResult,
  importCheckpoint,
} from './weights/original/import.js'
