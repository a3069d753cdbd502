import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to one commit between sender and catalogue. */
export type Loss =
  /** It arrives; its answer does not. */
  | 'answer-lost'
  /** It never arrives. */
  | 'request-lost'
  /** The sender gets an error, and it arrives afterwards. */
  | 'late'
  /** It arrives twice, and the sender gets the answer to the second. */
  | 'repeated'
  /** It arrives, and the sender gets no answer as long as it waits. */
  | 'withheld'

export type LossyProxy = {
  readonly url: string
  /** The next commit is treated so; those after it pass. */
  lose(loss: Loss): void
  /** Resolves when the late commit has arrived. */
  settled(): Promise<void>
  /** Whether what `lose` asked for has met a commit, and that commit has arrived if it is to. */
  hasStruck(): boolean
  close(): Promise<void>
}

const LATE_MS = 300

/** A proxy before a catalogue that does to a commit what a network may do. Reads always pass. */
export async function openLossyProxy(target: string): Promise<LossyProxy> {
  let next: Loss | undefined
  let pending: Promise<unknown> = Promise.resolve()
  let struck = false
  const treat = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request)
    const isCommit = request.method === 'POST' && /\/tables\/[^/]+$/.test(request.url ?? '')
    const loss = isCommit ? next : undefined
    if (loss !== undefined) next = undefined
    if (loss === 'request-lost') {
      struck = true
      return void response.writeHead(503).end()
    }
    if (loss === 'late') {
      response.writeHead(504).end()
      pending = new Promise((resolve) => setTimeout(resolve, LATE_MS))
        .then(() => forward(target, request, body))
        // The server may be down by then: then the commit never arrives.
        .catch(() => undefined)
        .finally(() => {
          struck = true
        })
      return
    }
    const first = await forward(target, request, body)
    const answer = loss === 'repeated' ? await forward(target, request, body) : first
    if (loss !== undefined) struck = true
    if (loss === 'withheld') return
    if (loss === 'answer-lost') return void response.destroy()
    await send(response, answer)
  }
  const server = createServer((request, response) => {
    // To the sender, a server that is down is a lost connection.
    treat(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    lose: (loss) => {
      next = loss
      struck = false
    },
    hasStruck: () => struck,
    settled: async () => void (await pending),
    close: async () => {
      await pending
      server.closeAllConnections()
      server.close()
    },
  }
}

function forward(target: string, request: IncomingMessage, body: string): Promise<Response> {
  const { authorization } = request.headers
  return fetch(target + (request.url ?? ''), {
    method: request.method ?? 'GET',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    signal: AbortSignal.timeout(10_000),
    ...(body !== '' && { body }),
  })
}

async function send(response: ServerResponse, answer: Response): Promise<void> {
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(Buffer.from(await answer.arrayBuffer()))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
