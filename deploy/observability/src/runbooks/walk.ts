import { type Fence, type Page, type Section, variableOf } from './page.ts'
import { missingLabels, type Outcome } from './run-fence.ts'
import type { Timeline } from './timeline.ts'

/** Who walks: a terminal, or a test. */
export type Person = {
  say(text: string): void
  /** @returns undefined when there is nobody any more, as after Ctrl-D. */
  ask(question: string): Promise<string | undefined>
}

export type WalkOptions = {
  readonly page: Page
  readonly alert: string
  /** Those that were given; the others are asked for. */
  readonly labels: Readonly<Record<string, string>>
  readonly person: Person
  readonly timeline: Pick<Timeline, 'add'>
  readonly run: (fence: Fence, labels: Readonly<Record<string, string>>) => Promise<Outcome>
}

const USAGE = 'Enter: next section; a name or a number: run it; b: back; n <text>: note; q: end'

/**
 * Walks through a page, section by section. Commands run when somebody asks for them, and those that destroy after somebody has
 * confirmed them by their name. Everything is noted in the timeline.
 *
 * @returns the outcomes of the commands of the kind `verify` that ran last, by name: whether it was proven that the fault is gone.
 */
export async function walk(options: WalkOptions): Promise<ReadonlyMap<string, Outcome>> {
  const { page, alert, person, timeline } = options
  person.say(headOf(page))
  const labels = await askLabels(options)
  person.say(USAGE)
  timeline.add({ alert, what: 'opened', labels })
  const verified = new Map<string, Outcome>()
  let index = 0
  while (index >= 0 && index < page.sections.length) {
    const section = page.sections[index]
    if (section === undefined) break
    person.say(`\n${sectionText(page, section)}`)
    index = await inSection({ ...options, labels }, section, index, verified)
  }
  timeline.add({ alert, what: 'closed', says: verdictOf(verified) })
  person.say(`\n${verdictOf(verified)}`)
  return verified
}

/** What is known at the end of a walk. */
export function verdictOf(verified: ReadonlyMap<string, Outcome>): string {
  if (verified.size === 0) return 'nothing was verified'
  const failed = [...verified].filter(([, { exitCode }]) => exitCode !== 0).map(([name]) => name)
  return failed.length === 0 ? 'verified' : `not verified: ${failed.join(', ')}`
}

async function askLabels({ page, labels, person }: WalkOptions) {
  const all: Record<string, string> = { ...labels }
  for (const [label, example] of Object.entries(page.labels)) {
    if (all[label] !== undefined) continue
    const answer = (
      await person.ask(`${label} of the alert (such as ${example}; Enter: unknown) `)
    )?.trim()
    if (answer) all[label] = answer
  }
  return all
}

/** Answers until somebody leaves the section. @returns the next section's index; -1 for the end. */
async function inSection(
  options: WalkOptions,
  section: Section,
  index: number,
  verified: Map<string, Outcome>,
): Promise<number> {
  const { page, alert, person, timeline } = options
  const fences = page.fences.filter((fence) => fence.section === section.name)
  for (;;) {
    const answer = (await person.ask('> '))?.trim()
    if (answer === undefined || answer === 'q') return -1
    if (answer === '') return index + 1
    if (answer === 'b') return Math.max(0, index - 1)
    if (answer.startsWith('n ')) {
      timeline.add({ alert, what: 'note', says: answer.slice(2).trim() })
      continue
    }
    // By its number here, by its name wherever it stands on the page.
    const fence =
      fences.find((_fence, at) => String(at + 1) === answer) ??
      page.fences.find(({ name }) => name === answer)
    if (fence === undefined) {
      person.say(`${USAGE}${namesOf(fences)}`)
      continue
    }
    const outcome = await tryFence(options, fence)
    if (outcome !== undefined && fence.kind === 'verify') verified.set(fence.name, outcome)
  }
}

/** @returns undefined when it was not run. */
async function tryFence(options: WalkOptions, fence: Fence): Promise<Outcome | undefined> {
  const { alert, person, timeline, run } = options
  const { name, kind, section, command } = fence
  const labels = await askMissing(options, fence)
  if (labels === undefined) return undefined
  const about = { alert, fence: { name, kind, section }, command }
  if (fence.destroys) {
    person.say(command)
    const answer = await person.ask(`This ends or removes something. Type ${name} to run it: `)
    if (answer?.trim() !== name) {
      timeline.add({ ...about, what: 'refused', says: 'not confirmed' })
      person.say('not run')
      return undefined
    }
  }
  const outcome = await run(fence, labels)
  const { exitCode, reason, output, tookMs } = outcome
  timeline.add({
    ...{ ...about, what: 'ran', labels, output, tookMs },
    ...(exitCode !== undefined && { exitCode }),
    ...(reason !== '' && { says: reason }),
  })
  person.say(endOf(fence, outcome))
  return outcome
}

/** What the commands need to be told. @returns undefined when somebody does not say it. */
async function askMissing({ page, labels, person }: WalkOptions, fence: Fence) {
  const all: Record<string, string> = { ...labels }
  for (const label of missingLabels(fence, page, labels)) {
    const answer = (await person.ask(`${label}: `))?.trim()
    if (!answer) {
      person.say(`not run: the commands use $${variableOf(label)}`)
      return undefined
    }
    all[label] = answer
  }
  return all
}

/** What became of commands, in a line. */
export function endOf({ name }: Fence, { exitCode, reason, tookMs }: Outcome): string {
  const how = reason === '' ? `exit code ${exitCode}` : reason
  return `${name}: ${how}, ${(tookMs / 1_000).toFixed(1)} s`
}

function headOf({ name, severity, budgetMinutes, introduction }: Page): string {
  return `${name}  (${severity}; to be mitigated within ${budgetMinutes} min)\n${introduction}`
}

/** A section with its commands numbered. */
function sectionText(page: Page, section: Section): string {
  const fences = page.fences.filter((fence) => fence.section === section.name)
  const numbered = fences.map(
    ({ name, kind, destroys }, at) => `  ${at + 1}  ${kind} ${name}${destroys ? ', destroys' : ''}`,
  )
  const list = numbered.length === 0 ? '' : `\n\n${numbered.join('\n')}`
  return `== ${section.name}\n\n${section.text}${list}`
}

function namesOf(fences: readonly Fence[]): string {
  return fences.length === 0 ? '' : `\nhere: ${fences.map(({ name }) => name).join(', ')}`
}

/** How a label is told on the command line, for whom it is missing. */
export function labelAdvice(labels: readonly string[]): string {
  const given = labels.map((label) => `--label ${label}=<value>`).join(' ')
  return `say ${given}: the alert has it, and the commands use ${labels.map((label) => `$${variableOf(label)}`).join(', ')}`
}
