import { describe, expect, test } from 'vitest'
import { sections } from './page.ts'
import { readPage } from './read-page.ts'

const bodies: Readonly<Record<string, string>> = {
  'Is it real': '```sh check lag\nmetrics exporter lag group="$GROUP"\n```',
  Mitigate: '```sh act restart destroys within=90\nnpm run stack -- restart payments\n```',
  Verify: '```sh verify lag-is-small\nmetrics exporter lag | at_most 30\n```',
}

const head = `---
alert: Lag
severity: page
drill: paused-consumer
budget: 20m
labels: { group: payments }
---
# Lag

Commands need [the shell](README.md#the-shell).
`

const whole = [
  head,
  ...sections.map((name) => `## ${name}\n\n${bodies[name] ?? 'Nothing.'}\n`),
].join('\n')

/** The mistakes of a page in which something was replaced, each as line and sentence. */
const mistakesWith = (from: string | RegExp, to: string) =>
  readPage('Lag', whole.replace(from, to)).mistakes.map(({ line, says }) => `${line}: ${says}`)

/** The line of a text in the page without mistakes. */
const lineOf = (text: string) => whole.split('\n').findIndex((line) => line.includes(text)) + 1

test('a page is read with its alerts, its time, its sections and its commands', () => {
  const { page, mistakes } = readPage('Lag', whole)
  expect(mistakes).toEqual([])
  expect(page).toMatchObject({
    ...{ alerts: ['Lag'], severity: 'page', drill: 'paused-consumer', budgetMinutes: 20 },
    labels: { group: 'payments' },
  })
  expect(page.sections.map(({ name }) => name)).toEqual(sections)
  expect(
    page.fences.map(({ name, kind, destroys, withinSeconds }) => [
      name,
      kind,
      destroys,
      withinSeconds,
    ]),
  ).toEqual([
    ['lag', 'check', false, 60],
    ['restart', 'act', true, 90],
    ['lag-is-small', 'verify', false, 60],
  ])
})

test('a page may be about several alerts, and have hours', () => {
  const { page, mistakes } = readPage(
    'Lag',
    whole.replace('alert: Lag', 'alert: [LagFastBurn, LagSlowBurn]').replace('20m', '4h'),
  )
  expect([page.alerts, page.budgetMinutes, mistakes]).toEqual([
    ['LagFastBurn', 'LagSlowBurn'],
    240,
    [],
  ])
})

describe('the front matter', () => {
  test.each([
    ['severity: page', 'severity: loud', 3, 'severity is one of page, ticket, none, not "loud"'],
    ['budget: 20m', 'budget: soon', 5, 'budget is a time such as 15m or 4h, not "soon"'],
    ['alert: Lag', 'alert: lag', 2, '"lag" is no name of an alert'],
    ['alert: Lag', 'alert: [Lag, Lag]', 2, 'an alert is named twice'],
    [
      'drill: paused-consumer',
      'drill: none',
      4,
      'drill is the name of a drill, or "none, " with the reason',
    ],
    [
      'labels: {',
      'lables: {',
      6,
      'the front matter has alert, severity, drill, budget, labels, and no lables',
    ],
    ['severity: page\n', '', 2, 'the front matter has no severity'],
  ])('refuses %s as %s', (from, to, line, says) => {
    expect(mistakesWith(from, to)).toContainEqual(`${line}: ${says}`)
  })

  test('that is no YAML is told by its line', () => {
    expect(mistakesWith('severity: page', 'severity: [page')[0]).toMatch(
      /^\d: the front matter is no YAML/,
    )
  })

  test('is needed', () => {
    expect(mistakesWith('---\nalert', 'alert')[0]).toBe(
      '1: a page begins with front matter between ---',
    )
  })
})

describe('the sections', () => {
  test('are all there', () => {
    expect(mistakesWith(/## Undo\n\nNothing.\n\n/, '')).toEqual([
      expect.stringContaining('the section "Undo" is missing'),
    ])
  })

  test('are the ten', () => {
    expect(mistakesWith('## Undo', '## Undoing')).toEqual([
      `${lineOf('## Undo')}: there is no section "Undoing"`,
      expect.stringContaining('the section "Undo" is missing'),
    ])
  })

  test('come in their order', () => {
    const swapped = whole
      .replace('## Undo', '## X')
      .replace('## Escalate', '## Undo')
      .replace('## X', '## Escalate')
    expect(readPage('Lag', swapped).mistakes).toEqual([
      { line: lineOf('## Undo'), says: expect.stringContaining('in this order') },
    ])
  })

  test('say something', () => {
    expect(mistakesWith('## Undo\n\nNothing.', '## Undo\n')).toEqual([
      `${lineOf('## Undo')}: "Undo" is empty`,
    ])
  })

  test('begin after a title that is the name of the file', () => {
    expect(mistakesWith('# Lag', '# Lags')).toEqual([`8: the title is # Lag, not "# Lags"`])
  })
})

describe('commands', () => {
  const restart = '```sh act restart destroys within=90'
  test.each([
    [
      '```sh check lag',
      '```sh look lag',
      'commands are ```sh <check|act|verify> <name>, not "sh look lag"',
    ],
    ['```sh check lag\n', '```sh\n', 'commands are ```sh <check|act|verify> <name>, not "sh"'],
    [
      '```sh check lag\n',
      '```sh check Lag_1\n',
      '"Lag_1" is no name of commands: it has a-z, 0-9 and -',
    ],
    [
      restart,
      '```sh act restart within=90',
      '"restart" must be marked destroys, because of "stack -- restart"',
    ],
    [
      restart,
      '```sh act restart destroys within=9000',
      '"within=9000" is neither destroys nor within=<1 to 1800>',
    ],
    [
      restart,
      '```sh act restart destroys soon',
      '"soon" is neither destroys nor within=<1 to 1800>',
    ],
    [restart, '```sh verify restart', '"restart" is verify, which stands under Verify'],
    [
      restart,
      '```sh verify restart',
      '"restart" is verify, and changes something by "stack -- restart"',
    ],
    [
      'metrics exporter lag group',
      'psql -c "drop table a" group',
      '"lag" is check, and changes something by',
    ],
    ['```sh check lag\n', '```sh check lag destroys\n', '"lag" is check, which destroys nothing'],
    ['```sh verify lag-is-small', '```sh verify lag', 'there are two commands called "lag"'],
    ['npm run stack -- restart payments\n', '', '"restart" has no command'],
  ])('%s as %s: %s', (from, to, says) => {
    expect(mistakesWith(from, to)).toContainEqual(expect.stringContaining(says))
  })

  test.each([
    ['psql -c "delete from payments.entries"'],
    ['psql -c "update payments.entries set amount_minor = 1"'],
    ['psql -c "select pg_terminate_backend(1)"'],
    ['kafka-consumer-groups.sh --reset-offsets --shift-by 1 --execute'],
    ['kafka-transactions.sh --bootstrap-server a abort --topic a'],
    ['curl -sS -X DELETE http://127.0.0.1'],
    ['npm run lake -- expire bronze.a'],
    ['kill -9 17'],
    ['rm -r data'],
  ])('%s must be confirmed', (command) => {
    const found = mistakesWith(
      /```sh act restart destroys within=90\n.*/,
      `\`\`\`sh act it\n${command}`,
    )
    expect(found).toContainEqual(expect.stringContaining('"it" must be marked destroys'))
  })

  test.each([
    ['kafka-consumer-groups.sh --reset-offsets --shift-by 1 --dry-run'],
    ['npm run lake -- expire bronze.a --dry-run'],
    ['psql -c "select last_update from a"'],
    ['metrics exporter lag # kill is another matter'],
  ])('%s need not', (command) => {
    expect(
      mistakesWith(/```sh act restart destroys within=90\n.*/, `\`\`\`sh act it\n${command}`),
    ).toEqual([])
  })

  test('that do not end are told', () => {
    const open = whole.replace(/at_most 30\n```/, 'at_most 30\n')
    expect(readPage('Lag', open).mistakes.map(({ says }) => says)).toContain(
      'these commands do not end',
    )
  })

  test.each([
    ['```sh check lag', '"Is it real" has no commands of the kind check'],
    ['```sh act restart destroys within=90', '"Mitigate" has no commands of the kind act'],
    ['```sh verify lag-is-small', '"Verify" has no commands of the kind verify'],
  ])('of each kind are there: without %s', (from, says) => {
    expect(mistakesWith(from, '```text')).toContainEqual(expect.stringContaining(says))
  })

  test('use each label that is asked for', () => {
    expect(mistakesWith('group: payments }', 'group: payments, topic: a }')).toEqual([
      '2: no command uses $TOPIC, the label topic',
    ])
  })

  test('are not those of a fence with another output', () => {
    expect(
      readPage('Lag', whole.replace('Nothing.', '```text\n# no title\n## no section\n```'))
        .mistakes,
    ).toEqual([])
  })
})
