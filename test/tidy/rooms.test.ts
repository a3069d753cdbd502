import { expect, test } from 'vitest'
import { importedFrom } from './imports.ts'
import { forbiddenImports, impureDomains } from './rooms.ts'

const rooms = ['contracts', 'packages/decider', 'packages/kafka', 'packages/event-store']
  .concat('services/orders', 'services/payments', 'deploy/local', 'deploy/demonstration', 'test')
  .map(
    (room) => [`${room}/package.json`, `{"name":"@tenseams/${room.split('/').at(-1)}"}`] as const,
  )

function repository(file: string, text: string): ReadonlyMap<string, string> {
  return new Map([...rooms, [file, text]])
}

test.each([
  ['contracts/src/a.ts', '@tenseams/orders/main', 'contracts may not import services/orders'],
  ['packages/decider/src/a.ts', '@tenseams/contracts/topics', 'packages/decider may not import'],
  ['packages/kafka/src/a.ts', '@tenseams/event-store/append', 'packages/kafka may not import'],
  ['services/orders/src/a.ts', '@tenseams/payments/main', 'may not import services/payments'],
  ['services/orders/src/a.ts', '@tenseams/test/wait', 'services/orders may not import test'],
  ['deploy/local/src/a.ts', '@tenseams/orders/main', 'deploy/local may not import services/orders'],
  ['deploy/local/src/a.ts', '@tenseams/demonstration/shop', 'may not import deploy/demonstration'],
  ['services/orders/src/a.ts', '../../payments/src/main.ts', "by its package's name"],
  ['services/orders/src/a.ts', '@tenseams/nowhere/main', 'no room has that name'],
  ['packages/new/src/a.ts', '@tenseams/kafka/client', 'has no line in test/tidy/rooms.ts'],
])('%s may not import %s', (file, source, sentence) => {
  const found = forbiddenImports(repository(file, `import { a } from '${source}'`))
  expect(found).toEqual([expect.stringContaining(sentence)])
})

test.each([
  ['services/orders/src/a.ts', '@tenseams/kafka/client'],
  ['services/orders/src/a.ts', './domain/order.ts'],
  ['services/orders/src/domain/order.ts', '@tenseams/decider/decider'],
  ['packages/kafka/src/a.ts', 'kafkajs'],
  ['test/seams/06/a.test.ts', '@tenseams/orders/main'],
  ['test/seams/06/a.test.ts', '../../../services/orders/src/main.ts'],
])('%s may import %s', (file, source) => {
  const tree = repository(file, `import type { A } from '${source}'`)
  expect([...forbiddenImports(tree), ...impureDomains(tree)]).toEqual([])
})

test.each(['pg', 'node:crypto', '@tenseams/contracts/topics', '../settings.ts'])(
  'a domain file may not import %s',
  (source) => {
    const tree = repository('services/orders/src/domain/order.ts', `import { a } from '${source}'`)
    expect(impureDomains(tree)).toHaveLength(1)
  },
)

test('every way to name a module is seen, and a comment or a string is not taken for one', () => {
  const text = `
    import type { A } from './type.ts'
    import './effect.ts'
    export { b } from './again.ts'
    export * from './all.ts'
    // import { no } from './comment.ts'
    const text = "import x from './string.ts'"
    const lazy = await import('./lazy.ts')
    type C = import('./inline.ts').C`
  expect(importedFrom('a.ts', text)).toEqual(
    ['type', 'effect', 'again', 'all', 'lazy', 'inline'].map((name) => `./${name}.ts`),
  )
})

test('a file that cannot be parsed is a failure, not a file without imports', () => {
  expect(() => importedFrom('a.ts', 'import {')).toThrow('a.ts cannot be parsed')
})
