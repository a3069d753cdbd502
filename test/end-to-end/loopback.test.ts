import { treeOf } from '@tenseams/local/launcher/host/procfs'
import { listeners } from '@tenseams/local/launcher/host/sockets'
import { expect, test } from 'vitest'
import { exposedSockets } from '../support/exposure.ts'
import { useStack } from '../support/stack.ts'

const stack = await useStack()

test('nothing of the stack can be reached from another machine', async () => {
  const owners = new Map<number, string>()
  for (const { name, pid } of await stack.status()) {
    for (const member of pid === undefined ? [] : treeOf(pid)) owners.set(member, name)
  }
  const sockets = listeners()
  expect(exposedSockets(sockets, owners)).toEqual([])
  // Each part is seen to listen: without sight of its sockets the line above would hold for nothing.
  const listening = new Set(sockets.flatMap(({ pid }) => owners.get(pid ?? -1) ?? []))
  expect([...new Set(owners.values())].filter((name) => !listening.has(name))).toEqual([])
})
