import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { rootFolder } from '../runner/program.ts'
import { installPython, runAndRead } from '../support/python.ts'
import { useStack } from '../support/stack.ts'

const TIMEOUT_MS = 15 * 60_000

const tool = { name: 'schemathesis', requirements: 'test/support/http/requirements.txt' }
const settings = join(rootFolder, 'test', 'support', 'http', 'schemathesis.toml')

// It writes its database of examples into the folder in which it runs.
const folder = mkdtempSync(join(tmpdir(), 'openapi-conformance-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test(
  'the running orders service does what its OpenAPI document says, by all checks of schemathesis',
  async () => {
    const { endpoints } = await useStack()
    const programs = await installPython(tool)
    const document = `${endpoints.ordersUrl}/documentation/json`
    const bounds = ['--seed', '20261130', '--max-examples', '60', '--request-timeout', '20']
    const output = await runAndRead(
      join(programs, 'st'),
      ['--config-file', settings, '--no-color', 'run', '--checks', 'all', ...bounds, document],
      { timeoutMs: TIMEOUT_MS, cwd: folder },
    )
    // It ends with exit code 0 only without a failure; that it has sent requests at all, it says here.
    expect(output).toMatch(/(\d{3,}) generated, \1 passed/)
  },
  TIMEOUT_MS,
)
