/** One question of a matrix: may somebody do something? */
type Cell = { readonly allowed: boolean }

/**
 * Asks for every cell of a matrix, one after the other.
 *
 * @param nameOf names a cell, for people.
 * @returns a line for each cell that is answered otherwise than it is declared.
 */
export async function differing<Asked extends Cell>(
  cells: readonly Asked[],
  ask: (cell: Asked) => Promise<'allowed' | 'denied'>,
  nameOf: (cell: Asked) => string,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const cell of cells) {
    const answer = await ask(cell)
    if ((answer === 'allowed') !== cell.allowed) lines.push(`${nameOf(cell)}: ${answer}`)
  }
  return lines
}
