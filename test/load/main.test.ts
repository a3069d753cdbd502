import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, expect, test } from 'vitest'
import { readResult } from './report/result.ts'

const TIMEOUT_MS = 60_000
const main = join(import.meta.dirname, 'main.ts')
const parent = mkdtempSync(join(tmpdir(), 'ten-seams-load-'))
let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

afterAll(() => rmSync(parent, { recursive: true, force: true }))

/** A load on a shop of one product; `onOrder` answers, and may send a signal. */
async function load(options: string, onOrder: (kill: () => void) => RequestListener) {
  const prices = [{ currency: 'EUR', priceMinor: 1_250 }]
  const kill = () => void child.kill('SIGINT')
  const order = onOrder(kill)
  server = createServer((request, response) => {
    if (request.method === 'GET') response.end(JSON.stringify({ prices }))
    else order(request, response)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = mkdtempSync(join(parent, 'results-'))
  const parameters = [...options.split(' '), '--target', target, '--results', folder]
  const child = spawn(process.execPath, [main, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = text(child.stdout)
  const [code] = await once(child, 'close')
  const files = readdirSync(folder).sort()
  const result = readResult(join(folder, files.find((file) => file.endsWith('.json')) ?? ''))
  return { code, output: await output, folder, files, result }
}

const accept: RequestListener = (request, response) => {
  response.writeHead(201, { location: `/orders/${request.headers['idempotency-key']}` }).end()
}

test(
  'an interrupted load ends by itself, with the figures and the page of what was measured so far',
  async () => {
    let orders = 0
    const { code, output, files, folder, result } = await load(
      '--rate 40 --duration 10m --ramp 0',
      (kill) => (request, response) => {
        orders += 1
        if (orders === 80) kill()
        accept(request, response)
      },
    )
    expect(code, output).toBe(0)
    expect(output).toMatch(/40\/s {2}kept/)
    const [step] = result.steps
    expect(step?.wasInterrupted).toBe(true)
    expect(step?.due).toBeGreaterThanOrEqual(80)
    expect(step?.due).toBeLessThan(400)
    expect(result.settings).toMatchObject({ profile: 'answers only', rate: 40 })
    expect(files.map((file) => file.split('.').at(-1))).toEqual(['html', 'json'])
    expect(readFileSync(join(folder, files[0] ?? ''), 'utf8')).toContain('Percentiles')
  },
  TIMEOUT_MS,
)

test(
  'a load of which a part was not answered is void, says why, and ends with 2',
  async () => {
    let orders = 0
    const { code, output } = await load(
      '--rate 40 --duration 2s --ramp 0',
      () => (request, response) => {
        orders += 1
        if (orders % 4 === 0) response.writeHead(503).end()
        else accept(request, response)
      },
    )
    expect(code).toBe(2)
    expect(output).toMatch(/40\/s {2}void/)
    expect(output).toMatch(/20 orders: status 503/)
  },
  TIMEOUT_MS,
)
