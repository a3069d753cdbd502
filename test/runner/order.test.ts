import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { onlyInFull, ownInstance, sideBySide } from './order.ts'
import { rootFolder } from './program.ts'

test.each([...ownInstance, ...onlyInFull.ownInstance, ...onlyInFull.shared, ...sideBySide])(
  '%s is there',
  (pattern) => {
    expect(globSync(pattern, { cwd: rootFolder })).not.toEqual([])
  },
)

test('no file is in two groups', () => {
  const own = [...ownInstance, ...onlyInFull.ownInstance].flatMap((pattern) =>
    globSync(pattern, { cwd: rootFolder }),
  )
  expect(sideBySide.filter((file) => own.includes(file))).toEqual([])
})

const textOf = (file: string) => readFileSync(join(rootFolder, file), 'utf8')

test.each(sideBySide)('%s ends and pauses nothing that others use', (file) => {
  const text = textOf(file)
  const moves = /\bstack\.(?:kill|pause|resume|restart)\(/g
  // A stack of its own is nobody else's.
  expect(text.includes('withOwnStack') ? null : text.match(moves)).toBeNull()
})

test('what starts an instance of its own does not use the shared one', () => {
  const patterns = [...ownInstance, ...onlyInFull.ownInstance]
  const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: rootFolder }))
  for (const file of files) {
    expect(textOf(file), file).not.toContain('useStack')
  }
})
