// Packs prebuilds/linux-x64/: the loader and, beside it, the core for the libtorch at hand.
// prebuildify calls node-gyp, and node-gyp calls CMake through binding.gyp.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './steps.mjs'

const setup = run('node', ['scripts/setup.mjs'])
if (setup !== 0) process.exit(setup)
const status = run('node_modules/.bin/prebuildify', ['--napi', '--tag-libc', '--strip', '-t', process.versions.node])
if (status !== 0) process.exit(status)
const folder = join(root, 'prebuilds', 'linux-x64')
const names = existsSync(folder) ? readdirSync(folder) : []
console.log(`prebuilds/linux-x64: ${names.join(', ')}`)
const complete = names.some((name) => name.endsWith('.node')) && names.some((name) => name.endsWith('.so'))
process.exit(complete ? 0 : 1)
