/** Text for a place in HTML, between tags or in an attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}

/** A picture whose styles and ids stay its own, however many are on a page. */
export function svgImage(svg: string, alt: string): string {
  const data = Buffer.from(svg).toString('base64')
  return `<img alt="${escapeHtml(alt)}" style="max-width:100%" src="data:image/svg+xml;base64,${data}">`
}
