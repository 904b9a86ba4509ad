/** Labels in words, and captions of them. */
import { z } from 'zod'
import { expecting } from '../options.js'

/**
 * The paper does not say how labels became prompts. This is the template with which LAION's CLAP,
 * whose text tower conditions AudioLDM, was published and evaluated on ESC-50 and UrbanSound8K.
 */
export const defaultTemplate = 'This is a sound of {label}.'

const maxTemplate = 1000
const placeholder = '{label}'
const form = `a text of at most ${maxTemplate} characters with ${placeholder} in it`

export const templateOption = z
  .string(expecting(form))
  .max(maxTemplate, expecting(form))
  .includes(placeholder, expecting(form))
  .default(defaultTemplate)

/** 'door_wood_knock' as 'door wood knock'. */
export function words(label: string): string {
  return tidy(label.replaceAll('_', ' '))
}

/** One line, one blank between words. */
export function tidy(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}

/** Several labels are joined by ', '. */
export function captionOf(labels: readonly string[], template: string): string {
  return template.replaceAll(placeholder, () => labels.join(', '))
}
