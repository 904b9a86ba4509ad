// An AudioLDM-S with random weights, written when it is first needed (1.7 GB).

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from '../scripts/steps.mjs'

export const python = join(root, '.venv', 'bin', 'python')

export function randomModel() {
  const folder = join(root, 'build', 'bench', 'audioldm-s')
  // An earlier version of this program wrote models that cannot hear.
  if (existsSync(join(folder, 'audio_encoder'))) return folder
  console.error('writing an AudioLDM-S with random weights (1.7 GB) …')
  const args = ['-W', 'ignore', '-m', 'audioldm_export', 'random-model', '--size', 's']
  args.push('--out', folder)
  if (run(python, args, { PYTHONPATH: join(root, 'export') }) !== 0) process.exit(1)
  return folder
}
