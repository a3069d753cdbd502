import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One of buf's findings. Its rules: https://buf.build/docs/breaking/rules/ */
export type BufFinding = { readonly type: string; readonly message: string }

/** The rules for breaks on the wire. What else our registry refuses is compared in registry-differences.ts. */
const rules = ['WIRE']

const EXIT_FOUND = 100
const TIMEOUT_MS = 60_000

/**
 * buf's findings when `text` replaces `against`. It compares two temporary folders and needs no network.
 *
 * @throws Error when buf cannot be run, or cannot compile one of the texts.
 */
export function bufBreaking(text: string, against: string): readonly BufFinding[] {
  const pair = JSON.stringify([text, against])
  const known = answers.get(pair)
  if (known !== undefined) return known
  const answer = ask(text, against)
  answers.set(pair, answer)
  return answer
}

/** The same pair is compared under several levels. Bounded by the number of pairs of versions. */
const answers = new Map<string, readonly BufFinding[]>()

function ask(text: string, against: string): readonly BufFinding[] {
  const folder = mkdtempSync(join(tmpdir(), 'contracts-check-'))
  try {
    return runBuf(folder, { text, against })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runBuf(folder: string, texts: Readonly<Record<string, string>>): readonly BufFinding[] {
  for (const [name, content] of Object.entries(texts)) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'contract.proto'), content)
  }
  const config = JSON.stringify({ version: 'v2', breaking: { use: rules } })
  const parameters = ['breaking', '.', '--against', '../against', '--config', config]
  const { status, stdout, stderr, error } = spawnSync(
    bufBinary(),
    [...parameters, ...asJson],
    // A separate home, so that a user's settings do not change the result.
    { cwd: join(folder, 'text'), env: { HOME: folder }, encoding: 'utf8', timeout: TIMEOUT_MS },
  )
  if (error !== undefined) throw new Error('buf could not be run', { cause: error })
  if (status === 0 && stdout === '') return []
  if (status === EXIT_FOUND) return findingsIn(stdout)
  const said = `${stderr}${stdout}`.replaceAll(`${folder}/`, '').trim()
  throw new Error(`buf could not compare (exit code ${status}): ${said}`)
}

/**
 * buf's binary for this platform. Its launcher, a script, would only look for the same file, take as long as the comparison
 * itself, and show a stack when there is none.
 *
 * @param resolve finds the file of a package beside buf's own.
 * @throws Error with the command that installs it.
 */
export function bufBinary(
  resolve = createRequire(import.meta.resolve('@bufbuild/buf/bin/buf')).resolve as Resolve,
): string {
  const architecture =
    process.arch === 'arm64' && process.platform === 'linux' ? 'aarch64' : process.arch
  const name = `@bufbuild/buf-${process.platform}-${architecture}`
  try {
    return resolve(`${name}/bin/buf`)
  } catch {
    // Node's own error is a list of the files from which it was looked for.
    throw new Error(
      `${name} is not installed, so Protobuf cannot be compared: run \`npm ci --include=optional\` in the project's folder`,
    )
  }
}

type Resolve = (file: string) => string

const asJson = ['--error-format', 'json']

/** One JSON object per line. Compile errors have the same exit code and form, and the type COMPILE. */
function findingsIn(lines: string): readonly BufFinding[] {
  const findings = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line))
  if (findings.length === 0 || !findings.every(isFinding)) {
    throw new Error(`buf's answer is not understood: ${lines}`)
  }
  const compileError = findings.find(({ type }) => type === 'COMPILE')
  if (compileError !== undefined) throw new Error(`not Protobuf: ${compileError.message}`)
  return findings
}

function isFinding(value: unknown): value is BufFinding {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  )
}
