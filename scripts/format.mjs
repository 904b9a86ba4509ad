// Formats every file as `npm test` wants it.

import { join } from 'node:path'
import { listFiles, root, run } from './steps.mjs'

const python = join(root, '.venv', 'bin', 'python')
const nativeFiles = listFiles(join(root, 'native')).filter((file) => /\.(cc|h)$/.test(file))
const results = [
  run('node_modules/.bin/biome', ['check', '--write', '.']),
  run(python, ['-m', 'ruff', 'check', '--fix', '.']),
  run(python, ['-m', 'ruff', 'format', '.']),
  run(join(root, '.venv', 'bin', 'clang-format'), ['-i', ...nativeFiles]),
]
process.exit(Math.max(...results))
