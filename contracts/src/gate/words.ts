import type { Difference, Direction, Finding, Rule } from './difference.ts'

type Words = readonly [what: (finding: Finding) => string, why: (finding: Finding) => string]

/** What each rule means to the author of the change. */
const words: Readonly<Record<Rule, Words>> = {
  'field-without-default': [
    ({ path }) => `\`${path}\` is new and has no default`,
    () => 'older records have no value for it, so newer readers cannot read them',
  ],
  'field-removed': [
    ({ path, about }) => `\`${nameOf(path, about)}\` is removed`,
    ({ breaks }) =>
      breaks.includes('forward')
        ? 'older readers need a value for it: they have no default'
        : 'its number and name are not reserved, so a later field could get its bytes',
  ],
  'field-added': [
    ({ path, about }) => `\`${nameOf(path, about)}\` is new`,
    () =>
      'older readers skip it, but the registry refuses any new field when the level has a promise to older readers',
  ],
  'field-renamed': [
    ({ path, about }) =>
      `\`${path}\` was \`${about.split(' to ')[0]}\` before: renamed without an alias`,
    ({ refusedBy }) =>
      refusedBy === 'registry'
        ? 'the wire has only numbers, but the registry, the code and the lake use the name'
        : 'a reader of the other version looks for its own name: it fails, or uses its default instead of the value',
  ],
  'alias-unknown-to-older-readers': [
    ({ path, about }) => `\`${path}\`: ${changed(about)} in name`,
    () =>
      'only newer readers know the alias; older ones look for the old name, and fail or silently use its default',
  ],
  'alias-ambiguous': [
    ({ path, about }) => `\`${path}\` could be read from two fields of the other version: ${about}`,
    () => 'an alias is the former name of a field, but here both names existed in one version',
  ],
  'alias-shared': [
    ({ path, about }) => `\`${path}\` takes by alias what another field reads, too: ${about}`,
    () =>
      'Avro gives the value to the field with the alias only, so the other one gets its default',
  ],
  'alias-own-name': [
    ({ path }) => `\`${path}\` has its own name among its aliases`,
    () =>
      'Avro in Java finds such a field twice, and can compare this version with no other, older or newer',
  ],
  'type-changed': [
    ({ path, about }) => `\`${path}\` changes its type: ${changed(about)}`,
    (finding) => `the two types have different bytes: ${failures(finding)}`,
  ],
  'column-type-changed': [
    ({ path, about }) => `\`${path}\` changes its type: ${changed(about)}`,
    () =>
      'readers could convert it, but the column in the lake keeps its type, and its writer stops',
  ],
  'logical-type-changed': [
    ({ path, about }) => `\`${path}\` changes its logical type: ${changed(about)}`,
    () => 'the bytes are read with another meaning, and no reader notices',
  ],
  'null-unreadable': [
    ({ path, breaks }) =>
      breaks.includes('backward')
        ? `\`${path}\` may no longer be null`
        : `\`${path}\` may be null now`,
    (finding) => `the other schema does not allow null: ${failures(finding)}`,
  ],
  'branch-unreadable': [
    ({ path, about }) => `\`${path}\` has a branch in one version only: ${about}`,
    (finding) => `a record of that branch cannot be read: ${failures(finding)}`,
  ],
  'symbol-unknown': [
    ({ path, about }) => `\`${path}\` has a symbol in one version only: ${about}`,
    (finding) => `a reader that does not know it has no default: ${failures(finding)}`,
  ],
  'symbol-renamed': [
    ({ path, about }) => `\`${path}\` is another symbol for the same number: ${changed(about)}`,
    () => 'the wire has only numbers, but the registry compares the names of symbols',
  ],
  'name-changed': [
    ({ about, path }) => `${path === '' ? 'the name' : `\`${path}\``} changes: ${about}`,
    (finding) => `records are matched by the names of their types: ${failures(finding)}`,
  ],
  'name-respelled': [
    ({ path, about }) => `\`${path}\` spells its type in another way: ${changed(about)}`,
    () => 'it is the same type, but the registry compares names as they are written',
  ],
  'message-unknown': [
    ({ about, breaks }) => `the message \`${about}\` is ${isRemoved(breaks) ? 'removed' : 'new'}`,
    ({ breaks }) =>
      isRemoved(breaks)
        ? 'the registry refuses it, because nothing reserves the numbers and names of its fields'
        : 'the registry refuses any new message when the level has a promise to older readers',
  ],
  'rpc-unknown': [
    ({ path, breaks }) => `the rpc \`${path}\` is ${isRemoved(breaks) ? 'removed' : 'new'}`,
    () => 'records have no rpcs, but the registry compares those of the file',
  ],
  'rpc-changed': [
    ({ path, about }) => `the rpc \`${path}\` changes its signature: ${changed(about)}`,
    () => 'records have no rpcs, but the registry compares those of the file as they are written',
  ],
  'number-changed': [
    ({ path, about }) => `\`${path}\` gets another number: ${changed(about)}`,
    () =>
      'on the wire a field is its number, so readers of the other version do not find its value',
  ],
  'tag-reused': [
    ({ path, about }) => `the number of \`${path}\` gets another meaning: ${about}`,
    () => 'on the wire a field is its number, so bytes of one field are read as the other',
  ],
  'number-reserved': [
    ({ path, about }) => `\`${path}\` reserves what an older version uses: ${about}`,
    () =>
      'older readers would use a default for it, and the registry refuses it when the level has a promise to them',
  ],
  'cardinality-changed': [
    ({ path, about }) => `\`${path}\` changes from one value to many, or back: ${changed(about)}`,
    (finding) => `values are lost or joined: ${failures(finding)}`,
  ],
  'presence-changed': [
    ({ path, about }) =>
      `\`${path}\` changes whether absence differs from the default: ${changed(about)}`,
    () =>
      'the bytes are the same, but the registry refuses a changed label, and null and default become the same',
  ],
  'label-changed': [
    ({ path, about }) => `\`${path}\` changes its label: ${changed(about)}`,
    () => 'the bytes are the same, but the registry compares labels as they are written',
  ],
  'oneof-changed': [
    ({ path }) => `\`${path}\` moves into or out of a oneof`,
    (finding) => `setting one field clears the others of a oneof: ${failures(finding)}`,
  ],
  'envelope-changed': [
    ({ about }) => `the file's first message changes: ${changed(about)}`,
    () =>
      'the message index on the wire points to the first message, and consumers expect the old one',
  ],
  'too-deep': [
    ({ about }) => about,
    () => 'every reader walks the schema by calling itself, and runs out of stack or of time',
  ],
  other: [
    ({ about }) => about,
    (finding) => `the other version cannot be read: ${failures(finding)}`,
  ],
}

/** A finding in words. */
export function explained(finding: Finding, olderVersion: number): Difference {
  const [what, why] = words[finding.rule]
  return { ...finding, olderVersion, what: what(finding), why: why(finding) }
}

const brokenReaders: Readonly<Record<Direction, string>> = {
  backward: 'newer readers fail on older records',
  forward: 'older readers fail on newer records',
}

function failures({ breaks }: Finding): string {
  return breaks.map((direction) => brokenReaders[direction]).join(', ')
}

function isRemoved(breaks: readonly Direction[]): boolean {
  return breaks.includes('backward')
}

function changed(about: string): string {
  return about.replace(/^(.+?) to /, '$1 becomes ')
}

/** For a removed or added field, buf names message and field separately. */
function nameOf(path: string, about: string): string {
  return path.endsWith(about) ? path : `${path} ${about}`
}
