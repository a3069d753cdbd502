import type { ContractFormat } from '@tenseams/codec/contract-text'
import type { Difference, Rule } from '../gate/difference.ts'

/** The ways to a change that is wanted and refused as it stands; `npm run contracts -- dance <name>` shows each. */
type Dance = 'add-optional-field' | 'rename-by-alias' | 'add-event-type' | 'breaking-by-new-topic'

type Step = { readonly todo: string; readonly dance: Dance }

const newTopic: Step = {
  todo: 'leave it as it was; or, when it must change, let both meanings live side by side: a new topic, the next .v<n>, filled from this one by a translator until the last consumer has moved',
  dance: 'breaking-by-new-topic',
}

const optional: Readonly<Record<ContractFormat, Step>> = {
  avro: {
    todo: 'make it nullable, `["null", …]` with `"default": null`; a new kind of event gets a nullable branch of its own',
    dance: 'add-optional-field',
  },
  protobuf: {
    todo: 'under this level no field can be added to a Protobuf contract: a level that is BACKWARD allows it, and lowering needs an ADR that says who reads what; or a new topic',
    dance: 'add-optional-field',
  },
}

const rename: Readonly<Record<ContractFormat, Step>> = {
  avro: {
    todo: 'keep the name; or, where the level is BACKWARD, give the new one the old as `aliases`. Are they two fields? Then remove the one in this version and add the other in the next',
    dance: 'rename-by-alias',
  },
  protobuf: {
    todo: 'keep the name, since Protobuf knows no aliases; or add a second field, write both, and stop reading the old one',
    dance: 'add-optional-field',
  },
}

const keep: Step = {
  todo: 'keep it, and let writers fill it, until no reader needs it any more; or make a new topic without it',
  dance: 'breaking-by-new-topic',
}

const reserve: Step = {
  todo: 'reserve its number and its name in the message: `reserved <number>; reserved "<name>";`',
  dance: 'breaking-by-new-topic',
}

const steps: Readonly<Partial<Record<Rule, Step | Readonly<Record<ContractFormat, Step>>>>> = {
  'field-without-default': optional,
  'field-added': optional,
  'field-renamed': rename,
  'field-removed': { avro: keep, protobuf: reserve },
  'alias-unknown-to-older-readers': newTopic,
  'alias-ambiguous': {
    todo: 'take the alias away: two fields that were there at once are two things',
    dance: 'rename-by-alias',
  },
  'number-reserved': keep,
  'null-unreadable': {
    todo: 'leave it as it is: what was optional stays so, since the history has nulls; what was required is never missing, and an event without it is another event, with a branch of its own',
    dance: 'add-event-type',
  },
  'branch-unreadable': {
    todo: 'give it a nullable branch of its own in the envelope',
    dance: 'add-event-type',
  },
  'symbol-unknown': {
    todo: 'use a string with a checked set instead of the enum; readers pass over a value that they do not know',
    dance: 'add-event-type',
  },
  'tag-reused': {
    todo: 'take a number that was never used',
    dance: 'add-optional-field',
  },
  'envelope-changed': {
    todo: 'put the envelope first again, and new messages after it',
    dance: 'add-event-type',
  },
}

/** What to do instead, in a sentence, and the dance that shows it. */
export function stepFor({ rule }: Difference, format: ContractFormat): string {
  const known = steps[rule] ?? newTopic
  const { todo, dance } = 'todo' in known ? known : known[format]
  return `${todo}. Shown by:\nnpm run contracts -- dance ${dance}`
}

/** For what is no question of schemas. */
export const newTopicStep = `${newTopic.todo}. Shown by:\nnpm run contracts -- dance ${newTopic.dance}`
