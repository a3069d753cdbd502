import { mkdir } from 'node:fs/promises'
import { host } from '@tenseams/cli/ports'
import { whoAtCatalog } from '@tenseams/identities/server-rights'
import { javaProgram } from '../launcher/host/java.ts'
import { classPath, jvmArguments } from '../launcher/host/jvm.ts'
import { temporaryFolderOf } from '../launcher/host/paths.ts'
import { answersOk } from '../launcher/host/probe.ts'
import { loginsFileOf, writeLogins } from '../launcher/install/server-logins.ts'
import type { Component } from '../launcher/plan/part.ts'
import { fullOnly } from '../launcher/plan/profiles.ts'

/** Iceberg's REST catalogue on its JDBC catalogue, whose two tables are in Postgres. */
export const catalog: Component = {
  kind: 'component',
  name: 'catalog',
  title: 'Iceberg REST catalogue 1.11',
  profiles: fullOnly,
  needs: ['databases'],
  ports: ['catalog'],
  url: ({ endpoints }) => `${endpoints.catalogUrl}/v1/namespaces`,
  prepare: async (context) => {
    await mkdir(context.paths.warehouse, { recursive: true })
    await writeLogins(context, 'catalog')
  },
  command: async ({ paths, ports, endpoints, secrets, java }) => ({
    file: javaProgram(java.main),
    arguments: [
      ...jvmArguments(paths, {
        heapMb: 192,
        temporaryFolder: temporaryFolderOf(paths, 'catalog'),
        sharing: { component: 'catalog', jdk: java.main, folder: 'catalog' },
      }),
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
      '-cp',
      classPath(paths, 'catalog'),
      'tenseams.catalog.LoopbackCatalog',
      `host=${host}`,
      `port=${ports.catalog}`,
      `logins=${loginsFileOf(paths, 'catalog')}`,
      `readers=${whoAtCatalog('read').join(',')}`,
      `writers=${whoAtCatalog('change').join(',')}`,
      'catalog-impl=org.apache.iceberg.jdbc.JdbcCatalog',
      `uri=jdbc:postgresql://${host}:${ports.postgres}/catalog`,
      'jdbc.user=catalog',
      'jdbc.authenticationPluginClassName=tenseams.catalog.CredentialsFile',
      `jdbc.credentials=${secrets.fileOf('catalog')}`,
      'jdbc.schema-version=V1',
      'io-impl=tenseams.catalog.LocalFileIO',
      `warehouse=${endpoints.warehouse}`,
    ],
  }),
  isReady: async ({ endpoints }) =>
    answersOk(`${endpoints.catalogUrl}/v1/config`, await endpoints.login()),
  readyTimeoutMs: 60_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 15_000,
}
