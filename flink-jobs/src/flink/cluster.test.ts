import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { JobError } from '../errors.ts'
import { waitUntilEnded, waitUntilRunning } from './cluster.ts'

type Reply = (request: IncomingMessage, response: ServerResponse) => void

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A JobManager that gives these replies, one after the other, and the last one from then on. */
async function jobManager(...replies: readonly Reply[]): Promise<string> {
  let asked = 0
  server = createServer((request, response) => {
    const reply = replies[Math.min(asked++, replies.length - 1)]
    reply?.(request, response)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const dies: Reply = (request) => request.socket.destroy()
const says =
  (answer: object, status = 200): Reply =>
  (_, response) => {
    response.statusCode = status
    response.end(JSON.stringify(answer))
  }
const electing = says({ errors: ['Service temporarily unavailable, no leader.'] }, 503)
const job = (state: string) => says({ state, vertices: [{ status: state }] })

describe('waiting for a job', () => {
  it('goes on while its JobManager is started again', async () => {
    const flinkUrl = await jobManager(
      job('CREATED'),
      dies,
      electing,
      job('RESTARTING'),
      job('RUNNING'),
    )
    await waitUntilRunning(flinkUrl, 'a1', 30_000)
  })

  it('for its end, too', async () => {
    const flinkUrl = await jobManager(job('CANCELLING'), dies, job('CANCELED'))
    await waitUntilEnded(flinkUrl, 'a1', 30_000)
  })

  it('ends with the reason when the job has failed, or is not known', async () => {
    const failed = await jobManager(job('FAILED'), says({ 'root-exception': 'no such column' }))
    await expect(waitUntilRunning(failed, 'a1', 30_000)).rejects.toThrow(JobError)
    const unknown = await jobManager(says({ errors: ['Job a1 not found'] }, 404))
    await expect(waitUntilRunning(unknown, 'a1', 30_000)).rejects.toThrow('not found')
  })

  it('ends with the time', async () => {
    const flinkUrl = await jobManager(dies)
    await expect(waitUntilEnded(flinkUrl, 'a1', 300)).rejects.toThrow('did not end within 300 ms')
  })
})
