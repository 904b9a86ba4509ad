// Takes locks with the compiled library and keeps them.
//   node take.cjs LOCK                  one; says when it has it
//   node take.cjs START MILLIS LOCK…    each at its time, START + i · MILLIS; says which it got
const { lockFile } = require('../../../dist/files/file-lock.js')

async function keep(path) {
  await lockFile(path)
  setInterval(() => {}, 1000)
  console.log('has it')
}

async function race(start, millis, paths) {
  for (const [i, path] of paths.entries()) {
    const wait = start + i * millis - Date.now()
    await new Promise((resolve) => setTimeout(resolve, wait - 2))
    while (Date.now() < start + i * millis);
    if ('release' in (await lockFile(path))) console.log(i)
  }
}

const [first, ...rest] = process.argv.slice(2)
const [millis, ...paths] = rest
if (rest.length === 0) keep(first)
else race(Number(first), Number(millis), paths)
