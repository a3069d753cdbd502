import type { Part } from './bill.ts'

/** Licences under which we may use something, by their names in SPDX. The code itself is under Apache-2.0. */
const allowed: ReadonlySet<string> = new Set([
  ...['Apache-2.0', 'MIT', 'MIT-0', 'ISC', '0BSD', 'Zlib', 'CC0-1.0', 'Unlicense', 'Python-2.0'],
  ...['BSD-2-Clause', 'BSD-3-Clause', 'BSD-Source-Code', 'BlueOak-1.0.0', 'PostgreSQL', 'ICU'],
  // Weak copyleft: used unchanged, beside our code and not in it.
  ...['EPL-1.0', 'EPL-2.0', 'MPL-2.0', 'CDDL-1.0', 'CDDL-1.1', 'LGPL-2.1-or-later'],
  ...['GPL-2.0-with-classpath-exception'],
])

/** What poms call a licence for which SPDX has a name. */
const otherNames: readonly (readonly [RegExp, string])[] = [
  [/^(the )?apache (software )?(license|licence)?,? ?(version|v)?\.? ?2(\.0)?$/i, 'Apache-2.0'],
  [/^public domain/i, 'CC0-1.0'],
  [/^unicode\/icu license$/i, 'ICU'],
  [/^(the )?(new |revised |3-clause )?bsd( 3-clause)?( licen[sc]e)?$/i, 'BSD-3-Clause'],
  [/^(the )?mit( licen[sc]e)?$/i, 'MIT'],
  [/^go license$/i, 'BSD-3-Clause'],
  [/^bouncy castle/i, 'MIT'],
]

/** Parts whose makers declare no licence where a tool finds it, each with why it may be used nevertheless. */
export const exceptions: Readonly<Record<string, string>> = {
  '@kafkajs/confluent-schema-registry': 'MIT, by the LICENSE in its package',
  '@event-driven-io/dumbo': 'only for a bench, and never shipped (adr/0007)',
  '@event-driven-io/emmett': 'only for a bench, and never shipped (adr/0007)',
  '@event-driven-io/emmett-postgresql': 'only for a bench, and never shipped (adr/0007)',
  '@event-driven-io/pongo': 'only for a bench, and never shipped (adr/0007)',
}

/** Why a part's licence does not allow its use here; undefined when it does. */
export function refusedLicence({ name, licences }: Part): string | undefined {
  if (name in exceptions || licences.some(isAllowed)) return undefined
  return licences.length === 0 ? 'it declares no licence' : licences.join(', ')
}

/** Of several that are joined by OR, one is enough; of those joined by AND, all are needed. */
function isAllowed(expression: string): boolean {
  const text = expression.trim().replace(/^\(([^()]*)\)$/, '$1')
  if (text.includes('(')) return false
  return text
    .split(/ OR /)
    .some((choice) => choice.split(/ AND /).every((licence) => allowed.has(nameOf(licence.trim()))))
}

function nameOf(licence: string): string {
  return otherNames.find(([pattern]) => pattern.test(licence))?.[1] ?? licence
}
