import type { ContractFormat } from '@tenseams/codec/contract-text'
import type { RolloutName } from '../rollouts/rollout.ts'
import type { Difference, Rule } from './difference.ts'

/** What to do instead of a refused change, and the rollout that shows it. */
type NextStep = { readonly todo: string; readonly rollout: RolloutName }

const newTopic: NextStep = {
  todo: 'leave it as it was. If it must change, make a new topic, the next .v<n>, and let a translator fill it from this one until the last consumer has moved',
  rollout: 'breaking-by-new-topic',
}

const optional: Readonly<Record<ContractFormat, NextStep>> = {
  avro: {
    todo: 'make it nullable, `["null", …]` with `"default": null`; a new event type gets a nullable branch of its own',
    rollout: 'add-optional-field',
  },
  protobuf: {
    todo: 'this level allows no new field in a Protobuf contract. BACKWARD allows it, but a lower level needs an ADR that says who reads what. Otherwise make a new topic',
    rollout: 'add-optional-field',
  },
}

const rename: Readonly<Record<ContractFormat, NextStep>> = {
  avro: {
    todo: 'keep the name; or, where the level is BACKWARD, name the old one in `aliases` of the new one. If they are two different fields, remove one in this version and add the other in the next',
    rollout: 'rename-by-alias',
  },
  protobuf: {
    todo: 'keep the name, since Protobuf has no aliases; or add a second field, write both, and stop reading the old one',
    rollout: 'add-optional-field',
  },
}

const keep: NextStep = {
  todo: 'keep it, and fill it until no reader needs it; or make a new topic without it',
  rollout: 'breaking-by-new-topic',
}

const reserve: NextStep = {
  todo: 'reserve its number and its name in the message: `reserved <number>; reserved "<name>";`',
  rollout: 'breaking-by-new-topic',
}

/** For what the bytes do not have. */
const spelled = { rollout: 'add-optional-field' } as const

const services: NextStep = {
  todo: 'keep services out of contracts, or leave their rpcs as they are',
  rollout: 'breaking-by-new-topic',
}

const steps: Readonly<
  Partial<Record<Rule, NextStep | Readonly<Record<ContractFormat, NextStep>>>>
> = {
  'field-without-default': optional,
  'field-added': optional,
  'field-renamed': rename,
  'field-removed': { avro: keep, protobuf: reserve },
  'alias-unknown-to-older-readers': newTopic,
  'alias-ambiguous': {
    todo: 'remove the alias: two fields that existed in one version are different fields',
    rollout: 'rename-by-alias',
  },
  'alias-shared': {
    todo: 'remove the alias, or give the new field a name that no earlier version had',
    rollout: 'rename-by-alias',
  },
  'alias-own-name': { todo: 'remove it from `aliases`', rollout: 'rename-by-alias' },
  'number-changed': {
    todo: 'give it its former number; or add a field with another name, write both, and stop reading the old one',
    rollout: 'add-optional-field',
  },
  'name-respelled': { ...spelled, todo: 'write the name of the type as the version before does' },
  'label-changed': { ...spelled, todo: 'write the label as the version before does' },
  'symbol-renamed': { ...spelled, todo: 'keep the name of the symbol' },
  'message-unknown': {
    todo: 'keep a message once it is there, unused. A new one needs the level BACKWARD, or a topic of its own',
    rollout: 'breaking-by-new-topic',
  },
  'rpc-unknown': services,
  'rpc-changed': services,
  'too-deep': {
    todo: 'make it flatter: a list of records that name each other by id says the same',
    rollout: 'breaking-by-new-topic',
  },
  'number-reserved': keep,
  'null-unreadable': {
    todo: 'leave it as it is. An optional field stays optional, because the history has nulls. A required field is never missing: an event without it is another event type, with a branch of its own',
    rollout: 'add-event-type',
  },
  'branch-unreadable': {
    todo: 'give it a nullable branch of its own in the envelope',
    rollout: 'add-event-type',
  },
  'symbol-unknown': {
    todo: 'use a string with a checked set instead of the enum; readers skip a value that they do not know',
    rollout: 'add-event-type',
  },
  'tag-reused': {
    todo: 'use a number that was never used',
    rollout: 'add-optional-field',
  },
  'envelope-changed': {
    todo: 'put the envelope first again, and new messages after it',
    rollout: 'add-event-type',
  },
}

/** What to do instead of a refused difference, and the command that shows it. */
export function nextStepFor({ rule }: Difference, format: ContractFormat): string {
  const known = steps[rule] ?? newTopic
  const { todo, rollout } = 'todo' in known ? known : known[format]
  return `${todo}. Shown by:\nnpm run contracts -- rollout ${rollout}`
}

/** What to do instead of a change to a key, a partition count or another promise beside the schema. */
export const newTopicStep = `${newTopic.todo}. Shown by:\nnpm run contracts -- rollout ${newTopic.rollout}`
