import { readArguments, wholeNumber } from '@tenseams/cli/arguments'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { instanceHelp, instanceOptions, portOffsetOf } from '@tenseams/cli/instance-options'
import { interruptible } from '@tenseams/cli/interruption'
import { say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import type { Fence, Page } from '@tenseams/observability/runbooks/page'
import { pageAbout, pageTexts } from '@tenseams/observability/runbooks/pages'
import { readPage } from '@tenseams/observability/runbooks/read-page'
import { type Outcome, runFence, type Target } from '@tenseams/observability/runbooks/run-fence'

const help = `npx node test/runbooks/try-fences.ts [<Alert> …]

Runs what the runbooks look at, their commands of the kinds check and verify, on a healthy instance, with the examples of the pages as
labels. Nothing is changed. On a healthy instance each of them ends with 0.

  --at-once <n>            pages that are tried side by side (default: 4)
  --kind check|verify      only these
${instanceHelp}

Exit codes: 0 all ended with 0; 1 some did not; 2 it could not be done.
`

const options = {
  'at-once': { type: 'string', default: '4' },
  kind: { type: 'string' },
  ...instanceOptions,
} as const

type Tried = { readonly page: Page; readonly fence: Fence; readonly outcome: Outcome }

async function tryFences(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals } = readArguments(args, options)
  const target = { instance: values.instance, portOffset: portOffsetOf(values) }
  const texts = pageTexts()
  const pages =
    positionals.length > 0
      ? positionals.map((alert) => pageAbout(alert, texts))
      : [...texts].map(([name, text]) => readPage(name, text).page)
  const signal = interruptible()
  const tried: Tried[] = []
  const waiting = [...pages]
  const worker = async () => {
    for (
      let page = waiting.shift();
      page !== undefined && !signal.aborted;
      page = waiting.shift()
    ) {
      tried.push(...(await tryPage(page, values.kind, target, signal)))
    }
  }
  await Promise.all(
    Array.from(
      { length: wholeNumber('--at-once', values['at-once'], { least: 1, most: 16 }) },
      worker,
    ),
  )
  const failed = tried.filter(({ outcome }) => outcome.exitCode !== 0)
  say(`${tried.length} commands of ${pages.length} pages tried, ${failed.length} failed`)
  return failed.length === 0 && !signal.aborted ? exitCodes.holds : exitCodes.refuted
}

/** One after another, as a reader does. */
async function tryPage(
  page: Page,
  kind: string | undefined,
  target: Target,
  signal: AbortSignal,
): Promise<readonly Tried[]> {
  const tried: Tried[] = []
  const looks = page.fences.filter(
    (fence) => fence.kind !== 'act' && (kind ?? fence.kind) === fence.kind,
  )
  for (const fence of looks) {
    if (signal.aborted) break
    const outcome = await runFence(fence, { target, labels: page.labels, signal })
    say(lineOf(page, fence, outcome))
    tried.push({ page, fence, outcome })
  }
  return tried
}

function lineOf(page: Page, { name, kind, line }: Fence, outcome: Outcome): string {
  const { exitCode, reason, tookMs, output } = outcome
  const how = exitCode === 0 ? 'ok    ' : 'FAILED'
  const head = `${how}  ${page.name}.md:${line} ${kind} ${name}, ${(tookMs / 1_000).toFixed(1)} s`
  const why = exitCode === 0 ? '' : `: ${reason || `exit code ${exitCode}`}`
  const said = output.trim().slice(0, 1_500).replaceAll(/^/gm, '        ')
  return `${head}${why}\n${said}`
}

await runVerb(tryFences, help)
