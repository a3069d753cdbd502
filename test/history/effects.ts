import { type Anomaly, anomaly } from './anomaly.ts'
import type { Attempt } from './attempts.ts'
import {
  type Evidence,
  fateOf,
  mayBeVisible,
  type Value,
  valueKey,
  visibleFrom,
} from './evidence.ts'
import type { GroupCommits } from './groups.ts'
import { type Cause, type Operation, ofKind, topicPartitionKey } from './operations.ts'

/** A record that was made from another, and that surely exists. */
type Effect = {
  readonly value: Value
  readonly cause: Cause
  readonly attempts: readonly Attempt[]
}

/** Consume, transform, produce: each effect has its cause, and each cause one effect. */
export function judgeEffects(
  operations: readonly Operation[],
  evidence: Evidence,
  commits: GroupCommits,
): readonly Anomaly[] {
  const effects = effectsOf(evidence)
  const byCause = new Map<string, Effect[]>()
  for (const effect of effects) {
    const key = `${effect.value.topic}\n${causeKey(effect.cause)}`
    const those = byCause.get(key) ?? []
    byCause.set(key, those)
    those.push(effect)
  }
  return [
    ...effects.flatMap((effect) => judgeCause(effect, evidence) ?? []),
    ...[...byCause.values()].flatMap((those) => judgeNumber(those) ?? []),
    ...judgeExpectations(operations, evidence, commits, effects),
  ]
}

/** Aborted records are no effects, even if they were seen: that is reported elsewhere. */
function effectsOf({ values, proven }: Evidence): readonly Effect[] {
  const effects: Effect[] = []
  for (const value of values.values()) {
    const cause = causeOf(value)
    if (cause === undefined) continue
    const fates = value.attempts.map((attempt) => fateOf(attempt, proven))
    const happened = value.sightings.length > 0 || fates.includes('acknowledged')
    if (!happened || !mayBeVisible(value, proven)) continue
    const attempts = value.attempts.filter((_, at) =>
      ['acknowledged', 'possible'].includes(fates[at] ?? ''),
    )
    effects.push({ value, cause, attempts })
  }
  return effects
}

function causeOf({ attempts, sightings }: Value): Cause | undefined {
  for (const { record } of attempts) if (record.cause !== undefined) return record.cause
  for (const { record } of sightings) if (record.cause !== undefined) return record.cause
  return undefined
}

const causeKey = ({ topic, value, part = 0 }: Cause): string => `${valueKey(topic, value)}\n${part}`

/** Without recorded sends to a topic, its content is unknown. */
function judgeCause(effect: Effect, evidence: Evidence): Anomaly | undefined {
  const { value, cause } = effect
  if (!evidence.writtenTopics.has(cause.topic)) return undefined
  const known = evidence.values.get(valueKey(cause.topic, cause.value))
  if (known === undefined) return withoutCause(effect, 'which was never sent')
  if (known.sightings.length > 0) return judgeMoment(effect, known, evidence)
  if (mayBeVisible(known, evidence.proven)) return judgeMoment(effect, known, evidence)
  return withoutCause(effect, `whose writing failed or was aborted (${value.topic})`)
}

/** An effect cannot have been sent, or seen, before its cause could be read. */
function judgeMoment(effect: Effect, known: Value, { proven }: Evidence): Anomaly | undefined {
  const causes = known.attempts.filter((attempt) =>
    ['acknowledged', 'possible'].includes(fateOf(attempt, proven)),
  )
  if (causes.length === 0) return undefined
  const from = Math.min(...causes.map(visibleFrom))
  if (known.sightings.some(({ poll }) => poll.end < from)) return undefined
  const sent = Math.max(...effect.attempts.map(({ send }) => send.end))
  const seen = effect.value.sightings.map(({ poll }) => poll.end)
  const isEarly = (effect.attempts.length > 0 && sent < from) || seen.some((end) => end < from)
  return isEarly ? withoutCause(effect, 'which could not be read yet') : undefined
}

function judgeNumber(those: readonly Effect[]): Anomaly | undefined {
  const [first] = those
  if (first === undefined || those.length < 2) return undefined
  const values = those.map(({ value }) => value.value)
  const { topic } = first.value
  const says = `${first.cause.value} of ${first.cause.topic} has ${those.length} effects in ${topic}`
  return anomaly('doubled-effect', `${says}: ${values.join(', ')}`, {
    ...{ topic, values, operations: operationsOf(those), offsets: offsetsOf(those) },
  })
}

function judgeExpectations(
  operations: readonly Operation[],
  { values, proven }: Evidence,
  commits: GroupCommits,
  effects: readonly Effect[],
): readonly Anomaly[] {
  const finals = ofKind(operations, 'final-read').filter(({ outcome }) => outcome === 'ok')
  const readToEnd = new Set(finals.flatMap(({ positions }) => positions.map(({ topic }) => topic)))
  return ofKind(operations, 'expect').flatMap(({ from, to, group }) => {
    if (!readToEnd.has(to)) return []
    const caused = new Set(
      effects
        .filter(({ value }) => value.topic === to)
        .map(({ cause }) => valueKey(cause.topic, cause.value)),
    )
    return [...values.values()]
      .filter(({ topic, value }) => topic === from && !caused.has(valueKey(topic, value)))
      .filter((value) => mayBeVisible(value, proven))
      .flatMap((value) => {
        const sighting = value.sightings.find(
          ({ record }) => record.offset < (commits.highest(group, topicPartitionKey(record)) ?? 0n),
        )
        if (sighting === undefined) return []
        const { partition, offset } = sighting.record
        const says = `${value.value} of ${from} is committed by ${group} and has no effect in ${to}`
        return [
          anomaly('lost-effect', says, {
            ...{ topic: from, partition, offsets: [offset], values: [value.value] },
            operations: [sighting.poll.begin],
          }),
        ]
      })
  })
}

function withoutCause(effect: Effect, why: string): Anomaly {
  const { value, cause } = effect
  const says = `${value.value} is an effect of ${cause.value} of ${cause.topic}, ${why}`
  return anomaly('effect-without-cause', says, {
    ...{ topic: value.topic, values: [value.value, cause.value] },
    ...{ operations: operationsOf([effect]), offsets: offsetsOf([effect]) },
  })
}

function operationsOf(effects: readonly Effect[]): readonly number[] {
  return effects.flatMap(({ value: { sightings }, attempts }) => {
    const [sighting] = sightings
    const sends = attempts.map(({ send }) => send.begin)
    return sends.length > 0 || sighting === undefined ? sends : [sighting.poll.begin]
  })
}

function offsetsOf(effects: readonly Effect[]): readonly bigint[] {
  return effects.flatMap(({ value: { sightings }, attempts }) => {
    const [sighting] = sightings
    return sighting?.record.offset ?? attempts.flatMap(({ record }) => record.offset ?? [])
  })
}
