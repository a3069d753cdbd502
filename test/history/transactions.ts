import type { Transaction } from './attempts.ts'
import type { Operation } from './operations.ts'

type Ends = { readonly commits: Operation[]; readonly aborts: Operation[] }

/** Every transaction that occurs in the history, without its sends. */
export function transactionsOf(operations: readonly Operation[]): ReadonlyMap<string, Transaction> {
  const ends = new Map<string, Ends>()
  for (const operation of operations) {
    if (!('transaction' in operation) || operation.transaction === undefined) continue
    const known = ends.get(operation.transaction) ?? { commits: [], aborts: [] }
    ends.set(operation.transaction, known)
    if (operation.kind === 'commit') known.commits.push(operation)
    if (operation.kind === 'abort') known.aborts.push(operation)
  }
  return new Map([...ends].map(([id, those]) => [id, transactionOf(id, those)]))
}

function transactionOf(id: string, ends: Ends): Transaction {
  const committed = ends.commits.filter(({ outcome }) => outcome === 'ok')
  return {
    ...{ id, outcome: outcomeOf(ends), attempts: [] },
    commitBegin: ends.commits[0]?.begin ?? Infinity,
    commitEnd: committed[0]?.end ?? Infinity,
  }
}

/** An abort that is acknowledged after an unknown commit settles it: the broker refuses to abort what it committed. */
function outcomeOf({ commits, aborts }: Ends): Transaction['outcome'] {
  if (commits.some(({ outcome }) => outcome === 'ok')) return 'committed'
  if (aborts.some(({ outcome }) => outcome === 'ok')) return 'aborted'
  if (commits.some(({ outcome }) => outcome === 'unknown')) return 'unknown'
  return commits.length > 0 || aborts.length > 0 ? 'aborted' : 'unfinished'
}
