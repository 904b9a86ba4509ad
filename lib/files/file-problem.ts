/** Why a file cannot be opened or read, in a few words, from the error of node:fs. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission'
  if (code === 'ENXIO') return 'it is a socket or a device'
  return code ?? message
}
