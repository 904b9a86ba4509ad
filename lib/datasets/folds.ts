/** Data sets that are published in folds. */
import { z } from 'zod'
import { InvalidOptionError } from '../errors.js'
import { integerIn, parseOptions } from '../options.js'
import { templateOption } from './captions.js'
import type { Dataset, DatasetName, LoadedDataset } from './dataset.js'
import { datasetFolder } from './folder-option.js'

export interface FoldedDatasetOptions {
  /** Which folds to take. Default: all. */
  folds?: readonly number[]
  /** What labels become as captions. Default: 'This is a sound of {label}.' */
  template?: string
}

const form = { error: 'expected one or more fold numbers, such as [1, 2]' }

const foldsOption = z
  .array(integerIn(0, 1000), form)
  .min(1, form)
  .transform((folds) => [...new Set(folds)].sort((a, b) => a - b))
  .optional()

const foldedSchema = z.strictObject({ folds: foldsOption, template: templateOption })

/** `read` goes through the list below the folder and takes the clips of wanted folds. */
export function foldedDataset(
  name: DatasetName,
  folder: string,
  options: FoldedDatasetOptions,
  read: (
    folder: string,
    template: string,
    folds: FoldFilter,
    signal?: AbortSignal,
  ) => Promise<LoadedDataset>,
): Dataset {
  const path = datasetFolder(folder)
  const { folds, template } = parseOptions(foldedSchema, options)
  return {
    name,
    path,
    template,
    ...(folds && { folds }),
    load: (signal) => read(path, template, new FoldFilter(folds), signal),
  }
}

/** The number of a fold, or undefined where the text is none. */
export function foldOf(text: string): number | undefined {
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined
}

/** Which folds a list has, and whether those that are wanted are among them. */
export class FoldFilter {
  private readonly seen = new Set<number>()

  constructor(private readonly wanted: readonly number[] | undefined) {}

  takes(fold: number): boolean {
    this.seen.add(fold)
    return this.wanted?.includes(fold) ?? true
  }

  /** @throws InvalidOptionError naming a wanted fold that the list does not have. */
  finish(list: string): void {
    const absent = this.wanted?.find((fold) => !this.seen.has(fold))
    if (absent === undefined) return
    const there = [...this.seen].sort((a, b) => a - b).join(', ')
    throw new InvalidOptionError('folds', `${list} has no fold ${absent}; there are ${there}`)
  }
}
