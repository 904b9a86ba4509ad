/** The token of a server that asks for one: kept as long as the tab. */
import { byId } from './dom.js'

const key = 'audioldm-token'

export function token(): string {
  return sessionStorage.getItem(key) ?? ''
}

/** Asks for it, until something is given. */
export function askToken(): Promise<void> {
  const dialog = byId('dialog', 'token-dialog')
  const input = byId('input', 'token')
  input.value = ''
  dialog.showModal()
  return new Promise((resolve) => {
    const closed = () => {
      if (input.value === '') return dialog.showModal()
      dialog.removeEventListener('close', closed)
      sessionStorage.setItem(key, input.value)
      resolve()
    }
    dialog.addEventListener('close', closed)
  })
}
