import { expect, test } from 'vitest'
import { databaseRights, postgresCells } from './rights.ts'
import { roles } from './roles.ts'

const cells = postgresCells()
const cell = (role: string, operation: string, target: string) =>
  cells.find(
    (each) => each.role === role && each.operation === operation && each.target.startsWith(target),
  )

test('every role is asked of every database', () => {
  for (const role of roles) {
    const asked = cells.filter((each) => each.role === role && each.operation === 'connect')
    expect(asked.map(({ database }) => database)).toEqual(Object.keys(databaseRights))
  }
})

test('no service may connect to the tables of another one’s database', () => {
  for (const [role, database] of [
    ['orders_service', 'vault'],
    ['vault_service', 'shop'],
    ['provider_service', 'shop'],
    ['debezium', 'provider'],
    ['auditor', 'vault'],
  ] as const) {
    expect(cell(role, 'connect', `the database ${database}`)?.allowed).toBe(false)
  }
})

test('nobody changes, removes or truncates events, but pulse its old ticks', () => {
  const changing = cells.filter(
    ({ table, operation, allowed }) =>
      table?.endsWith('.events') === true && allowed && !['select', 'insert'].includes(operation),
  )
  expect(changing.map(({ role, operation, table }) => [role, operation, table])).toEqual([
    ['pulse_service', 'delete', 'control.events'],
  ])
  expect(cells.filter(({ operation, allowed }) => operation === 'truncate' && allowed)).toEqual([])
})

test('a cell of a role says whose it is', () => {
  expect(cell('vault_service', 'select', 'vault: public.customer_keys')).toMatchObject({
    ...{ identity: 'orders', allowed: true },
  })
})
