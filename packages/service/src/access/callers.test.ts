import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenHashOf } from '@tenseams/identities/callers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CallersFile } from './callers.ts'

let folder: string
let file: string
let now = 0
let errors: unknown[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'callers-'))
  file = join(folder, 'callers.json')
  errors = []
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(tokens: Readonly<Record<string, readonly string[]>>): void {
  const callers = Object.entries(tokens).map(([identity, own]) => ({
    ...{ identity, role: 'reader', tokenHashes: own.map(tokenHashOf) },
  }))
  writeFileSync(`${file}.next`, JSON.stringify({ callers }))
  renameSync(`${file}.next`, file)
}

const open = () => new CallersFile({ file, onError: (error) => errors.push(error), now: () => now })

describe('the callers of a file', () => {
  test('are known by their tokens, and nobody else is', () => {
    write({ reader: ['one'], operator: ['two'] })
    const callers = open()
    expect(callers.callerOf('two')).toEqual({ identity: 'operator', role: 'reader' })
    for (const other of ['', 'on', 'one ', tokenHashOf('one'), 'three']) {
      expect(callers.callerOf(other)).toBeUndefined()
    }
  })

  test('a new token is known at once, the old one as long as it stays', () => {
    write({ reader: ['old'] })
    const callers = open()
    write({ reader: ['old', 'new'] })
    expect(callers.callerOf('new')?.identity).toBe('reader')
    expect(callers.callerOf('old')?.identity).toBe('reader')
  })

  test('a token that was taken away is unknown after a second', () => {
    write({ reader: ['old', 'new'] })
    const callers = open()
    write({ reader: ['new'] })
    expect(callers.callerOf('old')?.identity).toBe('reader')
    now += 1_000
    expect(callers.callerOf('old')).toBeUndefined()
    expect(callers.callerOf('new')?.identity).toBe('reader')
  })

  test('stay known while the file cannot be read, which is reported', () => {
    write({ reader: ['one'] })
    const callers = open()
    writeFileSync(file, 'half of a')
    now += 1_000
    expect(callers.callerOf('one')?.identity).toBe('reader')
    rmSync(file)
    now += 1_000
    expect(callers.callerOf('one')?.identity).toBe('reader')
    expect(errors).toHaveLength(2)
  })

  test.each([
    ['no file', undefined],
    ['no JSON', '{'],
    ['no list', '{}'],
    ['tokens, which it must not have', '{"callers":[{"identity":"a","tokenHashes":["token"]}]}'],
    ['an unknown role', '{"callers":[{"identity":"a","role":"king","tokenHashes":[]}]}'],
  ])('a service does not start with %s, and says the next step', (_, text) => {
    if (text !== undefined) writeFileSync(file, text)
    expect(open).toThrow(/npm run stack -- up/)
  })
})
