// The README's first command: sets up what is missing, then makes a sound file.

import { join } from 'node:path'
import { root, run } from './steps.mjs'

const setup = run('node', ['scripts/setup.mjs'])
if (setup !== 0) process.exit(setup)
process.exit(
  run('node', [
    join(root, 'dist', 'cli', 'main.js'),
    'generate',
    'a dog barking',
    '--seed',
    '1',
    '--duration',
    '5',
    '--out',
    'first-sound.wav',
    '--spectrogram',
    'first-sound.png',
  ]),
)
