import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  busiestThread,
  cpuMsByGroup,
  cpuMsIn,
  readProcesses,
  readThreads,
  threadGroup,
} from './processes.ts'

const proc = mkdtempSync(join(tmpdir(), 'ten-seams-proc-'))
afterAll(() => rmSync(proc, { recursive: true, force: true }))

/** A line of /proc/<pid>/stat with its times in ticks: own, of the kernel, and both of its ended children. */
function stat(pid: number, command: string, parent: number, times: readonly number[]): string {
  return `${pid} (${command}) S ${parent} ${pid} ${pid} 0 -1 4194304 900 0 0 0 ${times.join(' ')} 20 0 1 0 12345 1000 200`
}

function write(path: string, text: string): void {
  const file = join(proc, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

write('10/stat', stat(10, 'java', 1, [100, 50, 0, 0]))
write('10/cmdline', 'java\0-Xmx1g\0')
write('10/task/10/comm', 'java\n')
write('10/task/10/schedstat', '1000000000 5 6\n')
write('10/task/11/comm', 'C2 CompilerThre\n')
write('10/task/11/schedstat', '500000000 5 6\n')
write('20/stat', stat(20, 'postgres', 1, [1, 0, 2, 0]))
write('21/stat', stat(21, 'postgres (a) b', 20, [3, 4, 0, 0]))
write('21/cmdline', 'postgres: orders_service shop 127.0.0.1(5032) idle\0\0')
write('21/task/21/comm', 'postgres\n')
write('21/task/21/schedstat', '70000000 1 2\n')
write('22/stat', stat(22, 'x', 21, [0, 1, 0, 0]))
write('self/stat', 'no process')
write('uptime', '1.0 2.0')

describe('processes', () => {
  const processes = readProcesses(proc)

  test('are those with a number', () => {
    expect([...processes.keys()].sort()).toEqual([10, 20, 21, 22])
  })

  test('have used what they, their ended children and their descendants have', () => {
    expect(cpuMsIn(processes, 10)).toBe(1_500)
    expect(cpuMsIn(processes, 20)).toBe(10 + 20 + 70 + 10)
    expect(cpuMsIn(processes, 99)).toBe(0)
  })
})

describe('threads', () => {
  const before = readThreads([10, 21, 99], proc)
  write('10/task/11/schedstat', '1500000000 5 6\n')
  write('10/task/12/comm', 'kafka-request-h\n')
  write('10/task/12/schedstat', '20000000 5 6\n')
  const after = readThreads([10, 21], proc)

  test('are summed by group, from their beginning when they began in between', () => {
    expect(cpuMsByGroup(before, after)).toEqual({
      ...{ java: 0, 'C2 CompilerThre': 1_000, 'kafka-request-h': 20 },
      'orders_service shop': 0,
    })
  })

  test('the busiest of them is found', () => {
    expect(busiestThread(before, after, 2_000)).toEqual({ group: 'C2 CompilerThre', share: 0.5 })
    expect(busiestThread(new Map(), new Map(), 1)).toBeUndefined()
  })
})

test.each([
  ['G1 Conc#0', '', 'G1 Conc'],
  ['data-plane-kafk', 'java', 'data-plane-kafk'],
  ['kafka-1', 'java', 'kafka'],
  ['MainThread', '/bin/node', 'MainThread'],
  ['7', '', '7'],
  ['postgres', 'postgres: checkpointer ', 'checkpointer'],
  [
    'postgres',
    'postgres: walsender debezium shop 127.0.0.1(33) START_REPLICATION',
    'walsender debezium shop',
  ],
  ['postgres', 'postgres: postgres shop [local] idle', 'postgres shop'],
])('the thread %s of "%s" is of the group %s', (name, title, group) => {
  expect(threadGroup(name, title)).toBe(group)
})
