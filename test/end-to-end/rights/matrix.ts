/** One question: may this identity do this to that? `allowed` is what the declarations answer. */
export type Cell = {
  readonly identity: string
  readonly operation: string
  readonly target: string
  readonly allowed: boolean
}

export type Answer = 'allowed' | 'denied'

/** One kind of server, as its declarations and itself answer. Asking leaves nothing behind. */
export type Probe<Asked extends Cell = Cell> = {
  readonly name: string
  /** From the declarations. */
  readonly cells: readonly Asked[]
  /** Really tries it, on the running system. @throws when the system neither allows nor denies it. */
  readonly ask: (cell: Asked) => Promise<Answer>
  readonly close: () => Promise<void>
}

/** Identities that are asked for at the same time; each asks one question after another. */
const AT_ONCE = 6

/** What the running system answers otherwise than the declarations, a sentence each. */
export async function differences<Asked extends Cell>({
  cells,
  ask,
}: Pick<Probe<Asked>, 'cells' | 'ask'>): Promise<readonly string[]> {
  const waiting = [...Map.groupBy(cells, ({ identity }) => identity).values()]
  const found: string[] = []
  const worker = async () => {
    for (let own = waiting.shift(); own !== undefined; own = waiting.shift()) {
      for (const cell of own) {
        const answer = await ask(cell).catch((error: unknown) => {
          throw new Error(`${inWords(cell)}: neither allowed nor denied`, { cause: error })
        })
        if ((answer === 'allowed') !== cell.allowed) found.push(differing(cell))
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return found.toSorted()
}

function differing(cell: Cell): string {
  return cell.allowed
    ? `${inWords(cell)}: declared, and denied`
    : `${inWords(cell)}: allowed, and not declared`
}

function inWords({ identity, operation, target }: Cell): string {
  return `${identity}, ${operation}, ${target}`
}
