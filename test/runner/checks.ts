import { type Outcome, type Program, runProgram } from './program.ts'

export type Check = { readonly name: string; readonly program: Program }

const CHECK_TIMEOUT_MS = 300_000

/** The static checks, usually fastest first. They write nothing. */
export const staticChecks: readonly Check[] = [
  check('format and lint (Biome)', 'node_modules/@biomejs/biome/bin/biome', [
    ...['check', '--error-on-warnings', '--colors=off', '.'],
  ]),
  check('types (tsc)', 'node_modules/typescript/bin/tsc', ['-p', '.', '--pretty', 'false']),
  check('unused code and dependencies (knip)', 'node_modules/knip/bin/knip.js', ['--no-progress']),
  check('generated files are fresh', 'contracts/src/main.ts', ['generate', '--check']),
  // It finds the state that others rely on by itself, and fails where it cannot: in a shallow clone, or without git.
  check('contracts keep their promises', 'contracts/src/main.ts', ['check']),
]

/** The repository's own rules. They are part of the unit suite, too, so `npm test` doesn't run them here. */
export const tidyCheck = check(
  "the repository's rules (test/tidy)",
  'node_modules/vitest/vitest.mjs',
  [...['run', '--config', 'test/runner/unit.config.ts', 'test/tidy']],
)

/** Runs the checks one after another and prints a line for each, and what a failing one said. */
export async function runChecks(
  checks: readonly Check[],
  signal?: AbortSignal,
): Promise<{ readonly passed: number; readonly failed: number }> {
  let passed = 0
  for (const { name, program } of checks) {
    if (signal?.aborted) break
    const outcome = await runProgram({ ...program, ...(signal && { signal }) })
    console.log(report(name, outcome))
    if (outcome.ok) passed += 1
  }
  return { passed, failed: checks.length - passed }
}

function check(name: string, file: string, parameters: readonly string[]): Check {
  const environment = { NO_COLOR: '1' }
  return { name, program: { file, parameters, timeoutMs: CHECK_TIMEOUT_MS, environment } }
}

function report(name: string, outcome: Outcome): string {
  const seconds = `${(outcome.durationMs / 1_000).toFixed(1)} s`
  if (outcome.ok) return `  ok      ${name}, ${seconds}`
  return `  FAILED  ${name}, ${seconds}: ${outcome.reason}\n${indent(outcome.output.trim())}`
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '          ')
}
