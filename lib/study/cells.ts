/** Finished cells of a study on disk, which are never made twice. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../files/canonical-json.js'
import { makeFolder, writeFileAtomic } from '../files/write-file.js'
import type { StudyCell } from './results.js'

/** A cell before it is made. */
export interface CellPlan extends Pick<StudyCell, 'study' | 'labels' | 'identity' | 'list'> {
  /** Makes what is missing in `folder`, which holds what an earlier try left there. */
  make(folder: string): Promise<MadeCell>
}

export type MadeCell = Pick<StudyCell, 'score' | 'skipped' | 'training' | 'samples'>

/**
 * A cell has a folder `cells/<study>-<key>`, by the first 16 digits of its key. It is finished once
 * `cell.json` is there, which is written last and appears whole.
 */
export class Cells {
  constructor(private readonly outputDir: string) {}

  /** Undefined where the cell is not finished. */
  async find(plan: Omit<CellPlan, 'make'>): Promise<StudyCell | undefined> {
    const text = await readFile(join(this.#folder(plan), 'cell.json'), 'utf8').catch(() => '')
    const cell = parseCell(text)
    if (cell?.key !== keyOf(plan)) return undefined
    // What it is arranged by decides no number.
    const { study, labels } = plan
    return { ...cell, study, labels: { ...labels } }
  }

  /** The finished cell, made where it is not yet. @throws OutputError, and what making it throws */
  async finish(plan: CellPlan): Promise<StudyCell> {
    const found = await this.find(plan)
    if (found) return found
    const { study, labels, identity, list, make } = plan
    const folder = this.#folder(plan)
    await makeFolder(folder)
    const made = await make(folder)
    const cell: StudyCell = { key: keyOf(plan), study, labels, identity, list, ...made }
    await writeFileAtomic(join(folder, 'cell.json'), `${JSON.stringify(cell, null, 2)}\n`)
    // As it is found next time: in JSON a number that is none is null.
    return (await this.find(plan)) as StudyCell
  }

  #folder(plan: Omit<CellPlan, 'make'>): string {
    return join(this.outputDir, 'cells', `${plan.study}-${keyOf(plan).slice(0, 16)}`)
  }
}

export function keyOf({ identity }: Pick<StudyCell, 'identity'>): string {
  return createHash('sha256').update(canonicalJson(identity)).digest('hex')
}

/** What a crash of the machine has left of a file is no cell. */
function parseCell(text: string): StudyCell | undefined {
  try {
    return JSON.parse(text) as StudyCell
  } catch {
    return undefined
  }
}
