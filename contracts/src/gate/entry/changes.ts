import type { Topic } from '../../topics.ts'
import { type ContractSet, type Promises, topicsFile } from '../contract-set.ts'
import { newTopicStep } from '../next-step.ts'
import { type Refusal, readersOf } from '../refusal.ts'
import {
  type Acknowledgement,
  leadingTo,
  linesFor,
  newAcknowledgements,
  type Period,
  refusedAcknowledgement,
} from './acknowledgements.ts'
import { levelRefusals } from './levels.ts'

/** The consumer that reads a topic because the topic's entry names it. */
export const LAKEHOUSE = 'lakehouse'

type Property = keyof Omit<Topic, 'name' | 'acknowledged'>

/**
 * What a change of a property takes from others:
 * - `free`: nothing.
 * - `decision`: a level, which a decision in adr/ may lower (`levels.ts`).
 * - `acknowledged`: history, order or a guarantee. Nobody can give it back, so the entry must acknowledge it.
 * - `never`: the topic would be another one.
 */
type Class =
  | { readonly is: 'free' | 'decision' }
  | {
      readonly is: 'acknowledged' | 'never'
      /** Why the change is refused; undefined when this change takes nothing. */
      readonly loss: (was: unknown, is: unknown) => string | undefined
    }

const free: Class = { is: 'free' }

const always = (why: string) => (): string => why

const moved =
  'records of one key are in one partition and are read in order; with another key the older records are in other partitions, and the invariant no longer holds'

/** Every property of an entry, so that a new one cannot be forgotten. */
export const classes: Readonly<Record<Property, Class>> = {
  owner: free,
  key: { is: 'never', loss: always(moved) },
  keyField: { is: 'never', loss: always(moved) },
  invariant: {
    is: 'acknowledged',
    loss: always(
      'readers rely on this sentence, and cannot see in the records that it no longer holds',
    ),
  },
  partitions: { is: 'never', loss: partitionLoss },
  retentionMs: { is: 'acknowledged', loss: retentionLoss },
  cleanup: { is: 'acknowledged', loss: cleanupLoss },
  format: { is: 'never', loss: always('a reader of one format cannot read the other') },
  compatibility: { is: 'decision' },
  compatibilityReason: free,
  deadLetter: {
    is: 'never',
    loss: always(
      'records that nobody could read stay in the old topic, where nobody looks for them',
    ),
  },
  control: { is: 'acknowledged', loss: controlLoss },
  consumers: { is: 'acknowledged', loss: consumerLoss },
}

function partitionLoss(was: unknown, is: unknown): string {
  return Number(is) < Number(was)
    ? 'Kafka cannot remove partitions, and the records in them would be lost'
    : 'a key would move to another partition than its older records, so its order is lost; `publish` refuses an existing topic with another number'
}

/** -1 is for ever. */
function retentionLoss(was: unknown, is: unknown): string | undefined {
  const isShorter = is !== -1 && (was === -1 || Number(is) < Number(was))
  if (!isShorter) return undefined
  return 'the broker deletes older records as soon as this is published, and a reader that is behind, or reads the history again, never sees them'
}

function cleanupLoss(_was: unknown, is: unknown): string {
  return is === 'compact'
    ? 'the broker keeps only the newest record of each key, so every earlier event of a stream is lost'
    : 'the newest record of each key is no longer kept for ever, and readers that start from it miss keys'
}

function controlLoss(_was: unknown, is: unknown): string {
  return is === true
    ? 'ticks and barriers come between the events, and a reader that does not know them takes them for events'
    : 'without ticks the windows of a quiet partition never close, and without barriers the auditor cannot compare'
}

/** The lakehouse reads the topics whose entries name it. The other readers read what they are built to read. */
function consumerLoss(was: unknown, is: unknown): string | undefined {
  const names = (value: unknown) => Array.isArray(value) && value.includes(LAKEHOUSE)
  if (!names(was) || names(is)) return undefined
  return 'the lakehouse reads only topics that name it, so its table gets no further rows, and what the broker deletes meanwhile is lost to it'
}

/** A property whose value in the base was changed. */
type Change = { readonly property: Property; readonly was: unknown; readonly is: unknown }

/** What the entry of a topic promised in the base and does not promise any more. */
export function entryRefusals(
  { was, is }: { readonly was: Promises; readonly is: Topic },
  { base, tree }: { readonly base: ContractSet; readonly tree: ContractSet },
  { period, isGuessed }: { readonly period: Period; readonly isGuessed: boolean },
): readonly Refusal[] {
  const { accepted, refusals } = newAcknowledgements(was, is, period)
  const used = new Set<Acknowledgement>()
  const changes = changesOf(was, is).flatMap((change): readonly Refusal[] => {
    const own = accepted.filter(({ property }) => property === change.property)
    const leading = leadingTo(change, own)
    const isAcknowledged = classes[change.property].is === 'acknowledged' && leading !== undefined
    for (const acknowledgement of isAcknowledged ? leading : []) used.add(acknowledgement)
    const why = lossOf(change)
    if (why === undefined || isAcknowledged) return []
    return [changeRefusal(was, is, change, why, period)]
  })
  // A guess at the base may lie before changes that were acknowledged and merged.
  const unused = isGuessed ? [] : accepted.filter((each) => !used.has(each))
  return [
    ...changes,
    ...levelRefusals({ was, is }, base, tree),
    ...refusals,
    ...unused.map((entry) => refusedAcknowledgement(was, is, entry, misfit(was, is, entry))),
  ]
}

/** A property that an older file lacks was not promised. White space in a text says nothing. */
function changesOf(was: Promises, is: Topic): readonly Change[] {
  return (Object.keys(classes) as readonly Property[]).flatMap((property) => {
    const before = was[property]
    if (before === undefined || folded(before) === folded(is[property])) return []
    return [{ property, was: before, is: is[property] }]
  })
}

function folded(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().replaceAll(/\s+/g, ' ') : value
}

function lossOf({ property, was, is }: Change): string | undefined {
  const of = classes[property]
  return 'loss' in of ? of.loss(was, is) : undefined
}

function changeRefusal(
  was: Promises,
  is: Topic,
  { property, was: from, is: to }: Change,
  why: string,
  { today }: Period,
): Refusal {
  const isNever = classes[property].is === 'never'
  return {
    where: `${was.name}: ${topicsFile}`,
    what: `\`${property}\` changes from ${shown(from)} to ${shown(to)}`,
    why,
    whom: readersOf({ name: was.name, consumers: readers(was, is) }),
    todo: isNever
      ? newTopicStep
      : `leave it as it was; or, after asking them, acknowledge it in the entry:\n${linesFor(property, from, to, today)}`,
  }
}

function shown(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
}

/** The base's consumers too: an entry that no longer names a reader does not make it go. */
function readers(was: Promises, is: Topic): readonly string[] {
  return [...new Set([...(was.consumers ?? []), ...is.consumers])]
}

function misfit(was: Promises, is: Topic, { property }: Acknowledgement): string {
  if (!Object.hasOwn(classes, property)) return 'names no property of an entry'
  const known = property as Property
  const of = classes[known].is
  if (of === 'never') return `is for \`${property}\`, which may not change in this topic`
  if (of === 'decision') return 'is for the level, which only a decision in adr/ may lower'
  if (of === 'free') return `is for \`${property}\`, which may change without it`
  const before = was[known] === undefined ? 'was not promised' : `was ${shown(was[known])}`
  return `does not fit the change: \`${property}\` ${before} and is ${shown(is[known])}`
}
