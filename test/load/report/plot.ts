import { escaped } from './html.ts'
import { rateText } from './table.ts'

export type Point = { readonly x: number; readonly y: number }
export type Series = { readonly name: string; readonly points: readonly Point[] }

export type Plot = {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly Series[]
  /** Powers of ten at equal distances, as latencies need. Values of 0 and less are left out. */
  readonly isLogarithmic?: boolean
}

const WIDTH = 760
const HEIGHT = 320
const MARGIN = { left: 64, right: 190, top: 34, bottom: 44 }
const INNER = {
  width: WIDTH - MARGIN.left - MARGIN.right,
  height: HEIGHT - MARGIN.top - MARGIN.bottom,
}
/** Apart for most people who see colours differently, too (Okabe and Ito); then dashed once more. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#4d4d4d']

/** Lines over a common axis, as an SVG of its own. */
export function plotSvg(plot: Plot): string {
  const isLogarithmic = plot.isLogarithmic === true
  const series = plot.series
    .map(({ name, points }) => ({ name, points: points.filter(isDrawable(isLogarithmic)) }))
    .filter(({ points }) => points.length > 0)
  const all = series.flatMap(({ points }) => points)
  if (all.length === 0) return `<p>${escaped(plot.title)}: nothing was measured.</p>`
  const x = linear(0, Math.max(...all.map((point) => point.x)), INNER.width)
  const y = (isLogarithmic ? logarithmic : linear)(
    isLogarithmic ? Math.min(...all.map((point) => point.y)) : 0,
    Math.max(...all.map((point) => point.y)),
    INNER.height,
  )
  const place = (point: Point) => `${at(x.of(point.x))},${at(INNER.height - y.of(point.y))}`
  const lines = series.map(({ points, name }, index) => line(points.map(place), name, index))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(plot.title)}</title>`,
    `<text x="${MARGIN.left}" y="18" font-size="14" font-weight="600">${escaped(plot.title)}</text>`,
    `<g transform="translate(${MARGIN.left} ${MARGIN.top})">`,
    ...y.ticks.map((tick) => yTick(tick, INNER.height - y.of(tick))),
    ...x.ticks.map((tick) => xTick(tick, x.of(tick))),
    `<text x="${INNER.width / 2}" y="${INNER.height + 36}" text-anchor="middle">${escaped(plot.xLabel)}</text>`,
    `<text transform="translate(-50 ${INNER.height / 2}) rotate(-90)" text-anchor="middle">${escaped(plot.yLabel)}</text>`,
    ...lines,
    '</g></svg>',
  ].join('\n')
}

function line(places: readonly string[], name: string, index: number): string {
  const colour = COLOURS[index % COLOURS.length]
  const dashes = index < COLOURS.length ? '' : ' stroke-dasharray="5 3"'
  const dots = places.map((place) => {
    const [cx, cy] = place.split(',')
    return `<circle cx="${cx}" cy="${cy}" r="${places.length > 20 ? 0 : 2.5}" fill="${colour}"/>`
  })
  const legend = index * 18
  return [
    `<polyline points="${places.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.8"${dashes}/>`,
    ...(places.length > 20 ? [] : dots),
    `<line x1="${INNER.width + 12}" x2="${INNER.width + 32}" y1="${legend}" y2="${legend}" stroke="${colour}" stroke-width="3"${dashes}/>`,
    `<text x="${INNER.width + 38}" y="${legend + 4}">${escaped(name)}</text>`,
  ].join('\n')
}

function yTick(tick: number, y: number): string {
  return `<line x2="${INNER.width}" y1="${at(y)}" y2="${at(y)}" stroke="#d8dee4"/><text x="-8" y="${at(y + 4)}" text-anchor="end">${rateText(tick)}</text>`
}

function xTick(tick: number, x: number): string {
  return `<text x="${at(x)}" y="${INNER.height + 18}" text-anchor="middle">${rateText(tick)}</text>`
}

type Scale = { readonly of: (value: number) => number; readonly ticks: readonly number[] }

const TICKS = 5

/** From 0 (or less) to a value, with ticks at multiples of 1, 2 or 5 times a power of ten. */
function linear(least: number, most: number, length: number): Scale {
  const span = most - least || 1
  const rough = span / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough) ?? rough
  const count = Math.floor(span / step)
  const ticks = Array.from({ length: count + 1 }, (_, index) => least + index * step)
  return { of: (value) => ((value - least) / span) * length, ticks }
}

function logarithmic(least: number, most: number, length: number): Scale {
  const from = Math.floor(Math.log10(least))
  const to = Math.max(from + 1, Math.ceil(Math.log10(most)))
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index))
  return { of: (value) => ((Math.log10(value) - from) / (to - from)) * length, ticks }
}

const isDrawable =
  (isLogarithmic: boolean) =>
  ({ x, y }: Point) =>
    Number.isFinite(x) && Number.isFinite(y) && (!isLogarithmic || y > 0)

const at = (value: number) => Number(value.toFixed(1))
