import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type Problem, problem } from './problem.ts'

/** What Node's HTTP server refuses before there is a request, by the code of its error. */
const refusals: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: problem(
    'headers-too-large',
    431,
    'The headers are too large',
    'Send at most 16 kB of headers, the address included.',
  ),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: problem(
    'body-too-large',
    413,
    'The body is too large',
    'Send the body without chunk extensions.',
  ),
  ERR_HTTP_REQUEST_TIMEOUT: problem(
    'request-timeout',
    408,
    'The request did not arrive in time',
    'Send all of it within 30 seconds.',
  ),
}

const unreadable = problem(
  'bad-request',
  400,
  'The request cannot be read',
  'Send a request that is valid HTTP/1.1.',
)

const expectationFailed = problem(
  'expectation-failed',
  417,
  'The expectation cannot be met',
  'Send no header Expect other than 100-continue.',
)

/** Answers with problem details what cannot become a request, and closes the connection, whose state is unknown. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const answer = refusals[error.code ?? ''] ?? unreadable
  const body = JSON.stringify(answer)
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

/** Node answers an `Expect` that it does not know by itself, without a body. */
export function answerExpectations(server: Server): void {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.stringify(expectationFailed)
    response.writeHead(expectationFailed.status, {
      'content-type': 'application/problem+json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    })
    response.end(body)
  })
}
