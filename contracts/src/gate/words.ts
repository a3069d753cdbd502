import type { Difference, Direction, Finding, Rule } from './difference.ts'

type Words = readonly [what: (finding: Finding) => string, why: (finding: Finding) => string]

/** What each rule means to whoever has just changed a contract, in the words of their change. */
const words: Readonly<Record<Rule, Words>> = {
  'field-without-default': [
    ({ place }) => `\`${place}\` is new and has no default`,
    () => 'older records have no value for it, so newer readers cannot read them',
  ],
  'field-removed': [
    ({ place, about }) => `\`${nameOf(place, about)}\` is removed`,
    ({ breaks }) =>
      breaks.includes('forward')
        ? 'older readers need a value for it: they have no default'
        : 'its number and name are not reserved, so a later field could get its bytes',
  ],
  'field-added': [
    ({ place, about }) => `\`${nameOf(place, about)}\` is new`,
    () =>
      'older readers pass over it, but the registry refuses any new field where older readers are promised something',
  ],
  'field-renamed': [
    ({ place, about }) =>
      `\`${place}\` was \`${about.split(' to ')[0]}\` before: renamed without an alias`,
    ({ refusedBy }) =>
      refusedBy === 'registry'
        ? 'the wire knows numbers only, but the registry, the code and the lake go by the name'
        : 'a reader of the other version looks for its own name: it fails, or takes its default for the value',
  ],
  'alias-unknown-to-older-readers': [
    ({ place, about }) => `\`${place}\`: ${changed(about)} in name`,
    () =>
      'the alias tells newer readers only; older ones look for the old name and take its default in silence',
  ],
  'alias-ambiguous': [
    ({ place, about }) =>
      `\`${place}\` could be read from two fields of the other version: ${about}`,
    () => 'an alias says that a field was called otherwise, and here both names were there at once',
  ],
  'type-changed': [
    ({ place, about }) => `\`${place}\` changes its type: ${changed(about)}`,
    (finding) => `the bytes of the one are not those of the other: ${sufferers(finding)}`,
  ],
  'column-type-changed': [
    ({ place, about }) => `\`${place}\` changes its type: ${changed(about)}`,
    () =>
      'readers could convert it, but the column in the lake keeps its type, and its writer stops',
  ],
  'logical-type-changed': [
    ({ place, about }) => `\`${place}\` changes its logical type: ${changed(about)}`,
    () => 'the bytes are read, and mean something else: no reader is told',
  ],
  'null-unreadable': [
    ({ place, breaks }) =>
      breaks.includes('backward')
        ? `\`${place}\` may no longer be null`
        : `\`${place}\` may be null now`,
    (finding) => `null is not in the other schema: ${sufferers(finding)}`,
  ],
  'branch-unreadable': [
    ({ place, about }) => `\`${place}\` has a branch in one version only: ${about}`,
    (finding) => `a record of that branch cannot be read: ${sufferers(finding)}`,
  ],
  'symbol-unknown': [
    ({ place, about }) => `\`${place}\` has a symbol in one version only: ${about}`,
    (finding) =>
      `a reader that does not know it has no default to fall back on: ${sufferers(finding)}`,
  ],
  'name-changed': [
    ({ about, place }) => `${place === '' ? 'the name' : `\`${place}\``} changes: ${about}`,
    (finding) => `records are matched by the names of their types: ${sufferers(finding)}`,
  ],
  'tag-reused': [
    ({ place, about }) => `the number of \`${place}\` gets another meaning: ${about}`,
    () => 'on the wire a field is its number, so bytes of the one field are read as the other',
  ],
  'number-reserved': [
    ({ place, about }) => `\`${place}\` reserves what an older version uses: ${about}`,
    () =>
      'older readers would take a default for it, and the registry refuses it where they are promised something',
  ],
  'cardinality-changed': [
    ({ place, about }) => `\`${place}\` changes from one value to many, or back: ${changed(about)}`,
    (finding) => `values are lost or joined: ${sufferers(finding)}`,
  ],
  'presence-changed': [
    ({ place, about }) => `\`${place}\` changes whether its absence is seen: ${changed(about)}`,
    () =>
      'the bytes are the same, but the registry refuses a changed label, and null and default are no longer told apart',
  ],
  'oneof-changed': [
    ({ place }) => `\`${place}\` moves into or out of a oneof`,
    (finding) => `setting one field clears the others of a oneof: ${sufferers(finding)}`,
  ],
  'envelope-changed': [
    ({ about }) => `the file's first message changes: ${changed(about)}`,
    () =>
      'the message index on the wire points to the first message, and consumers expect the one they know',
  ],
  other: [
    ({ about }) => about,
    (finding) => `the other version cannot be read: ${sufferers(finding)}`,
  ],
}

/** Puts a finding into words. */
export function explained(finding: Finding, olderVersion: number): Difference {
  const [what, why] = words[finding.rule]
  return { ...finding, olderVersion, what: what(finding), why: why(finding) }
}

const sufferer: Readonly<Record<Direction, string>> = {
  backward: 'newer readers fail at older records',
  forward: 'older readers fail at newer records',
}

function sufferers({ breaks }: Finding): string {
  return breaks.map((direction) => sufferer[direction]).join(', ')
}

function changed(about: string): string {
  return about.replace(/^(.+?) to /, '$1 becomes ')
}

/** Of a removed or added field, buf names the message and the field apart. */
function nameOf(place: string, about: string): string {
  return place.endsWith(about) ? place : `${place} ${about}`
}
