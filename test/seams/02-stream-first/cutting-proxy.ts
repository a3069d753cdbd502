import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What the proxy does to one statement and its connection. */
export type Cut =
  /** The statement is committed; its answer is lost. */
  | 'answer-lost'
  /** The statement never arrives. */
  | 'statement-lost'
  /** The statement arrives, and the connection of its sender is cut before the answer. */
  | 'sender-lost'
  /** The connection of its sender is cut first; the statement arrives when `deliver` is called. */
  | 'late'

export type CuttingProxy = {
  readonly host: string
  readonly port: number
  /** Applies to the next statement whose bytes contain `mark`; all others pass. */
  cut(how: Cut, mark: string): void
  /** Passes on the late statement, if its connection to the server is still open, and resolves when the server has processed it. */
  deliver(): Promise<void>
  /** Refuses all new connections from now on. */
  refuse(): void
  close(): Promise<void>
}

type Way = { readonly sender: Socket; readonly server: Socket }

/** A proxy in front of Postgres that loses or delays one statement, as a network may. */
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
    // The next bytes belong to this statement: pg sends the following one only when this one has been answered.
    else void answered(way.server).then(() => end(way))
  }

  const listener = createServer((sender) => {
    const server = connect(target)
    for (const socket of [sender, server]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      // Broken sockets are expected here.
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

/** Resolves when the server is ready for the next statement, so has committed this one, or has closed the connection. */
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
