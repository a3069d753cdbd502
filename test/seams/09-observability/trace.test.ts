import { credentialsFileIn } from '@tenseams/identities/store'
import { traceOfNewOrder } from '@tenseams/traces/new-order'
import { expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'

test('an order has one trace, from its request to the Iceberg commits, and no hop is missing', async () => {
  const { endpoints, context } = await useStack()
  const credentialsFile = credentialsFileIn({ folder: context.paths.secrets }, 'operator')
  const { lacks } = await traceOfNewOrder({ ...endpoints, credentialsFile }, 60_000)
  expect(lacks).toEqual([])
}, 90_000)
