import { expect, test } from 'vitest'
import { brokenModes } from './broken-modes.ts'

test.each([
  ['services/orders/src/settings.ts', "BROKEN_GUARD: Type.Literal('inbox')"],
  ['services/orders/src/settings.ts', 'DRILL_PAUSE_AT: Type.String()'],
  ['services/orders/src/without-guards.ts', ''],
  ['services/orders/src/main.ts', "import { a } from '../../../test/faults/orders/a.ts'"],
  ['services/orders/src/main.ts', "import { a } from '@tenseams/test/faults/orders/a'"],
  ['packages/kafka/src/a.ts', '/** Only for a proof. */'],
  ['packages/kafka/src/a.ts', '/** A broken mode, for its test. */'],
  ['packages/event-store/src/a.ts', 'const forgetfulDecider = {}'],
])('%s with %s has a broken mode', (path, text) => {
  expect(brokenModes(new Map([[path, text]]))).toHaveLength(1)
})

test.each([
  ['test/faults/orders/no-inbox.ts', '/** A broken mode. */'],
  ['services/orders/src/a.ts', "const guard = { kind: 'inbox' }"],
  ['services/orders/src/a.test.ts', 'test("a broken mode is refused")'],
  ['packages/event-store/src/a.ts', "import { b } from './lost-statement.ts'"],
])('%s with %s has none', (path, text) => {
  expect(brokenModes(new Map([[path, text]]))).toEqual([])
})
