import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CredentialsError } from '@tenseams/identities/errors'
import { afterEach, describe, expect, test } from 'vitest'
import { Catalog } from './catalog.ts'

type Answer = { readonly status: number; readonly body: object }

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})

/** A catalogue over HTTP that answers as told. */
async function serving(answer: (request: IncomingMessage) => Answer): Promise<string> {
  const server = createServer((request, response) => {
    const { status, body } = answer(request)
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ended.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const refusal = (status: number, message: string): Answer => ({
  status,
  body: { error: { message } },
})
const table = { namespace: 'bronze', name: 'orders' }
const nothing = { requirements: [], updates: [] }
const timeoutMs = 5_000

describe('a client of the catalogue', () => {
  test('logs in at each request with the token of then', async () => {
    const seen: (string | undefined)[] = []
    const url = await serving(({ headers }) => {
      seen.push(headers.authorization)
      return { status: 200, body: { namespaces: [['bronze']] } }
    })
    const tokens = ['first', 'second', 'third']
    const catalog = new Catalog({ url, login: async () => tokens.shift() ?? '', timeoutMs })
    expect(await catalog.listNamespaces()).toEqual(['bronze'])
    expect(await catalog.listNamespaces()).toEqual(['bronze'])
    expect(seen).toEqual(['first', 'second', 'third'])
  })

  test('loses no request to a rotation that ends while it is on its way', async () => {
    let known = 'old'
    const url = await serving(({ headers }) => {
      known = 'new'
      return headers.authorization === known
        ? { status: 200, body: { namespaces: [] } }
        : refusal(401, 'unknown')
    })
    const catalog = new Catalog({ url, login: async () => known, timeoutMs })
    expect(await catalog.listNamespaces()).toEqual([])
  })

  test.each([401, 403])('knows that a commit refused with %i has not happened', async (status) => {
    const url = await serving(({ method }) =>
      method === 'GET'
        ? { status: 200, body: {} }
        : refusal(status, 'reader may not change tables'),
    )
    const catalog = new Catalog({ url, login: async () => 'Basic', timeoutMs })
    expect(await catalog.commitTable(table, nothing)).toMatchObject({
      kind: 'refused',
      error: {
        ...{ code: 'CATALOG_NOT_PERMITTED', retriable: false },
        message: `POST /v1/namespaces/bronze/tables/orders: ${status} reader may not change tables`,
      },
    })
  })

  test('says what is wrong with a file of credentials, and does not take the catalogue for unavailable', async () => {
    const login = () => Promise.reject(new CredentialsError('there is no file of credentials'))
    const catalog = new Catalog({ url: 'http://127.0.0.1:1', login, timeoutMs })
    await expect(catalog.listNamespaces()).rejects.toThrow(CredentialsError)
  })
})
