/** The element of the page with that id. */
export function byId<K extends keyof HTMLElementTagNameMap>(tag: K, id: string) {
  const element = document.getElementById(id)
  if (element?.localName !== tag) throw new Error(`the page has no ${tag} #${id}`)
  return element as HTMLElementTagNameMap[K]
}

/** A new element with text and attributes. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  text = '',
  attributes: Record<string, string> = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  element.textContent = text
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}
