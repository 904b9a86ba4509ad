import { copyFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../../files/write-file.js'

const files = [
  'vocab.json',
  'merges.txt',
  'tokenizer.json',
  'added_tokens.json',
  'special_tokens_map.json',
  'tokenizer_config.json',
]

/** Copies a tokenizer folder that has been checked; writes the configuration it may lack. */
export async function copyTokenizer(from: string, to: string): Promise<void> {
  for (const name of files) {
    const exists = await stat(join(from, name)).then(
      (info) => info.isFile(),
      () => false,
    )
    if (exists) await copyFile(join(from, name), join(to, name))
    else if (name === 'tokenizer_config.json') {
      const config = { tokenizer_class: 'RobertaTokenizer', model_max_length: 512 }
      await writeFileAtomic(join(to, name), `${JSON.stringify(config, null, 2)}\n`)
    }
  }
}
