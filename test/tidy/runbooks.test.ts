import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { documentedCommands, unknownParameters } from './commands.ts'
import { deadLinks } from './documents.ts'
import {
  malformedRunbooks,
  pagesOf,
  undeclaredInRunbooks,
  unknownLabels,
  unpairedRunbooks,
  unsetVariables,
  untestedAlerts,
  withoutShell,
} from './runbooks.ts'
import { readTree, type Tree } from './tree.ts'
import { verbSources } from './verb-sources.ts'

const BASH_TIMEOUT_MS = 120_000
const tree = readTree()
const runbooks: Tree = new Map([...tree].filter(([path]) => path.startsWith('runbooks/')))

test('there is a page for every objective and every cause', () => {
  expect(pagesOf(tree).length).toBeGreaterThan(50)
})

test('verbs in runbooks have the words and options with which they are told to run', async () => {
  const commands = documentedCommands(runbooks)
  const help = verbSources(tree)
  const found = await Promise.all(commands.map((command) => unknownParameters(command, help)))
  expect(commands.length).toBeGreaterThan(100)
  expect(found.flat()).toEqual([])
})

test(
  'the commands of every page are bash',
  () => {
    // One process a page: hundreds of them would take a minute.
    const broken = pagesOf(tree).flatMap(({ name, fences }) => {
      const all = fences.map(({ command }) => `{\n${command}\n}`).join('\n')
      const { status, stderr } = spawnSync('bash', ['-n', '-c', all], { encoding: 'utf8' })
      return status === 0 ? [] : [`runbooks/${name}.md: ${stderr}`]
    })
    expect(broken).toEqual([])
  },
  BASH_TIMEOUT_MS,
)

const page = (changes: Readonly<Record<string, string>> = {}) => {
  const text = `---
alert: SlotGone
severity: page
drill: lost-slot
budget: 15m
labels: { slot: outbox }
---
# SlotGone

Commands need [the shell](README.md#the-shell) and \`export SLOT=…\`.

## Meaning

It is gone.

## Impact

Much.

## Is it real

\`\`\`sh check slots
metrics exporter tenseams_replication_slot_active slot="$SLOT"
\`\`\`

## Diagnose

See [the README](README.md).

## Mitigate

\`\`\`sh act resume
npm run cdc -- resume --instance "$INSTANCE"
\`\`\`

## Verify

\`\`\`sh verify active
metrics exporter tenseams_replication_slot_active slot="$SLOT" | at_least 1
\`\`\`

## Undo

Nothing.

## Escalate

Platform.

## False positives

None.

## Prevent

Look.
`
  return Object.entries(changes).reduce((all, [from, to]) => all.replace(from, to), text)
}

const rule = (changes: object = {}) => ({
  alert: 'SlotGone',
  expr: 'tenseams_replication_slot_active == 0',
  labels: { severity: 'page', owner: 'platform' },
  annotations: { runbook_url: 'runbooks/SlotGone.md' },
  ...changes,
})

/** A repository with one alert, its cases and its page. */
function small({ pages = { SlotGone: page() }, rules = [rule()] } = {}): Tree {
  const cases = { cases: [{ at: { '1m': 'silent', '2m': [{ slot: 'outbox', summary: 'x' }] } }] }
  return new Map([
    ['runbooks/README.md', '# Runbooks\n\n## The shell\n'],
    ...Object.entries(pages).map(([name, text]) => [`runbooks/${name}.md`, text] as const),
    ['deploy/observability/rules/capture.yml', JSON.stringify({ groups: [{ rules }] })],
    ['deploy/observability/cases/SlotGone.yml', JSON.stringify(cases)],
    ['deploy/observability/environment.sh', 'export INSTANCE=default\n'],
    ['contracts/slo.yaml', 'slos: {}'],
    ['contracts/telemetry.yaml', 'metrics: { tenseams_replication_slot_active: { type: gauge } }'],
  ])
}

const changed = (from: string, to: string) => small({ pages: { SlotGone: page({ [from]: to }) } })

describe('what holds the pages and the alerts together', () => {
  test('finds nothing where all is in order', () => {
    const rules = [
      ...[malformedRunbooks, unpairedRunbooks, untestedAlerts, unknownLabels],
      ...[undeclaredInRunbooks, unsetVariables, withoutShell, deadLinks],
    ]
    expect(rules.flatMap((each) => each(small()))).toEqual([])
  })

  test('finds an alert without a page', () => {
    const rules = [
      rule(),
      rule({ alert: 'Other', annotations: { runbook_url: 'runbooks/Other.md' } }),
    ]
    expect(unpairedRunbooks(small({ rules }))).toEqual(['Other has no runbook: runbooks/Other.md'])
    expect(unpairedRunbooks(small({ rules: [rule({ annotations: {} })] }))).toEqual([
      'SlotGone has no runbook: it names none',
    ])
  })

  test('finds a page without an alert', () => {
    const pages = {
      SlotGone: page(),
      Gone: page({ 'alert: SlotGone': 'alert: Gone', '# SlotGone': '# Gone' }),
    }
    expect(unpairedRunbooks(small({ pages }))).toEqual([
      'runbooks/Gone.md is about Gone, which no rule has',
    ])
  })

  test('finds an alert that names a page about another one', () => {
    const rules = [rule(), rule({ alert: 'Other' })]
    expect(unpairedRunbooks(small({ rules }))).toEqual([
      'runbooks/SlotGone.md is not about Other, which names it',
    ])
  })

  test('finds a page with another severity than its alert', () => {
    expect(unpairedRunbooks(changed('severity: page', 'severity: ticket'))).toEqual([
      'runbooks/SlotGone.md says severity ticket, its alert has page',
    ])
  })

  test('finds an alert without cases, and cases without an alert', () => {
    const rules = [rule({ alert: 'Other' })]
    expect(untestedAlerts(small({ rules }))).toEqual([
      'Other has no cases',
      'cases/SlotGone.yml: no such alert',
    ])
  })

  test('finds a label that the alert does not have', () => {
    const tree = changed('labels: { slot: outbox }', 'labels: { slot: outbox, table: a }')
    expect(unknownLabels(tree)).toEqual(['runbooks/SlotGone.md: its alert has no label table'])
  })

  test('finds a metric that nobody declares', () => {
    const tree = changed('tenseams_replication_slot_active slot', 'tenseams_slot_active slot')
    expect(undeclaredInRunbooks(tree)).toEqual([
      'runbooks/SlotGone.md reads tenseams_slot_active, which is not declared',
    ])
  })

  test('finds a variable that nobody sets', () => {
    expect(unsetVariables(changed('"$INSTANCE"', '"$SYSTEM"'))).toEqual([
      expect.stringContaining('resume uses $SYSTEM, which nobody sets'),
    ])
    expect(unsetVariables(changed('"$INSTANCE"', '"${SYSTEM:?export it}"'))).toEqual([])
  })

  test('finds a page that does not say which shell and which variables it needs', () => {
    expect(withoutShell(changed('[the shell](README.md#the-shell)', 'a shell'))).toEqual([
      'runbooks/SlotGone.md does not say under its title which shell it needs',
    ])
    expect(withoutShell(changed('export SLOT=…', 'export'))).toEqual([
      'runbooks/SlotGone.md does not say export SLOT=…',
    ])
  })

  test('finds a link that leads nowhere', () => {
    expect(deadLinks(changed('[the README](README.md)', '[it](Nowhere.md)'))).toHaveLength(1)
  })

  test('finds a file in the room of the pages that is none', () => {
    const tree = new Map([...small(), ['runbooks/tool.ts', 'export {}']])
    expect(malformedRunbooks(tree)).toEqual([
      expect.stringContaining('runbooks/tool.ts is no page'),
    ])
  })

  test('tells the mistakes of a page with file and line', () => {
    const tree = changed('```sh act resume', '```sh do resume')
    expect(malformedRunbooks(tree)[0]).toMatch(/^runbooks\/SlotGone\.md:\d+: /)
  })

  test.each([
    ['npm run cdc -- resume', 'npm run cdc -- revive', 'has no "revive"'],
    ['--instance', '--system', 'has no --system'],
  ])('finds a verb that does not know what it is told: %s', async (from, to, says) => {
    const tree = changed(from, to)
    const help = async () => 'resume --instance <name>'
    const found = await Promise.all(
      documentedCommands(tree).map((command) => unknownParameters(command, help)),
    )
    expect(found.flat()).toEqual([expect.stringContaining(says)])
  })
})
