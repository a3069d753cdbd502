import { describe, expect, test } from 'vitest'
import { plotSvg } from './plot.ts'

const plot = {
  ...{ title: 'A & B', xLabel: 'x', yLabel: 'y' },
  series: [
    {
      name: 'one',
      points: [
        { x: 0, y: 1 },
        { x: 10, y: 1_000 },
      ],
    },
  ],
}

const points = (svg: string) => /points="([^"]*)"/.exec(svg)?.[1]

describe('a plot', () => {
  test('puts the highest value on top and zero at the bottom', () => {
    const svg = plotSvg({
      ...plot,
      series: [
        {
          name: 'a',
          points: [
            { x: 0, y: 0 },
            { x: 5, y: 8 },
          ],
        },
      ],
    })
    expect(points(svg)).toBe('0,242 506,0')
  })

  test('puts powers of ten at equal distances when it is logarithmic', () => {
    const [low = '', high = ''] =
      points(plotSvg({ ...plot, isLogarithmic: true }))?.split(' ') ?? []
    expect([low, high]).toEqual(['0,242', '506,0'])
    expect(plotSvg({ ...plot, isLogarithmic: true })).toMatch(/>10<.*\n.*>100<.*\n.*>1000</)
  })

  test('leaves out what is no number, and zero where it has no logarithm', () => {
    const series = [
      {
        name: 'a',
        points: [
          { x: 1, y: Number.NaN },
          { x: 2, y: 0 },
          { x: 3, y: 5 },
        ],
      },
    ]
    expect(points(plotSvg({ ...plot, series }))?.split(' ')).toHaveLength(2)
    expect(points(plotSvg({ ...plot, series, isLogarithmic: true }))?.split(' ')).toHaveLength(1)
  })

  test('without values says so', () => {
    expect(plotSvg({ ...plot, series: [] })).toBe('<p>A &amp; B: nothing was measured.</p>')
  })

  test('has its texts as text', () => {
    expect(plotSvg(plot)).toContain('<title>A &amp; B</title>')
  })
})
