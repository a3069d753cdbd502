import { join } from 'node:path'
import { host } from '@tenseams/cli/ports'
import { readCredentials } from '@tenseams/identities/credentials'
import { whoLogsIn } from '@tenseams/identities/server-rights'
import { javaProgram } from '../launcher/host/java.ts'
import { jvmArguments } from '../launcher/host/jvm.ts'
import { temporaryFolderOf } from '../launcher/host/paths.ts'
import { answersOk } from '../launcher/host/probe.ts'
import {
  credentialsOf,
  registryAccess,
  writeSecretProperties,
} from '../launcher/install/server-logins.ts'
import type { Component, Context } from '../launcher/plan/part.ts'
import { everyProfile } from '../launcher/plan/profiles.ts'

/** Apicurio's registry with the Confluent API. Its subjects are in Postgres, so they survive a kill of the registry. */
export const registry: Component = {
  kind: 'component',
  name: 'registry',
  title: 'Apicurio schema registry 3.3',
  profiles: everyProfile,
  needs: ['databases'],
  ports: ['registry', 'registryManagement'],
  url: ({ ports }) => `http://${host}:${ports.registry}/apis/ccompat/v7/subjects`,
  // Passwords are in a file that only its owner reads: arguments and environments are shown to others, and end in reports.
  prepare: async (context) => {
    const { postgres = {} } = await readCredentials(context.secrets.fileOf('registry'))
    await writeSecretProperties(settingsFile(context), {
      'apicurio.datasource.password': postgres.registry ?? '',
      ...registryAccess(await credentialsOf(context, whoLogsIn('registry'))),
    })
  },
  command: async ({ paths, ports, java }) => ({
    file: javaProgram(java.registry),
    arguments: [
      ...jvmArguments(paths, {
        heapMb: 320,
        temporaryFolder: temporaryFolderOf(paths, 'registry'),
        sharing: { component: 'registry', jdk: java.registry, folder: 'registry' },
      }),
      `-Dquarkus.http.host=${host}`,
      `-Dquarkus.http.port=${ports.registry}`,
      `-Dquarkus.management.host=${host}`,
      `-Dquarkus.management.port=${ports.registryManagement}`,
      // Its own origin, instead of the two at which its makers develop its page.
      `-Dquarkus.http.cors.origins=http://${host}:${ports.registry}`,
      '-Dquarkus.http.access-log.enabled=false',
      `-Dquarkus.config.locations=${settingsFile({ paths })}`,
      '-jar',
      join(paths.jvm, 'lib', 'registry', 'quarkus-run.jar'),
    ],
    environment: {
      APICURIO_STORAGE_KIND: 'sql',
      APICURIO_STORAGE_SQL_KIND: 'postgresql',
      APICURIO_DATASOURCE_URL: `jdbc:postgresql://${host}:${ports.postgres}/registry`,
      APICURIO_DATASOURCE_USERNAME: 'registry',
      APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
      APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
      APICURIO_DATASOURCE_JDBC_MAX_SIZE: '10',
    },
  }),
  isReady: ({ endpoints }) => answersOk(`${endpoints.registryUrl}/subjects`),
  readyTimeoutMs: 120_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 20_000,
}

const settingsFile = ({ paths }: Pick<Context, 'paths'>) => join(paths.run, 'registry.properties')
