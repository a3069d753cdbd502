import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rootFolder } from '../../runner/program.ts'

/** Where proofs write their journals and logs. */
export const proofsFolder = join(rootFolder, '.stack', 'proofs')

export type JournalEntry = { readonly atMs: number; readonly what: string } & Readonly<
  Record<string, unknown>
>

/** What was done when: JSON lines, and at the end the same as a text file beside it. */
export class Journal {
  readonly file: string
  readonly #begun = performance.now()
  readonly #entries: JournalEntry[] = []

  constructor(name: string) {
    this.file = join(proofsFolder, `${name}.jsonl`)
    mkdirSync(dirname(this.file), { recursive: true })
    writeFileSync(this.file, '')
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.#begun)
  }

  note(what: string, details: Readonly<Record<string, unknown>> = {}): void {
    const entry = { atMs: this.elapsedMs, what, ...details }
    this.#entries.push(entry)
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`)
  }

  /** Writes the text file and returns its path. */
  close(): string {
    const text = this.file.replace(/\.jsonl$/, '.txt')
    const lines = this.#entries.map(({ atMs, what, ...details }) => {
      const more = Object.entries(details).map(([name, value]) => `${name} ${String(value)}`)
      return `${(atMs / 1_000).toFixed(1).padStart(7)} s  ${what}${more.length > 0 ? `: ${more.join(', ')}` : ''}`
    })
    writeFileSync(text, `${lines.join('\n')}\n`)
    return text
  }
}
