import { host } from '@tenseams/cli/ports'
import { javaProgram } from '../launcher/host/java.ts'
import { classPath, jvmArguments } from '../launcher/host/jvm.ts'
import { temporaryFolderOf } from '../launcher/host/paths.ts'
import { answersOk } from '../launcher/host/probe.ts'
import type { Component } from '../launcher/plan/part.ts'
import { fullOnly } from '../launcher/plan/profiles.ts'

/** About 1 500 traces of an order. The oldest are dropped first: traces are for looking at what has just happened. */
const MOST_SPANS = 40_000

/** Zipkin's server, with its page. It keeps spans in memory, so they end with it, and nothing needs it to start. */
export const zipkin: Component = {
  kind: 'component',
  name: 'zipkin',
  title: 'Zipkin 3.6, traces',
  profiles: fullOnly,
  needs: [],
  isOptional: true,
  ports: ['zipkin'],
  url: ({ endpoints }) => `${endpoints.zipkinUrl}/zipkin/`,
  command: async ({ paths, ports, endpoints, java }) => ({
    file: javaProgram(java.main),
    arguments: [
      ...jvmArguments(paths, {
        heapMb: 112,
        temporaryFolder: temporaryFolderOf(paths, 'zipkin'),
      }),
      // Left to its own settings it listens on every interface, and lets pages of any origin read.
      `-Darmeria.ports[0].ip=${host}`,
      `-Darmeria.ports[0].port=${ports.zipkin}`,
      '-Darmeria.ports[0].protocols[0]=http',
      `-Dzipkin.query.allowed-origins=${endpoints.zipkinUrl}`,
      // Spring's pages about its own beans and environment.
      '-Dzipkin.internal.actuator.enabled=false',
      '-Dspring.main.banner-mode=off',
      '-cp',
      classPath(paths, 'zipkin'),
      'org.springframework.boot.loader.launch.JarLauncher',
    ],
    environment: { MEM_MAX_SPANS: String(MOST_SPANS), COLLECTOR_GRPC_ENABLED: 'false' },
  }),
  isReady: ({ endpoints }) => answersOk(`${endpoints.zipkinUrl}/health`),
  readyTimeoutMs: 60_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 10_000,
}
