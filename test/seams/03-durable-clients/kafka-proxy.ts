import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { ISocketFactory } from 'kafkajs'

export type KafkaProxy = {
  /** Sends a client's connections through the proxy, whatever address the broker advertises. */
  readonly socketFactory: ISocketFactory
  /** Passes the next Produce request to the broker, and cuts the connection instead of passing on the answer. */
  loseAnswer(): void
  /** The number of lost answers. */
  lost(): number
  close(): Promise<void>
}

const PRODUCE = 0

/** A proxy between clients and one broker that loses an answer, as a network may. */
export async function openKafkaProxy(brokers: string): Promise<KafkaProxy> {
  const { hostname: host, port } = new URL(`kafka://${brokers}`)
  let losing = false
  let lost = 0
  const sockets = new Set<Socket>()

  const listener = createServer((client) => {
    const broker = connect({ host, port: Number(port) })
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        broker.destroy()
      })
      // Broken sockets are expected here.
      socket.on('error', () => socket.destroy())
    }
    let losesNext = false
    client.on('data', (request: Buffer) => {
      if (losing && isProduce(request)) {
        losing = false
        losesNext = true
      }
      broker.write(request)
    })
    // One request is in flight on a connection, so the next bytes are its answer.
    broker.on('data', (answer) => {
      if (!losesNext) return void client.write(answer)
      lost += 1
      client.destroy()
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address() as AddressInfo
  return {
    socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: address.port }, onConnect),
    loseAnswer: () => {
      losing = true
    },
    lost: () => lost,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

/** A request begins with its length and its API key; kafkajs writes each in one piece. */
const isProduce = (request: Buffer): boolean =>
  request.length > 6 && request.readInt16BE(4) === PRODUCE
