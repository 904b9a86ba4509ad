/** The folder that a run writes into. */
import { join, resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.js'
import { type FileLock, lockFile } from '../../files/file-lock.js'
import { makeFolder } from '../../files/write-file.js'
import { listCheckpoints, newestState, type SavedState, sweep } from './checkpoint-folder.js'

export class OutputFolder {
  readonly path: string
  /** What to go on from; undefined for a new run. */
  readonly state: SavedState | undefined
  readonly #lock: FileLock

  private constructor(path: string, lock: FileLock, state: SavedState | undefined) {
    this.path = path
    this.#lock = lock
    this.state = state
  }

  /** @throws InvalidOptionError where another run is in it, or was and is not to go on; OutputError */
  static async open(
    dir: string,
    resume: boolean,
    onWarning: (message: string) => void,
  ): Promise<OutputFolder> {
    const path = resolve(dir)
    await makeFolder(path)
    const lock = await lockFile(join(path, '.lock'))
    if (!('release' in lock)) {
      const hint = `Wait for it, or choose another folder; if there is no such process, remove ${join(path, '.lock')}`
      throw new InvalidOptionError('outputDir', `${lock.holder} trains in ${path}`, hint)
    }
    try {
      const [newest] = await listCheckpoints(path)
      if (newest && !resume) {
        const hint = 'Set resume: true (--resume) to go on with it, or choose another folder.'
        const message = `${path} holds a run that has reached step ${newest.step}`
        throw new InvalidOptionError('outputDir', message, hint)
      }
      await sweep(path)
      const state = await newestState(path, (damaged, reason) =>
        onWarning(`${damaged} cannot be gone on from: ${reason}`),
      )
      return new OutputFolder(path, lock, state)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  close(): Promise<void> {
    return this.#lock.release()
  }
}
