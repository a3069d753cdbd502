import type { Direction } from '../difference.ts'

export const both: readonly Direction[] = ['backward', 'forward']

/** A message with an id, so that it is never empty, and the given fields. */
export function thing(fields: string, { name = 'tenseams.test.v1', before = '' } = {}): string {
  return [
    'syntax = "proto3";',
    `package ${name};`,
    before,
    `message Thing {\n  string id = 1;\n  ${fields}\n}`,
    'message Placed { string sku = 1; }',
    'message Ordered { string sku = 1; }',
    '',
  ].join('\n\n')
}

/** A file with a service. */
export function service(rpcs: string): string {
  return `${thing('')}service Things { ${rpcs} }`
}

export const ignoresOneofs = {
  refusesUnder: [],
  because: 'it compares fields by name and number, and ignores the oneof around them',
}
