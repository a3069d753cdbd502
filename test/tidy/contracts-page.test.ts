import { Checkout, TIMEOUT_MS } from '@tenseams/contracts/gate/cases/checkout'
import { expect, test } from 'vitest'
import { filesNamed, readTree } from './tree.ts'

const page = 'docs/seam-08-contracts.md'

test('the contracts page shows the answer that the check gives to its example', {
  timeout: TIMEOUT_MS,
}, async () => {
  const tree = readTree()
  const text = tree.get(page) ?? ''
  const [, added = '', from = '', to = ''] = /^sed '(.*)' (\S+) > (\S+)$/m.exec(text) ?? []
  const [, pattern = '', replacement = ''] = /^s\/(.*)\/(.*)\/$/.exec(added) ?? []
  const [, folder = ''] = /^cd (contracts\/events\/\S+)$/m.exec(text) ?? []
  const [, answer = ''] = /^```\n(REFUSED[\s\S]*?)^```$/m.exec(text) ?? []
  const newest = tree.get(`${folder}/${from}`) ?? ''
  const changed = newest.replace(pattern, replacement.replaceAll('&', '$$&'))
  expect(changed).not.toBe(newest)
  expect(answer).not.toBe('')

  const checkout = Checkout.empty()
  try {
    const contracts = filesNamed(tree, /^contracts\/(?:topics\.yaml|events\/|records\/)|^adr\//)
    checkout.write(Object.fromEntries(contracts)).commit('the contracts')
    const { said } = await checkout.write({ [`${folder}/${to}`]: changed }).check('--base', 'main')
    expect(said).toContain(answer.replaceAll(/\s+/g, ' ').trim())
  } finally {
    checkout.remove()
  }
})
