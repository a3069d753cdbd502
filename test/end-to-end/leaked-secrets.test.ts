import { spawn } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCredentials } from '@tenseams/identities/credentials'
import { beforeAll, expect, test } from 'vitest'
import type { Needle } from '../canary/forms.ts'
import { leaksOf, needlesOf } from '../canary/instance.ts'
import { leaksInFolder, leaksInProcesses } from '../canary/places.ts'
import { type TestStack, useStack } from '../support/stack.ts'

let stack: TestStack
let needles: readonly Needle[]

beforeAll(async () => {
  stack = await useStack()
  needles = await needlesOf(stack)
})

test('no secret of any identity lies where somebody else may see it', async () => {
  expect(new Set(needles.map(({ of }) => of)).size).toBeGreaterThan(30)
  expect(await leaksOf(stack, needles)).toEqual([])
})

test('a secret that is planted in a log is found', async () => {
  const { token } = await readCredentials(stack.secrets.fileOf('operator'))
  const file = join(stack.context.paths.logs, 'planted.log')
  writeFileSync(file, `authorization: Basic ${Buffer.from(`operator:${token}`).toString('base64')}`)
  try {
    const found = leaksInFolder(stack.context.paths.logs, needles)
    expect(found).toContainEqual({ where: file, of: 'operator token', form: 'base64' })
  } finally {
    rmSync(file)
  }
})

test('a secret that is planted in a process’s environment is found', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    env: {
      DATABASE_URL: `postgres://orders_service:${stack.secrets.postgresPasswords.orders_service}@h/shop`,
    },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await new Promise((resolve) => child.once('spawn', resolve))
  try {
    const found = leaksInProcesses([child.pid ?? 0], needles)
    expect(found.map(({ of }) => of)).toEqual(['orders orders_service'])
  } finally {
    child.kill()
  }
})
