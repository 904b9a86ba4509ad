/** A result that a notebook can show. */
export type Shown<R> = R & {
  /** Pieces of HTML that need no other file. */
  toHTML(): Promise<string>
}

/** The result stays plain data: what copies or serialises it does not see the method. */
export function withHtml<R extends object>(
  result: R,
  toHTML: (result: R) => string | Promise<string>,
): Shown<R> {
  return Object.defineProperty(result, 'toHTML', {
    value: async () => toHTML(result),
  }) as Shown<R>
}
