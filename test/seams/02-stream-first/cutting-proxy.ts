import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What becomes of one statement, and of the connection that carries it. */
export type Cut =
  /** It is committed; its answer does not arrive. */
  | 'answer-lost'
  /** It never arrives. */
  | 'statement-lost'
  /** It arrives, and its sender is cut off before it is answered. */
  | 'sender-lost'
  /** Its sender is cut off first; it arrives when `deliver` is called. */
  | 'late'

export type CuttingProxy = {
  readonly host: string
  readonly port: number
  /** The next statement whose bytes hold `mark` is treated so; all else passes. */
  cut(how: Cut, mark: string): void
  /** Hands on the late statement, if its connection still stands, and resolves when the server has dealt with it. */
  deliver(): Promise<void>
  /** From now on nobody gets a connection. */
  refuse(): void
  close(): Promise<void>
}

type Way = { readonly sender: Socket; readonly server: Socket }

/** Stands before Postgres and does to one statement what a network may do. */
export async function openCuttingProxy(target: {
  readonly host: string
  readonly port: number
}): Promise<CuttingProxy> {
  let next: { readonly how: Cut; readonly mark: Buffer } | undefined
  let late: (Way & { readonly bytes: Buffer }) | undefined
  const sockets = new Set<Socket>()

  const onStatement = (way: Way, bytes: Buffer): void => {
    const how = next?.how
    if (how === undefined || next === undefined || !bytes.includes(next.mark)) {
      way.server.write(bytes)
      return
    }
    next = undefined
    way.sender.unpipe()
    way.server.unpipe()
    way.sender.removeAllListeners('end')
    if (how === 'statement-lost') {
      end(way)
      return
    }
    if (how === 'late') {
      late = { ...way, bytes }
      way.sender.destroy()
      return
    }
    way.server.write(bytes)
    if (how === 'sender-lost') way.sender.destroy()
    // The first bytes that come back belong to this statement: pg sends the next one when it has been answered.
    else void answered(way.server).then(() => end(way))
  }

  const listener = createServer((sender) => {
    const server = connect(target)
    for (const socket of [sender, server]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      // A socket that breaks is what this proxy is for.
      socket.on('error', () => socket.destroy())
    }
    sender.on('data', (bytes) => onStatement({ sender, server }, bytes))
    sender.on('end', () => server.end())
    server.pipe(sender)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    cut: (how, mark) => {
      next = { how, mark: Buffer.from(mark) }
    },
    deliver: async () => {
      if (late === undefined) throw new Error('no statement is late')
      const { server, bytes } = late
      if (!server.writable || server.readableEnded) return
      const done = answered(server)
      server.write(bytes)
      await done
    },
    refuse: () => {
      listener.close()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      if (listener.listening) await new Promise((resolve) => listener.close(resolve))
    },
  }
}

const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5])

/** Until the server is ready for the next statement, so has committed this one, or has ended the connection. */
function answered(server: Socket): Promise<void> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0)
    server.on('data', (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes])
      if (seen.includes(readyForQuery)) resolve()
    })
    server.on('close', () => resolve())
    server.resume()
  })
}

function end({ sender, server }: Way): void {
  sender.destroy()
  server.destroy()
}
