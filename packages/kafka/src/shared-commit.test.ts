import { expect, test } from 'vitest'
import { SharedCommit } from './shared-commit.ts'

/** Commits that the test ends; each notes what was resolved when it began. */
function newCommits() {
  const shared = new SharedCommit()
  const begun: { readonly offsets: string; readonly end: (error?: Error) => void }[] = []
  let resolved = ''
  const commit = () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    begun.push({
      offsets: resolved,
      end: (error) => (error === undefined ? resolve() : reject(error)),
    })
    return promise
  }
  const join = (offset: string) => {
    resolved += offset
    return shared.join(commit)
  }
  const isBegun = (count: number) => expect.poll(() => begun.length, { interval: 1 }).toBe(count)
  return { join, begun, isBegun }
}

test('the first begins at once, and those that come meanwhile share the next', async () => {
  const { join, begun, isBegun } = newCommits()
  const joined = [...'abcd'].map(join)
  expect(begun.map(({ offsets }) => offsets)).toEqual(['a'])
  begun[0]?.end()
  await isBegun(2)
  begun[1]?.end()
  await Promise.all(joined)
  expect(begun.map(({ offsets }) => offsets)).toEqual(['a', 'abcd'])
})

test('nobody takes a commit for theirs that had begun before', async () => {
  const { join, begun, isBegun } = newCommits()
  let isCommitted = false
  const first = join('a')
  const second = join('b').then(() => {
    isCommitted = true
  })
  begun[0]?.end()
  await first
  await isBegun(2)
  expect(isCommitted).toBe(false)
  begun[1]?.end()
  await second
})

test('an error is told to all who share the commit, and to no other', async () => {
  const { join, begun, isBegun } = newCommits()
  const settled = Promise.allSettled([...'abc'].map(join))
  begun[0]?.end(new Error('rebalance'))
  await isBegun(2)
  begun[1]?.end()
  expect((await settled).map(({ status }) => status)).toEqual([
    ...['rejected', 'fulfilled', 'fulfilled'],
  ])
  const later = join('d')
  await isBegun(3)
  begun[2]?.end()
  await later
})
