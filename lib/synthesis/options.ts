export interface MakeDatasetOptions {
  /** The folder to make. It is new or empty, or has a part of the same data set, which goes on. */
  outputDir: string
  /** How many clips in all, 1 … 1000000, spread evenly over the classes. */
  clips: number
  /** Default: 0. */
  seed?: number | bigint
  /** Names of classes, such as ['church_bell', 'wind']. Default: all. */
  classes?: readonly string[]
  /** Length of a clip, 0.1 … 60. Default: 5. */
  seconds?: number
  signal?: AbortSignal
}
