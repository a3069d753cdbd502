import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { identify, isGoneBy, isSameProcess, memoryOf, parseStat, treeOf } from './procfs.ts'

describe('the identity of a process', () => {
  test('holds while it runs, and not after its end', async () => {
    const child = spawn('sleep', ['60'])
    await once(child, 'spawn')
    const identity = identify(child.pid ?? 0)
    if (identity === undefined) throw new Error('the child has no identity')
    expect(isSameProcess(identity)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(isSameProcess(identity)).toBe(false)
  })

  test('is not that of a later process with the same pid', () => {
    const own = identify(process.pid)
    if (own === undefined) throw new Error('this process has no identity')
    expect(isSameProcess({ ...own, startTicks: '1' })).toBe(false)
    expect(isSameProcess({ ...own, bootId: 'another start of the machine' })).toBe(false)
  })

  test.each([
    { state: 'Z', threads: 1, gone: true },
    { state: 'Z', threads: 2, gone: false },
    { state: 'S', threads: 1, gone: false },
  ])('in the state $state with $threads threads, it is gone: $gone', ({ gone, ...stat }) => {
    expect(isGoneBy(stat)).toBe(gone)
  })

  test('is parsed correctly when the command contains parentheses and spaces', () => {
    const rest = Array.from({ length: 30 }, (_, index) => String(index + 5)).join(' ')
    const stat = parseStat(`42 (a) b (c)) S 7 ${rest}`)
    expect(stat).toEqual({ state: 'S', parent: 7, threads: 20, startTicks: '22' })
  })
})

describe('the tree of a process', () => {
  test('has its children, parents first', async () => {
    const child = spawn('sh', ['-c', 'sleep 60 & echo begun; wait'], { detached: true })
    await once(child.stdout, 'data')
    const pid = child.pid ?? 0
    const tree = treeOf(pid)
    for (const member of tree) process.kill(member, 'SIGKILL')
    expect(tree[0]).toBe(pid)
    expect(tree).toHaveLength(2)
  })

  test('has memory', () => {
    expect(memoryOf([process.pid])).toBeGreaterThan(10_000_000)
  })
})
