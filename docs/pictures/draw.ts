import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { drawRun } from './start-once.ts'
import { drawWay } from './way-of-an-event.ts'

const usage = `npx node docs/pictures/draw.ts [--run]

Draws the pictures of the README from their sources. With --run it first takes the text of a real \`npm start -- --once\`,
in an instance of its own that is removed afterwards, and keeps it in docs/pictures/start-once.txt.`

const folder = import.meta.dirname
const root = resolve(folder, '../..')
const record = join(folder, 'start-once.txt')
const ofItsOwn = ['--instance', 'picture']

process.exitCode = await main(process.argv.slice(2))

async function main([option, ...others]: readonly string[]): Promise<number> {
  if (others.length > 0 || (option !== undefined && option !== '--run')) {
    console.error(usage)
    return 2
  }
  if (option === '--run' && !(await recordRun())) return 1
  writeFileSync(join(folder, 'way-of-an-event.svg'), drawWay())
  writeFileSync(join(folder, 'start-once.svg'), drawRun(readFileSync(record, 'utf8')))
  return 0
}

/** A run whose counts do not agree is no picture: the last one stays. */
async function recordRun(): Promise<boolean> {
  const { code, output } = await npm('start', '--', '--once', ...ofItsOwn, '--port-offset', '7000')
  await npm('run', 'stack', '--', 'down', '--purge', ...ofItsOwn)
  if (code === 0) writeFileSync(record, output)
  return code === 0
}

function npm(...parameters: readonly string[]): Promise<{ code: number | null; output: string }> {
  const {
    promise,
    resolve: end,
    reject,
  } = Promise.withResolvers<{ code: number | null; output: string }>()
  const child = spawn('npm', parameters, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk)
    output += chunk.toString()
  })
  child.once('error', reject)
  child.once('close', (code) => end({ code, output }))
  return promise
}
