import { afterEach, expect, test, vi } from 'vitest'
import { madeEnvironment, mavenEnvironment } from './environment.ts'
import { ProgramFailed, runProgram } from './program.ts'

afterEach(() => vi.unstubAllEnvs())

test('a program gets a path, a home, a language, a time zone and what it is given, and nothing else', async () => {
  vi.stubEnv('NODE_COMPILE_CACHE', undefined)
  for (const name of ['JAVA_TOOL_OPTIONS', 'KAFKA_OPTS', 'CLASSPATH', 'PGHOST', 'LC_ALL', 'TZ']) {
    vi.stubEnv(name, '/nowhere')
  }
  const output = await runProgram({
    file: '/usr/bin/env',
    arguments: [],
    environment: { JAVA_HOME: '/jdk' },
    timeoutMs: 10_000,
  })
  const names = output
    .trim()
    .split('\n')
    .map((line) => line.split('=')[0])
  expect(names.toSorted()).toEqual(['HOME', 'JAVA_HOME', 'LANG', 'PATH', 'TZ'])
  expect(madeEnvironment()).toMatchObject({ LANG: 'C.UTF-8', TZ: 'UTC' })
})

test('a program gets the place where Node keeps what it has compiled, if the verb has one', () => {
  vi.stubEnv('NODE_COMPILE_CACHE', '/checkout/node_modules/.cache/node-compile')
  expect(madeEnvironment().NODE_COMPILE_CACHE).toBe('/checkout/node_modules/.cache/node-compile')
  vi.stubEnv('NODE_COMPILE_CACHE', undefined)
  expect(madeEnvironment()).not.toHaveProperty('NODE_COMPILE_CACHE')
})

test('Maven also gets the options by which its user reaches repositories', () => {
  vi.stubEnv('MAVEN_OPTS', '-Dhttps.proxyHost=proxy')
  vi.stubEnv('MAVEN_ARGS', undefined)
  vi.stubEnv('HOME', '/nowhere')
  expect(mavenEnvironment()).toEqual({ MAVEN_OPTS: '-Dhttps.proxyHost=proxy' })
})

test('a program that fails is named with the end of its output', async () => {
  const failing = runProgram({
    file: '/bin/sh',
    arguments: ['-c', 'echo why; exit 3'],
    timeoutMs: 10_000,
  })
  await expect(failing).rejects.toThrow(ProgramFailed)
  await expect(failing).rejects.toThrow(/exited with 3.*why/s)
})
