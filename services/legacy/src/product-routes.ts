import { problems } from '@tenseams/service/api'
import { problem, sendProblem } from '@tenseams/service/problem'
import type { Server } from '@tenseams/service/server'
import type pg from 'pg'
import { readProduct } from './catalogue.ts'
import { ProductAnswer, ProductParams } from './order-schemas.ts'

const showing = {
  summary: 'Shows a product and its prices',
  params: ProductParams,
  response: { 200: ProductAnswer, ...problems(400, 404) },
}

/** `GET /products/:sku`. */
export function productRoutes(server: Server, pool: pg.Pool): void {
  server.get('/products/:sku', { schema: showing }, async (request, reply) => {
    const product = await readProduct(pool, request.params.sku)
    if (product === undefined) return sendProblem(reply, unknownProduct)
    const prices = product.prices.map((price) => ({
      ...price,
      priceMinor: Number(price.priceMinor),
    }))
    return reply.send({ ...product, prices })
  })
}

const unknownProduct = problem(
  'product-unknown',
  404,
  'No such product',
  'Check the sku: this one is not sold.',
)
