import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import {
  Checkout,
  checkoutsOfATest,
  events,
  note,
  schema,
  TIMEOUT_MS,
  topic,
  topicsYaml,
} from './cases/checkout.ts'

const { kept, empty, merged } = checkoutsOfATest(afterEach)

/** Signs anything, and has something to say about each signature. */
const signer = `#!/bin/sh
cat > /dev/null
echo "gpg: Good signature" >&2
echo "[GNUPG:] SIG_CREATED " >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n'
`

describe('what cannot be decided never passes', { timeout: TIMEOUT_MS }, () => {
  it.each([
    ['an unknown base', 'nowhere', {}, 'no commit, branch or tag nowhere'],
    [
      'a schema that is not JSON',
      'main',
      { [`${events}/3.avsc`]: '{' },
      '3.avsc cannot be compared',
    ],
    [
      'a schema that is not Avro',
      'main',
      { [`${events}/3.avsc`]: '{"type":"thing"}' },
      'unknown type',
    ],
    [
      'a file that is not a version',
      'main',
      { [`${events}/next.avsc`]: schema() },
      'next.avsc is not a version',
    ],
    ['no topics', 'main', { 'contracts/topics.yaml': 'topics: {}' }, 'has no topics'],
    [
      'a level that promises nothing',
      'main',
      { 'contracts/topics.yaml': topicsYaml({ [topic]: { compatibility: 'NONE' } }) },
      'compatibility',
    ],
    [
      'no schemas',
      'main',
      { [`${events}/1.avsc`]: undefined, [`${events}/2.avsc`]: undefined },
      'has no schemas',
    ],
    [
      'bytes that are not text',
      'main',
      { [`${events}/3.avsc`]: undefined },
      '3.avsc is not UTF-8 text',
    ],
  ])('%s', async (name, base, files, message) => {
    const checkout = merged()
    if (name === 'bytes that are not text')
      checkout.writeBytes(`${events}/3.avsc`, Buffer.from([0xff]))
    else checkout.write(files)
    const { code, said } = await checkout.check('--base', base)
    expect(said).toContain(message)
    expect(code).toBe(2)
  })

  it.each(['{"writes":"orders"}', '{"writes":[5]}', '{"gold":{}}', 'null', '[]', '{'])(
    'a job whose topics cannot be read: %s',
    async (text) => {
      const checkout = merged().write({ 'flink-jobs/sums/job.json': text })
      const { code, said } = await checkout.check('--base', 'main')
      expect(said).toContain('flink-jobs/sums/job.json is not the JSON of a job')
      expect(code).toBe(2)
    },
  )

  it('a folder without git', async () => {
    expect(await kept(new Checkout()).check('--base', 'main')).toMatchObject({ code: 2 })
  })

  it('a repository without contracts', async () => {
    const checkout = empty().write({ readme: '' }).commit('nothing')
    expect(await checkout.check('--base', 'main')).toMatchObject({ code: 2 })
  })

  it('a base without contracts', async () => {
    const checkout = empty().write({ readme: '' }).commit('nothing')
    checkout.write({
      'contracts/topics.yaml': topicsYaml({ [topic]: {} }),
      [`${events}/1.avsc`]: schema(),
      'adr/x.md': '',
    })
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain('has no contracts/topics.yaml')
    expect(code).toBe(2)
  })

  it('a shallow clone', async () => {
    const origin = merged()
      .write({ [`${events}/3.avsc`]: schema(note) })
      .commit('a third version')
    const shallow = empty()
    shallow.git('fetch', '--quiet', '--depth', '1', origin.url, 'change')
    shallow.git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
    const { code, said } = await shallow.check()
    expect(said).toContain('git fetch --unshallow')
    expect(code).toBe(2)
  })

  it('a symbolic link instead of a file, which git would store as a link', async () => {
    const checkout = merged()
    symlinkSync('2.avsc', `${checkout.folder}/${events}/3.avsc`)
    const { code, said } = await checkout.check('--base', 'main')
    expect(said).toContain('3.avsc cannot be read')
    expect(code).toBe(2)
  })
})

describe('without --base it finds one, and says which', { timeout: TIMEOUT_MS }, () => {
  const third = { [`${events}/3.avsc`]: schema(note, { name: 'weight', type: 'string' }) }

  it('where the branch left main', async () => {
    const checkout = merged().write(third).commit('a breaking third version')
    const { code, said } = await checkout.check()
    expect(said).toContain('(where this branch left main)')
    expect(code).toBe(1)
  })

  it('where a clone left the main of its origin', async () => {
    const origin = merged()
    const clone = empty()
    clone.git('remote', 'add', 'origin', origin.url)
    clone.git('fetch', '--quiet', 'origin')
    clone.git('reset', '--quiet', '--hard', 'origin/main')
    clone.write({ [`${events}/1.avsc`]: schema(note) }).commit('an edit, on main itself')
    const { code, said } = await clone.check()
    expect(said).toContain('(where this branch left origin/main)')
    expect(said).toContain('version 1 is edited')
    expect(code).toBe(1)
  })

  it('HEAD, on main with a change that is not committed', async () => {
    const checkout = merged()
    checkout.git('checkout', '--quiet', 'main')
    const { code, said } = await checkout.write(third).check()
    expect(said).toContain('(HEAD)')
    expect(code).toBe(1)
  })

  it('the state before the newest version was added, on main without a change', async () => {
    const checkout = merged()
    checkout.git('checkout', '--quiet', 'main')
    checkout.write({ [`${events}/3.avsc`]: schema(note) }).commit('a third version')
    checkout
      .write({ [`${events}/3.avsc`]: schema(note, { ...note, name: 'door' }) })
      .commit('changed')
    const { code, said } = await checkout.check()
    expect(said).toContain('before the newest version of a schema was added')
    expect(code).toBe(0)
    checkout.write({ [`${events}/1.avsc`]: schema({ ...note, name: 'door' }) }).commit('an edit')
    expect(await checkout.check()).toMatchObject({ code: 1 })
  })

  it('whatever git shows beside a commit, such as who has signed it', async () => {
    const checkout = merged()
    checkout.git('checkout', '--quiet', 'main')
    checkout.write({ [`${events}/3.avsc`]: schema(note) })
    checkout.write({ 'signer.sh': signer })
    chmodSync(join(checkout.folder, 'signer.sh'), 0o755)
    checkout.git('config', 'gpg.program', join(checkout.folder, 'signer.sh'))
    checkout.git('config', 'log.showSignature', 'true')
    checkout.git('add', '--all')
    checkout.git('commit', '--quiet', '--gpg-sign=key', '--message', 'a third version')
    const { code, said } = await checkout.check()
    expect(said).toContain('before the newest version of a schema was added')
    expect(code).toBe(1)
  })

  it('and there the newest version of a topic may have changed since', async () => {
    const topics = (...names: readonly string[]) => ({
      'contracts/topics.yaml': topicsYaml(Object.fromEntries(names.map((name) => [name, {}]))),
    })
    const checkout = merged()
    const [lost, damage] = ['parcels.lost.v1', 'parcels.damage.v1']
    const lostSchema = `contracts/events/${lost}/1.avsc`
    checkout.write({ ...topics(topic, lost), [lostSchema]: schema() }).commit('a topic')
    const damageSchema = `contracts/events/${damage}/1.avsc`
    checkout.write({ ...topics(topic, lost, damage), [damageSchema]: schema() }).commit('another')
    checkout.write({ [lostSchema]: schema(note) }).commit('the first topic, changed')
    checkout.git('branch', '--force', 'main')
    expect(await checkout.check()).toMatchObject({ code: 0 })
    expect(await checkout.check('--base', 'HEAD~1')).toMatchObject({ code: 1 })
  })
})

describe('where no default branch is known, nothing passes', { timeout: TIMEOUT_MS }, () => {
  const edited = { [`${events}/1.avsc`]: schema({ ...note, name: 'door' }) }

  /** The default branch is trunk; the edit of a published version is committed on a branch of it. */
  function trunk(): Checkout {
    const checkout = merged()
    checkout.git('branch', '--move', 'main', 'trunk')
    // Whatever the user's own settings are.
    checkout.git('config', 'init.defaultBranch', 'nowhere')
    return checkout.write(edited).commit('an edit')
  }

  it('with another name', async () => {
    const { code, said } = await trunk().check()
    expect(said).toContain('no default branch is found')
    expect(said).toContain('--base <branch>')
    expect(code).toBe(2)
  })

  it('and it is found by the setting of git', async () => {
    const checkout = trunk()
    checkout.git('config', 'init.defaultBranch', 'trunk')
    const { code, said } = await checkout.check()
    expect(said).toContain('where this branch left trunk')
    expect(said).toContain('version 1 is edited')
    expect(code).toBe(1)
  })

  it('and by what the remote says, before a branch that is called main', async () => {
    const origin = trunk()
    origin.git('checkout', '--quiet', 'trunk')
    origin.git('branch', 'main', 'change')
    const clone = empty()
    clone.git('remote', 'add', 'upstream', origin.url)
    clone.git('fetch', '--quiet', 'upstream')
    clone.git('symbolic-ref', 'refs/remotes/upstream/HEAD', 'refs/remotes/upstream/trunk')
    clone.git('reset', '--quiet', '--hard', 'upstream/change')
    const { code, said } = await clone.check()
    expect(said).toContain('where this branch left upstream/trunk')
    expect(code).toBe(1)
  })

  it('on an orphan branch', async () => {
    const checkout = merged()
    checkout.git('checkout', '--quiet', '--orphan', 'orphan')
    const { code, said } = await checkout.write(edited).commit('an edit without a past').check()
    expect(said).toContain('no history in common with main')
    expect(code).toBe(2)
  })

  it('in a shallow clone', async () => {
    const shallow = empty()
    shallow.git('fetch', '--quiet', '--depth', '1', trunk().url, 'change')
    shallow.git('checkout', '--quiet', '--detach', 'FETCH_HEAD')
    expect(await shallow.check()).toMatchObject({ code: 2 })
  })
})
