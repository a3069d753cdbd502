import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import type { Page } from './notification.ts'

type PageFileOptions = { readonly file: string; readonly most: number }

/**
 * The pages, newest last, as lines of JSON in a file and in memory. A page is on disk before `add` returns, so what Alertmanager
 * was told is kept is kept, whatever crashes. A line that a crash has cut off is left out; Alertmanager sends that page again.
 * When the file has twice the most lines it is written anew with the newest ones, and replaced atomically.
 */
export class PageFile {
  readonly #options: PageFileOptions
  #handle: FileHandle
  #pages: Page[]
  #lines: number
  /** The last line was not written whole: by a crash before this one was opened, or since the disk is full. */
  #isCutOff: boolean
  /** One write after another: two at once could mix their lines. */
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(
    options: PageFileOptions,
    handle: FileHandle,
    pages: Page[],
    cutOff: boolean,
  ) {
    this.#options = options
    this.#handle = handle
    this.#isCutOff = cutOff
    this.#pages = pages.slice(-options.most)
    this.#lines = pages.length
  }

  /** @throws the system's error for a file that cannot be made or read. */
  static async open(options: PageFileOptions): Promise<PageFile> {
    await mkdir(dirname(options.file), { recursive: true, mode: 0o700 })
    const handle = await open(options.file, 'a+', 0o600)
    const pages = await readPages(options.file)
    return new PageFile(options, handle, pages, await isCutOff(handle))
  }

  /** The newest first. */
  newest(count: number): readonly Page[] {
    return this.#pages.slice(-count).toReversed()
  }

  /** @throws the system's error when it cannot be written; then it is not kept. */
  add(page: Page): Promise<void> {
    const work = this.#writing.then(() => this.#write(page))
    this.#writing = work.catch(() => undefined)
    return work
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#handle.close()
  }

  async #write(page: Page): Promise<void> {
    const start = this.#isCutOff ? '\n' : ''
    this.#isCutOff = true
    await this.#handle.appendFile(`${start}${JSON.stringify(page)}\n`)
    await this.#handle.datasync()
    this.#isCutOff = false
    this.#pages.push(page)
    this.#lines += 1
    const { most } = this.#options
    if (this.#pages.length > most) this.#pages = this.#pages.slice(-most)
    if (this.#lines >= most * 2) await this.#shorten()
  }

  async #shorten(): Promise<void> {
    const unfinished = `${this.#options.file}.unfinished`
    const fresh = await open(unfinished, 'w', 0o600)
    await fresh.writeFile(this.#pages.map((page) => `${JSON.stringify(page)}\n`).join(''))
    await fresh.datasync()
    await fresh.close()
    await rename(unfinished, this.#options.file)
    await this.#handle.close()
    this.#handle = await open(this.#options.file, 'a+', 0o600)
    this.#lines = this.#pages.length
  }
}

/** Whether a crash has cut off the last line, which then spoils the next one. */
async function isCutOff(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat()
  if (size === 0) return false
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer.toString() !== '\n'
}

async function readPages(file: string): Promise<Page[]> {
  const pages: Page[] = []
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const page = pageIn(line)
    if (page !== undefined) pages.push(page)
  }
  return pages
}

function pageIn(line: string): Page | undefined {
  try {
    return JSON.parse(line)
  } catch {
    // Empty, or cut off by a crash.
    return undefined
  }
}
