import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Begun first, so that the last minutes have work for both processes. */
const long = [
  'parity/full-size',
  'notebooks/notebooks',
  'docs/examples',
  'docs/snippets',
  'parity/generate',
  'training/parity',
  'parity/original',
  'training/resume',
  'training/fine-tune',
  'native/trainer',
  'server/load',
  'page/page',
]

class LongOnesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      [...long, ''].findIndex((name) => moduleId.includes(name))
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Two at a time at most: every fork may hold libtorch and a model.
    maxWorkers: 2,
    sequence: { sequencer: LongOnesFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
