import { describe, expect, it } from 'vitest'
import type { Topic } from '../../topics.ts'
import { parcels as parcelsOf } from '../cases/checkout.ts'
import type { ContractSet } from '../contract-set.ts'
import { classes, entryRefusals } from './changes.ts'

const name = 'parcels.parcel.v1'
const parcels: Topic = { name, ...parcelsOf(name), control: true }

const set = (decisions: Readonly<Record<string, string>> = {}): ContractSet => ({
  ...{ name: '', commit: '', promises: [], names: new Set(), versions: [], records: [] },
  ...{
    sinks: new Set(),
    users: undefined,
    telemetry: undefined,
    ungoverned: [],
    undecided: [],
    decisions: new Map(Object.entries(decisions)),
  },
})

const period = { baseDate: '2026-11-20', today: '2026-11-30' }
const week = 604_800_000

/** What is refused when the base's entry becomes this one. */
function refused(
  change: Partial<Topic>,
  { was = {}, isGuessed = false }: { was?: Partial<Topic>; isGuessed?: boolean } = {},
): readonly string[] {
  const entries = { was: { ...parcels, ...was }, is: { ...parcels, ...was, ...change } }
  const sets = { base: set(), tree: set() }
  return entryRefusals(entries, sets, { period, isGuessed }).map(({ what }) => what)
}

const shorter = {
  property: 'retentionMs',
  from: -1,
  to: week,
  reason: 'billing keeps its own copy and was asked',
  date: '2026-11-29',
}

describe('a change of an entry', () => {
  it.each<[Partial<Topic>, Partial<Topic>, string]>([
    [{ retentionMs: 3_600_000 }, {}, '`retentionMs` changes from -1 to 3600000'],
    [{ retentionMs: 3_600_000 }, { retentionMs: week }, '`retentionMs` changes from'],
    [{ cleanup: 'compact' }, {}, '`cleanup` changes from delete to compact'],
    [{ cleanup: 'delete' }, { cleanup: 'compact' }, '`cleanup` changes from compact to delete'],
    [{ control: false }, {}, '`control` changes from true to false'],
    [{ control: true }, { control: false }, '`control` changes from false to true'],
    [{ invariant: 'parcels are read in any order' }, {}, '`invariant` changes from'],
    [
      { consumers: ['billing'] },
      { consumers: ['billing', 'lakehouse'] },
      '[billing, lakehouse] to [billing]',
    ],
    [{ key: 'sender' }, {}, '`key` changes from parcel id to sender'],
    [{ keyField: 'sender' }, {}, '`keyField` changes from parcelId to sender'],
    [{ partitions: 8 }, {}, '`partitions` changes from 4 to 8'],
    [{ format: 'protobuf' }, {}, '`format` changes from avro to protobuf'],
    [{ deadLetter: 'lost' }, {}, '`deadLetter` changes from'],
    [{ compatibility: 'BACKWARD' }, {}, '`compatibility` is lowered from FULL_TRANSITIVE'],
  ])('to %j is refused', (change, was, what) => {
    expect(refused(change, { was })).toEqual([expect.stringContaining(what)])
  })

  it.each<[Partial<Topic>, Partial<Topic>]>([
    [{ retentionMs: -1 }, { retentionMs: week }],
    [{ retentionMs: 2 * week }, { retentionMs: week }],
    [{ owner: 'logistics' }, {}],
    [{ consumers: [] }, {}],
    [{ consumers: ['lakehouse', 'tracking'] }, { consumers: ['billing', 'lakehouse'] }],
    [{ compatibilityReason: 'its history is re-read by two services' }, {}],
    [{ compatibility: 'FULL_TRANSITIVE' }, { compatibility: 'BACKWARD' }],
    [{ invariant: ' what happens to a parcel\n is read in order' }, {}],
  ])('to %j is free', (change, was) => {
    expect(refused(change, { was })).toEqual([])
  })

  it('is judged for every property of an entry', () => {
    const { name: _name, ...properties } = parcels
    expect(Object.keys(classes).sort()).toEqual(Object.keys(properties).sort())
  })

  it('tells the lines that would acknowledge it, and the readers of the base', () => {
    const was = { ...parcels, consumers: ['billing', 'tracking'] }
    const is: Topic = { ...parcels, retentionMs: week, consumers: [] }
    const sets = { base: set(), tree: set() }
    const [refusal] = entryRefusals({ was, is }, sets, { period, isGuessed: false })
    expect(refusal?.whom).toContain('billing, tracking')
    expect(refusal?.todo).toContain('- property: retentionMs\n    from: -1\n    to: 604800000')
  })
})

describe('an acknowledgement', () => {
  it('lets the change through that it names', () => {
    expect(refused({ retentionMs: week, acknowledged: [shorter] })).toEqual([])
  })

  it('stays beside the entry, and lets no second change through', () => {
    const acknowledged = [shorter]
    expect(refused({}, { was: { retentionMs: week, acknowledged } })).toEqual([])
    expect(refused({ retentionMs: week }, { was: { acknowledged } })).toEqual([
      '`retentionMs` changes from -1 to 604800000',
    ])
    expect(
      refused({ retentionMs: 3_600_000 }, { was: { retentionMs: week, acknowledged } }),
    ).toEqual(['`retentionMs` changes from 604800000 to 3600000'])
  })

  it.each([
    [{ ...shorter, from: week }, 'does not fit the change'],
    [{ ...shorter, to: 3_600_000 }, 'does not fit the change'],
    [{ ...shorter, from: '-1' }, 'does not fit the change'],
    [{ ...shorter, property: 'cleanup' }, 'does not fit the change'],
    [{ ...shorter, property: 'partitions' }, 'may not change in this topic'],
    [{ ...shorter, property: 'compatibility' }, 'only a decision in adr/'],
    [{ ...shorter, property: 'owner' }, 'may change without it'],
    [{ ...shorter, property: 'toString' }, 'names no property'],
    [{ ...shorter, date: '2020-01-01' }, 'older than the change'],
    [{ ...shorter, date: '2027-01-01' }, 'in the future'],
    [{ ...shorter, date: '2026-02-30' }, 'not a day'],
    [{ ...shorter, date: '30.11.2026' }, 'not a day'],
    [{ ...shorter, date: 20261130 }, 'not a day'],
    [{ ...shorter, reason: ' ' }, 'no words in its `reason`'],
    [{ ...shorter, reason: undefined, note: 'x' }, 'unknown `note`'],
    [{ property: 'retentionMs', from: -1, to: week, date: '2026-11-29' }, 'has no `reason`'],
    ['retentionMs', 'is not a list of names and values'],
    [null, 'is not a list of names and values'],
  ])('%j is refused: it %s, and so is the change', (entry, mistake) => {
    const found = refused({ retentionMs: week, acknowledged: [entry] })
    expect(found).toContainEqual(expect.stringContaining(mistake))
    expect(found).toContain('`retentionMs` changes from -1 to 604800000')
  })

  it('of a change that is not made is refused', () => {
    expect(refused({ acknowledged: [shorter] })).toEqual([
      expect.stringContaining('`retentionMs` was -1 and is -1'),
    ])
  })

  it('of what a list becomes lets it through', () => {
    const was = { consumers: ['billing', 'lakehouse'] }
    const entry = { ...shorter, property: 'consumers', from: was.consumers, to: ['billing'] }
    expect(refused({ consumers: ['billing'], acknowledged: [entry] }, { was })).toEqual([])
    const other = { ...entry, to: [] }
    expect(refused({ consumers: ['billing'], acknowledged: [other] }, { was })).toHaveLength(2)
  })

  it('cannot be used for what needs a new topic', () => {
    const entry = { ...shorter, property: 'partitions', from: 4, to: 8 }
    expect(refused({ partitions: 8, acknowledged: [entry] })).toEqual([
      '`partitions` changes from 4 to 8',
      expect.stringContaining('may not change in this topic'),
    ])
  })

  it('of each of several merged changes leads from a base that is older than all of them', () => {
    const second = { ...shorter, from: week, to: 3_600_000 }
    const acknowledged = [shorter, second]
    expect(refused({ retentionMs: 3_600_000, acknowledged })).toEqual([])
    expect(refused({ acknowledged: [shorter] }, { isGuessed: true })).toEqual([])
  })
})

describe('a lowered level', () => {
  const lowered = (decisions: readonly [Record<string, string>, Record<string, string>]) => {
    const is: Topic = { ...parcels, compatibility: 'BACKWARD', compatibilityReason: 'adr/0002' }
    const sets = { base: set(decisions[0]), tree: set(decisions[1]) }
    return entryRefusals({ was: parcels, is }, sets, { period, isGuessed: false }).length
  }
  const old = 'parcels.parcel.v1 has the level FULL_TRANSITIVE.'

  it.each([
    ['by an old decision in which a blank line changed', { 'adr/0002-a.md': `${old}\n` }],
    ['by an old decision that says something else now', { 'adr/0002-a.md': `${old} It is read.` }],
    [
      'by an old decision under a new number',
      { 'adr/0001-x.md': old, 'adr/0002-b.md': `${old}\n` },
    ],
    ['by a new decision without a word', { 'adr/0001-x.md': old, 'adr/0002-b.md': '\n' }],
    [
      'by one that names another topic',
      { 'adr/0002-a.md': 'parcels.parcel.v10: from FULL_TRANSITIVE to BACKWARD' },
    ],
    [
      'by one that names another level',
      { 'adr/0002-a.md': 'parcels.parcel.v1: from FULL_TRANSITIVE to BACKWARD_TRANSITIVE' },
    ],
  ])('is refused %s', (_how, tree) => {
    const base = 'adr/0001-x.md' in tree ? { 'adr/0001-x.md': old } : { 'adr/0002-a.md': old }
    expect(lowered([base, tree])).toBe(1)
  })

  it.each([
    ['a new decision', { 'adr/0002-b.md': 'Who reads parcels forward, and why less is enough.' }],
    [
      'an old one that names topic and levels',
      {
        'adr/0002-a.md': 'The level of `parcels.parcel.v1` goes from FULL_TRANSITIVE to BACKWARD.',
      },
    ],
  ])('is let through by %s', (_how, tree) => {
    expect(lowered([{ 'adr/0002-a.md': old }, tree])).toBe(0)
  })
})
