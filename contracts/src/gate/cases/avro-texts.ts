import type { Direction } from '../difference.ts'

export const both: readonly Direction[] = ['backward', 'forward']

/** A record with an id, so that it is never empty, and the given fields. */
export function thing(...fields: readonly object[]): string {
  return record('Thing', 'tenseams.test', fields)
}

export function record(name: string, namespace: string, fields: readonly object[]): string {
  const all = [{ name: 'id', type: 'string' }, ...fields]
  return JSON.stringify({ type: 'record', name, namespace, fields: all })
}

export const nullableText = { type: ['null', 'string'], default: null }
export const branch = (...fields: readonly object[]) => ({
  name: 'placed',
  type: ['null', { type: 'record', name: 'Placed', fields }],
  default: null,
})
