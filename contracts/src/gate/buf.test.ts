import { expect, it } from 'vitest'
import { bufBinary } from './buf.ts'

it('says how to install the binary where there is none, and shows no stack', () => {
  const find = () =>
    bufBinary((file) => {
      throw new Error(`Cannot find module '${file}'\nRequire stack:\n- somewhere`)
    })
  expect(find).toThrow(/is not installed.*npm ci --include=optional/)
  expect(find).not.toThrow(/Require stack/)
})

it('finds the binary of this platform', () => {
  expect(bufBinary()).toMatch(/buf$/)
})
