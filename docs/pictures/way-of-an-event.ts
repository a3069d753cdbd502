/**
 * The picture of the way of one event, at the head of the README. It is one SVG for a light and a dark page: it brings
 * its own background, and its colours follow the reader's setting.
 */

type Box = { readonly x: number; readonly y: number; readonly w: number; readonly h: number }

const WIDTH = 1120
const HEIGHT = 596

const style = `
  svg { color-scheme: light dark; }
  text { font-family: system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; font-size: 14px; fill: #1f2328; }
  .page { fill: #ffffff; stroke: #d0d7de; }
  .box { fill: #f6f8fa; stroke: #57606a; }
  .kafka { fill: #ddf4ff; stroke: #0969da; }
  .lake { fill: #dafbe1; stroke: #1a7f37; }
  .postgres { fill: #fff8c5; stroke: #9a6700; }
  .name { font-weight: 600; }
  .small { font-size: 12.5px; fill: #57606a; }
  .topic { font-size: 13px; }
  .way { fill: none; stroke: #57606a; stroke-width: 1.6; }
  .head { fill: #57606a; }
  .seam { fill: #8250df; }
  .number { font-size: 12px; font-weight: 700; fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .page { fill: #0d1117; stroke: #30363d; }
    .box { fill: #161b22; stroke: #8b949e; }
    .kafka { fill: #0c2d4d; stroke: #58a6ff; }
    .lake { fill: #0f2d1a; stroke: #3fb950; }
    .postgres { fill: #2e2607; stroke: #d29922; }
    .small { fill: #9da7b3; }
    .way { stroke: #9da7b3; }
    .head { fill: #9da7b3; }
    .seam { fill: #8957e5; }
    .number { fill: #ffffff; }
  }`

const description =
  'A customer posts an order to the orders service, which appends an event to Postgres. Debezium reads the write-ahead ' +
  'log and writes the event to Kafka. Payments and fulfilment read it and answer with events of their own. Flink SQL ' +
  'makes windows in event time, and the lakehouse service makes bronze, silver and gold tables in Iceberg.'

/** The whole picture, as the text of its file. */
export function drawWay(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title text">
<title id="title">The way of one event</title>
<desc id="text">${description}</desc>
<style>${style}
</style>
<defs>
  <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
    <path class="head" d="M0,0 L10,5 L0,10 z"/>
  </marker>
</defs>
<rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="8"/>
${[...boxes(), ...ways(), ...seams()].join('\n')}
</svg>
`
}

function boxes(): readonly string[] {
  return [
    named('box', { x: 24, y: 72, w: 112, h: 58 }, 'customer', 'HTTP'),
    named('box', { x: 196, y: 72, w: 150, h: 58 }, 'orders', 'decides'),
    named('postgres', { x: 398, y: 72, w: 186, h: 58 }, 'events', 'Postgres: the outbox'),
    named('box', { x: 24, y: 192, w: 112, h: 58 }, 'provider', 'of payments'),
    named('box', { x: 196, y: 192, w: 150, h: 58 }, 'payments', 'moves money once'),
    named(
      'postgres',
      { x: 398, y: 192, w: 186, h: 58 },
      'inbox, ledger, events',
      'one transaction',
    ),
    named('postgres', { x: 398, y: 312, w: 186, h: 58 }, 'customers, products', 'rows that change'),
    named('box', { x: 624, y: 56, w: 108, h: 330 }, 'Debezium', 'reads the WAL'),
    named('box', { x: 196, y: 424, w: 150, h: 58 }, 'fulfilment', 'ships once'),
    room('kafka', { x: 774, y: 40, w: 182, h: 456 }, 'Kafka'),
    topic(101, 'orders.order.v1'),
    topic(221, 'payments.payment.v1'),
    topic(341, 'cdc.shop.*'),
    topic(453, 'fulfilment.shipment.v1'),
    named('box', { x: 992, y: 72, w: 106, h: 70 }, 'Flink SQL', 'windows'),
    room('lake', { x: 992, y: 206, w: 106, h: 290 }, 'Iceberg'),
    layer(256, 'bronze', 'records'),
    layer(342, 'silver', 'states'),
    layer(428, 'gold', 'figures'),
  ]
}

function ways(): readonly string[] {
  return [
    way('M136,92 H196'),
    way('M346,101 H398'),
    way('M584,101 H624'),
    way('M732,101 H782'),
    way('M196,212 H136'),
    way('M346,221 H398'),
    way('M584,221 H624'),
    way('M732,221 H782'),
    way('M584,341 H624'),
    way('M732,341 H782'),
    way('M346,453 H782', [560, 444, 'output and offsets in one Kafka transaction']),
    way('M956,107 H992'),
    way('M1045,142 V206'),
    way('M956,276 H1002'),
    way('M1045,306 V332'),
    way('M1045,392 V418'),
    way('M865,496 V540 H166 V118 H196'),
    way('M166,238 H196'),
    way('M166,453 H196'),
    label(515, 532, 'services read each other’s topics: inbox and effect in one transaction'),
    label(560, 574, 'the auditor compares Postgres, Kafka and Iceberg; a number is a seam'),
  ]
}

function seams(): readonly string[] {
  return [
    seam(346, 72, 2),
    seam(166, 540, 3),
    seam(992, 72, 4),
    seam(1098, 72, 5),
    seam(584, 192, 6),
    seam(346, 424, 6),
    seam(624, 56, 7),
    seam(992, 206, 7),
    seam(956, 40, 8),
  ]
}

function named(kind: string, box: Box, name: string, what: string): string {
  const middle = box.x + box.w / 2
  const base = box.y + box.h / 2
  return `${rect(kind, box)}
<text class="name" x="${middle}" y="${base - 3}" text-anchor="middle">${name}</text>
<text class="small" x="${middle}" y="${base + 16}" text-anchor="middle">${what}</text>`
}

/** A box whose name stands at its top, with room for others below. */
function room(kind: string, box: Box, name: string): string {
  const middle = box.x + box.w / 2
  return `${rect(kind, box)}
<text class="name" x="${middle}" y="${box.y + 24}" text-anchor="middle">${name}</text>`
}

function topic(y: number, name: string): string {
  return `${rect('page', { x: 782, y: y - 17, w: 166, h: 34 })}
<text x="865" y="${y + 5}" text-anchor="middle" class="topic">${name}</text>`
}

function layer(y: number, name: string, what: string): string {
  return `${rect('page', { x: 1002, y: y - 10, w: 86, h: 58 })}
<text class="name" x="1045" y="${y + 16}" text-anchor="middle">${name}</text>
<text class="small" x="1045" y="${y + 35}" text-anchor="middle">${what}</text>`
}

function rect(kind: string, { x, y, w, h }: Box): string {
  return `<rect class="${kind}" x="${x}" y="${y}" width="${w}" height="${h}" rx="6"/>`
}

function way(path: string, above?: readonly [x: number, y: number, text: string]): string {
  const line = `<path class="way" d="${path}" marker-end="url(#head)"/>`
  return above === undefined ? line : `${line}\n${label(...above)}`
}

function label(x: number, y: number, text: string): string {
  return `<text class="small" x="${x}" y="${y}" text-anchor="middle">${text}</text>`
}

function seam(x: number, y: number, number: number): string {
  return `<circle class="seam" cx="${x}" cy="${y}" r="11"/>
<text class="number" x="${x}" y="${y + 4.5}" text-anchor="middle">${number}</text>`
}
