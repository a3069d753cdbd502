import { expect, test } from 'vitest'
import { brokenModes } from './broken-modes.ts'
import { looseContracts, versionsWithoutRecords } from './contracts.ts'
import { importCircles } from './cycles.ts'
import { disorderlyDecisions, unconfirmedDecisions } from './decisions.ts'
import { deadLinks, longReadme, looseSteps } from './documents.ts'
import { crowdedFolders, looseFiles, ownerlessFolders } from './folders.ts'
import { refusedWords, staleWhereabouts } from './glossary.ts'
import { emptyScripts, looseDependencies, staleLocks, unknownCommands } from './packages.ts'
import { boundRegistries, machinePaths } from './paths.ts'
import { forbiddenImports, impureDomains } from './rooms.ts'
import {
  malformedRunbooks,
  undeclaredInRunbooks,
  unknownLabels,
  unpairedRunbooks,
  unsetVariables,
  untestedAlerts,
  withoutShell,
} from './runbooks.ts'
import { undeclaredLogLines, undeclaredMetrics } from './telemetry.ts'
import { type Rule, readTree } from './tree.ts'
import { repeatedVersions } from './versions.ts'

const tree = readTree()

test('the repository is not empty', () => {
  expect(tree.size).toBeGreaterThan(50)
  expect(tree.has('package.json')).toBe(true)
})

test.each<[string, Rule]>([
  ['each room imports only the rooms that it may', forbiddenImports],
  ['a domain imports the decider only', impureDomains],
  ['every folder has an owner', ownerlessFolders],
  ['no file lies outside of a room', looseFiles],
  ['no room is crowded', crowdedFolders],
  ['no imports go round in a circle', importCircles],
  ['no broken mode lives outside of test', brokenModes],
  ['nothing names a path of one machine or in one network', machinePaths],
  ['nothing binds its users to a registry', boundRegistries],
  ['dependencies are pinned exactly', looseDependencies],
  ['the lock file agrees with every package.json', staleLocks],
  ['every script runs a file that is there', emptyScripts],
  ['every command in a document exists', unknownCommands],
  ['every link in a document leads somewhere', deadLinks],
  ['the README is read in thirty seconds', longReadme],
  ['each step of the way leads to its room and its test', looseSteps],
  ['decisions are numbered, in form and in the index', disorderlyDecisions],
  ['each decision is confirmed by something that runs', unconfirmedDecisions],
  ['every topic has its schemas and its dead letter topic', looseContracts],
  ['every version of a schema has records that it wrote', versionsWithoutRecords],
  ['one word for one thing, as docs/glossary.md has it', refusedWords],
  ['the glossary says where its terms are', staleWhereabouts],
  ['every metric is made from its declaration', undeclaredMetrics],
  ['no line of a log has undeclared fields', undeclaredLogLines],
  ['JVM versions stand in the pom only', repeatedVersions],
  ['every runbook has its form', malformedRunbooks],
  ['every alert has a runbook, and every runbook an alert', unpairedRunbooks],
  ['every alert has cases for promtool', untestedAlerts],
  ['every label in a runbook is one of its alert', unknownLabels],
  ['every metric in a runbook is declared', undeclaredInRunbooks],
  ['every variable in a runbook is set', unsetVariables],
  ['every runbook says which shell its commands need', withoutShell],
])('%s', (_promise, rule) => {
  expect(rule(tree)).toEqual([])
})
