import { expect, test } from 'vitest'
import { type Acl, aclsOf } from './acls.ts'
import { readUsers } from './users.ts'
import { type KafkaUse, parseUses, unusedAcls } from './uses.ts'

const acl = (changes: Partial<Acl> = {}): Acl => ({
  ...{ user: 'orders', resource: 'topic', name: 'shop.', pattern: 'prefixed', operation: 'read' },
  ...changes,
})

const use = (changes: Partial<KafkaUse> = {}): KafkaUse => ({
  ...{ user: 'orders', operation: 'read', resource: 'topic', name: 'shop.thing.v1' },
  ...changes,
})

const unused = (right: Partial<Acl>, ...uses: readonly KafkaUse[]) => unusedAcls([acl(right)], uses)

test('a right is used by its user, for its operation, on a resource of its kind and name', () => {
  expect(unused({}, use())).toEqual([])
  expect(unused({ name: '*', pattern: 'literal' }, use())).toEqual([])
  expect(unused({ name: 'shop.thing.v1', pattern: 'literal' }, use())).toEqual([])
  for (const other of [
    use({ user: 'payments' }),
    use({ operation: 'write' }),
    use({ resource: 'group' }),
    use({ name: 'stock.thing.v1' }),
  ]) {
    expect(unused({}, other)).toEqual(['orders may read topic shop.*'])
  }
})

test('a right that served only for what it includes is told, with what that was', () => {
  expect(unused({}, use({ operation: 'describe' }))).toEqual([
    'orders may read topic shop.*: only to describe',
  ])
  expect(unused({}, use({ operation: 'describe' }), use())).toEqual([])
  expect(unused({ operation: 'alter-configs' }, use({ operation: 'describe-configs' }))).toEqual([
    'orders may alter-configs topic shop.*: only to describe-configs',
  ])
})

test('what a broker notes is read, whatever a name is made of', () => {
  const { uses, isFull } = parseUses(
    [
      '2026-11-30T19:48:28Z orders read topic orders.order.v1',
      '2026-11-30T19:48:29Z flink describe-configs cluster kafka-cluster',
      '2026-11-30T19:48:30Z reader read group demonstration-a+b%0A%25',
      '',
    ].join('\n'),
  )
  expect(isFull).toBe(false)
  expect(uses).toEqual([
    { user: 'orders', operation: 'read', resource: 'topic', name: 'orders.order.v1' },
    { user: 'flink', operation: 'describe-configs', resource: 'cluster', name: 'kafka-cluster' },
    { user: 'reader', operation: 'read', resource: 'group', name: 'demonstration-a b\n%' },
  ])
})

test('a line that a crash has torn is passed over, and so is one that is not whole yet', () => {
  const whole = '2026-11-30T19:48:28Z orders read topic shop.a'
  const torn = `2026-11-30T19:48:28Z orders read topic sh${whole}`
  const { uses } = parseUses(`${whole}\n${torn}\n2026-11-30T19:48:28Z orders\n${whole}`)
  expect(uses).toEqual([use({ name: 'shop.a' })])
})

test('a file that was full says so', () => {
  expect(parseUses('2026-11-30T19:48:28Z full\n')).toEqual({ uses: [], isFull: true })
})

test('nothing used is every declared right', () => {
  const acls = aclsOf([], readUsers())
  expect(acls.length).toBeGreaterThan(50)
  expect(unusedAcls(acls, [])).toHaveLength(acls.length)
})
