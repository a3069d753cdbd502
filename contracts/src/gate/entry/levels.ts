import type { Compatibility } from '../../topics.ts'
import { type ContractSet, type Promises, topicsFile } from '../contract-set.ts'
import { directionsOf, isTransitive } from '../difference.ts'
import { type Refusal, readersOf } from '../refusal.ts'

/** A level that lacks a promise of the old one, unless a decision says why less is enough. */
export function levelRefusals(
  { was, is }: { readonly was: Promises; readonly is: Promises },
  base: ContractSet,
  tree: ContractSet,
): readonly Refusal[] {
  const [from, to] = [was.compatibility, is.compatibility]
  if (from === undefined || to === undefined || !isLowered(from, to)) return []
  const named = decisionsIn(is.compatibilityReason ?? '', tree)
  const change = { topic: was.name, from, to }
  if (named.some((path) => isNew(path, base, tree) || decides(tree.decisions.get(path), change))) {
    return []
  }
  const consumers = [...new Set([...(was.consumers ?? []), ...(is.consumers ?? [])])]
  return [
    {
      where: `${was.name}: ${topicsFile}`,
      whom: readersOf({ name: was.name, consumers }),
      what: `\`compatibility\` is lowered from ${from} to ${to}`,
      why: 'readers were promised more, and rely on it',
      todo: `write a decision that says who reads what and why less is enough: a new file in adr/, or one that says "${was.name} … from ${from} to ${to}", named in this entry's \`compatibilityReason\` as adr/<number>; or keep the level`,
    },
  ]
}

/** True when the new level lacks a promise of the old one. Neither of BACKWARD and FORWARD is below the other. */
export function isLowered(was: Compatibility, is: Compatibility): boolean {
  const lost = directionsOf(was).some((direction) => !directionsOf(is).includes(direction))
  return lost || (isTransitive(was) && !isTransitive(is))
}

function decisionsIn(reason: string, { decisions }: ContractSet): readonly string[] {
  const numbers = [...reason.matchAll(/\badr\/(\d{4})\b/g)].map(([, number]) => number)
  return [...decisions.keys()].filter((path) =>
    numbers.some((number) => path.startsWith(`adr/${number}-`)),
  )
}

/** True for a decision that was written in this change: not one that was renamed, and not an empty one. */
function isNew(path: string, base: ContractSet, tree: ContractSet): boolean {
  if (base.decisions.has(path)) return false
  const text = words(tree.decisions.get(path))
  return text !== '' && [...base.decisions.values()].every((earlier) => words(earlier) !== text)
}

type Lowering = { readonly topic: string; readonly from: Compatibility; readonly to: Compatibility }

/** How far the new level may stand behind the old one in a sentence that says the change. */
const FAR = 60

/** True when a paragraph of the decision names the topic and, in this order, both levels. */
function decides(text: string | undefined, { topic, from, to }: Lowering): boolean {
  const lowering = new RegExp(`(?<!\\w)${from}(?!\\w)[^]{1,${FAR}}?(?<!\\w)${to}(?!\\w)`)
  return (text ?? '').split(/\n\s*\n/).some((paragraph) => {
    return isNamed(topic, paragraph) && lowering.test(paragraph)
  })
}

/** Not as a part of a longer name. */
function isNamed(topic: string, paragraph: string): boolean {
  const name = topic.replaceAll('.', '\\.')
  return new RegExp(`(?<![\\w.-])${name}(?![\\w-]|\\.[\\w-])`).test(paragraph)
}

function words(text: string | undefined): string {
  return (text ?? '').trim().replaceAll(/\s+/g, ' ')
}
