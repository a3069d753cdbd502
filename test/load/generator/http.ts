import http from 'node:http'
import https from 'node:https'

export type HttpRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

export type HttpAnswer = {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
}

export type HttpOptions = {
  readonly url: string
  readonly maxConnections: number
  /** Without a byte from the server for so long, a request has failed. */
  readonly timeoutMs: number
}

/** Requests over connections that are kept. Bodies of answers are read and dropped, which costs less than `fetch`. */
export class HttpClient {
  readonly #url: URL
  readonly #timeoutMs: number
  readonly #module: typeof http | typeof https
  readonly #agent: http.Agent

  constructor({ url, maxConnections, timeoutMs }: HttpOptions) {
    this.#url = new URL(url)
    this.#timeoutMs = timeoutMs
    this.#module = this.#url.protocol === 'https:' ? https : http
    this.#agent = new this.#module.Agent({
      keepAlive: true,
      maxSockets: maxConnections,
      maxFreeSockets: maxConnections,
    })
  }

  /** @throws the socket's error, or one with the code ETIMEDOUT. */
  send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
    const { protocol, hostname, port } = this.#url
    const options = { protocol, hostname, port, method, path, headers, agent: this.#agent }
    const request = this.#module.request({ ...options, timeout: this.#timeoutMs })
    request.once('response', (response) => {
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers }),
      )
      response.resume()
    })
    request.once('timeout', () => request.destroy(new TimeoutError('no answer in time')))
    request.once('error', reject)
    request.end(body)
    return promise
  }

  close(): void {
    this.#agent.destroy()
  }
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT'
  readonly retriable = true
}
