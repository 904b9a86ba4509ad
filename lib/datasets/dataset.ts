/** What every data set is, however it is laid out on disk. */

/** One sound of a data set with what is said about it. */
export interface DatasetClip {
  /**
   * Unique in its data set and the same on every machine: seeded splits depend on it. Of a file
   * outside its data set it holds the absolute path, and is the same where that is.
   */
  id: string
  /** Absolute. */
  path: string
  /** One at least: those of the data set, or its labels put into the template. */
  captions: string[]
  /** In words; empty where a data set has none. */
  labels: string[]
  /** Of data sets that are published in folds. */
  fold?: number
  /** The clip is the part of the file from here on; undefined: from its start. */
  startSeconds?: number
  /** The clip ends here; undefined: where the file does. */
  endSeconds?: number
}

/**
 * Something of a data set that is left out.
 * - `missing`: a clip is listed, but its file is not there;
 * - `row`: a row of the list cannot be used: it is damaged, incomplete, or names a place outside;
 * - `unreadable`: the file is there and cannot be read as sound (only `checkDataset` looks).
 */
export interface DatasetProblem {
  kind: 'missing' | 'row' | 'unreadable'
  /** The file; of a row, the list with the number of its line. */
  path: string
  reason: string
}

export interface LoadedDataset {
  /** In the order of the list. Every file is there; none was opened. */
  clips: DatasetClip[]
  problems: DatasetProblem[]
  /** Those whose file is not there, where the list says all about them but that. */
  absent?: Omit<DatasetClip, 'path'>[]
}

export type DatasetName = 'esc50' | 'urbansound8k' | 'audiocaps' | 'audioset' | 'folder'

/** A data set on disk. Its fields are its settings: they and the clips say all there is to record. */
export interface Dataset {
  readonly name: DatasetName
  /** Its folder, absolute. */
  readonly path: string
  /** What labels become as captions: `{label}` stands for them. */
  readonly template?: string
  /** The folds that are taken; undefined: all. */
  readonly folds?: readonly number[]
  /** The part as published, such as 'train'. */
  readonly split?: string
  /** The file that lists the clips, where it was named, relative to the folder. */
  readonly list?: string
  /** The list may name files by absolute paths. */
  readonly absolute?: true
  /**
   * Reads the list and looks which files are there.
   * @throws InvalidOptionError when the folder or its list is not there or is something else.
   */
  load(signal?: AbortSignal): Promise<LoadedDataset>
}
