/** File names of clips: safe on every system, and in clip order when sorted. */

const longest = 80

/**
 * One base name (no folder, no extension) a clip. A clip with a wanted name gets just that, others
 * a number and words of their prompt. Equal names get -2, -3 … in clip order.
 */
export function clipNames(clips: { prompt: string; name?: string }[]): string[] {
  const digits = Math.max(3, String(clips.length).length)
  const taken = new Set<string>()
  return clips.map(({ prompt, name }, i) => {
    const number = String(i + 1).padStart(digits, '0')
    const wanted = name === undefined ? '' : safeName(name.replace(/\.(wav|flac|opus|ogg)$/i, ''))
    const base = wanted || [number, slug(prompt)].filter(Boolean).join('-')
    let unique = base
    // Case is ignored: some file systems do.
    for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = `${base}-${n}`
    taken.add(unique.toLowerCase())
    return unique
  })
}

/** `name` without what a file name must not have: separators, control characters, leading dots. */
function safeName(name: string): string {
  const kept = name.normalize('NFC').replace(/[^\p{L}\p{M}\p{N} _.,()+&'=@-]+/gu, '_')
  return shorten(kept.replace(/^[. _]+(?=.)|[. ]+$/g, '').replace(/^[._]+$/, ''))
}

/** The words of a prompt, lower case, joined by hyphens. */
function slug(prompt: string): string {
  const words = prompt.normalize('NFC').toLowerCase().slice(0, 400)
  return shorten(words.replace(/[^\p{L}\p{M}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '')).replace(
    /-+$/,
    '',
  )
}

/** At most 80 characters and, for file systems that count bytes, 200 of them. */
function shorten(text: string): string {
  const letters = [...text].slice(0, longest)
  while (Buffer.byteLength(letters.join('')) > 200) letters.pop()
  return letters.join('')
}
