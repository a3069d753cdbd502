import { createInterface } from 'node:readline/promises'
import { readArguments, refuseMore } from '@tenseams/cli/arguments'
import { UsageError, VerbError } from '@tenseams/cli/errors'
import { type ExitCode, exitCodes } from '@tenseams/cli/exit-codes'
import { instanceHelp, instanceOptions, portOffsetOf } from '@tenseams/cli/instance-options'
import { interruptible } from '@tenseams/cli/interruption'
import { complain, say } from '@tenseams/cli/output'
import { runVerb } from '@tenseams/cli/run-verb'
import type { Page } from './runbooks/page.ts'
import { pageAbout, pageTexts } from './runbooks/pages.ts'
import { readPage } from './runbooks/read-page.ts'
import {
  labelsKnownTo,
  missingLabels,
  type Outcome,
  runFence,
  type Target,
} from './runbooks/run-fence.ts'
import { Timeline, timelineText } from './runbooks/timeline.ts'
import { endOf, labelAdvice, type Person, walk } from './runbooks/walk.ts'

const help = `npm run runbook -- <Alert>

Walks through the page about an alert, section by section: shows it, runs its commands when you ask for them, asks before
those that end or remove something, and keeps a timeline. Without a terminal it prints the page.

  --label <name>=<value>   a label of the alert, such as group=payments, or what commands ask for, such as pid=17; several
                           times. What is not given is asked for
  --run <commands>         only these, by their name on the page, without a walk
  --yes                    with --run: also when they end or remove something
  --print                  the page as it is
  --list                   every page, with its alerts, severity and time
  --timeline               what was done on this instance: for one alert, or all
${instanceHelp}

The timeline is .stack/<instance>/runbooks/timeline.jsonl. By hand, without this verb: runbooks/README.md.
Exit codes: 0 done, or what was verified holds; 1 commands have failed; 2 it could not be done.
`

const options = {
  label: { type: 'string', multiple: true },
  run: { type: 'string' },
  yes: { type: 'boolean', default: false },
  print: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  timeline: { type: 'boolean', default: false },
  ...instanceOptions,
} as const

async function runbook(args: readonly string[]): Promise<ExitCode> {
  const { values, positionals, given } = readArguments(args, options)
  const [alert, ...rest] = positionals
  refuseMore(rest)
  const ways = ['run', 'print', 'list', 'timeline'].filter((way) => given.has(way))
  if (ways.length > 1) throw new UsageError(`--${ways.join(' and --')} do not go together`)
  if (values.yes && values.run === undefined) throw new UsageError('--yes goes with --run')
  const texts = pageTexts()
  if (values.list) return list(texts, alert)
  const timeline = new Timeline(values.instance)
  if (values.timeline) return showTimeline(timeline, alert)
  if (alert === undefined) throw new UsageError('about which alert?')
  const page = pageAbout(alert, texts)
  const labels = labelsOf(values.label ?? [], page)
  const target = { instance: values.instance, portOffset: portOffsetOf(values) }
  if (values.run !== undefined) {
    return runOne({ page, alert, name: values.run, labels, target, timeline, yes: values.yes })
  }
  if (values.print || !process.stdin.isTTY || !process.stdout.isTTY) {
    say((texts.get(page.name) ?? '').trimEnd())
    return exitCodes.holds
  }
  return inTerminal(page, alert, labels, target, timeline)
}

function list(texts: ReadonlyMap<string, string>, alert: string | undefined): ExitCode {
  refuseMore(alert === undefined ? [] : [alert])
  for (const [name, text] of texts) {
    const { severity, budgetMinutes, alerts } = readPage(name, text).page
    const others = alerts.filter((each) => each !== name)
    const about = others.length === 0 ? '' : `  ${others.join(', ')}`
    say(`${name.padEnd(28)} ${severity.padEnd(6)} ${`${budgetMinutes} min`.padStart(8)}${about}`)
  }
  return exitCodes.holds
}

function showTimeline(timeline: Timeline, alert: string | undefined): ExitCode {
  const entries = timeline.read(alert)
  if (entries.length === 0) complain('nothing was noted')
  else say(timelineText(entries))
  return exitCodes.holds
}

/** @throws UsageError for a label that the page's commands do not use. */
function labelsOf(given: readonly string[], page: Page): Readonly<Record<string, string>> {
  const known = labelsKnownTo(page)
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', ...value] = text.split('=')
      if (value.join('=') === '') throw new UsageError(`--label takes name=value, not "${text}"`)
      if (known.includes(name)) return [name, value.join('=')]
      const has = known.length === 0 ? 'needs no label' : `uses ${known.join(', ')}`
      throw new UsageError(`${page.name} ${has}, and no ${name}`)
    }),
  )
}

type One = {
  readonly page: Page
  readonly alert: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly target: Target
  readonly timeline: Timeline
  readonly yes: boolean
}

async function runOne(one: One): Promise<ExitCode> {
  const { page, alert, name, labels, target, timeline, yes } = one
  const fence = page.fences.find((each) => each.name === name)
  if (fence === undefined) {
    const names = page.fences.map((each) => each.name).join(', ')
    throw new UsageError(`${page.name} has no commands called ${name}; there are ${names}`)
  }
  const missing = missingLabels(fence, page, labels)
  if (missing.length > 0) throw new UsageError(labelAdvice(missing))
  const { kind, section, command } = fence
  const about = { alert, fence: { name, kind, section }, command, labels }
  if (fence.destroys && !yes) {
    timeline.add({ ...about, what: 'refused', says: 'without --yes' })
    throw new VerbError(`${name} ends or removes something:\n${command}\nsay --yes to run it`)
  }
  const onOutput = (text: string) => void process.stdout.write(text)
  const outcome = await runFence(fence, { target, labels, onOutput, signal: interruptible() })
  const { exitCode, reason, output, tookMs } = outcome
  timeline.add({
    ...{ ...about, what: 'ran', output, tookMs },
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== '' && { says: reason }),
  })
  if (exitCode !== 0) complain(endOf(fence, outcome))
  return exitCodeOf(outcome)
}

function exitCodeOf({ exitCode }: Outcome): ExitCode {
  if (exitCode === undefined) return exitCodes.undecided
  return exitCode === 0 ? exitCodes.holds : exitCodes.refuted
}

async function inTerminal(
  page: Page,
  alert: string,
  labels: Readonly<Record<string, string>>,
  target: Target,
  timeline: Timeline,
): Promise<ExitCode> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const person = personAt(terminal)
  try {
    const verified = await walk({
      ...{ page, alert, labels, person, timeline },
      run: async (fence, known) => {
        const onOutput = (text: string) => void process.stdout.write(text)
        // Ctrl-C ends the commands, and not the walk.
        const stop = new AbortController()
        const onStop = () => stop.abort()
        terminal.once('SIGINT', onStop)
        try {
          return await runFence(fence, { target, labels: known, onOutput, signal: stop.signal })
        } finally {
          terminal.off('SIGINT', onStop)
        }
      },
    })
    const hasFailed = [...verified.values()].some(({ exitCode }) => exitCode !== 0)
    return hasFailed ? exitCodes.refuted : exitCodes.holds
  } finally {
    terminal.close()
  }
}

type Terminal = ReturnType<typeof createInterface>

function personAt(terminal: Terminal): Person {
  const gone = new AbortController()
  terminal.once('close', () => gone.abort())
  return {
    say,
    ask: (question) =>
      terminal.question(question, { signal: gone.signal }).catch((error: unknown) => {
        if (gone.signal.aborted) return undefined
        throw error
      }),
  }
}

await runVerb(runbook, help)
