import { projectRoot } from '@tenseams/cli/instance'
import { chooseJava, findJdks } from '@tenseams/local/launcher/host/java'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { installArtefacts } from '@tenseams/local/launcher/install/artefacts'
import { defaultDebezium } from '@tenseams/local/launcher/plan/debezium-line'

/**
 * Installs the jars before any file runs: a test that starts a JVM without the launcher needs them too, and one must not
 * read a folder of jars that another file's instance is filling.
 */
export async function setup(): Promise<void> {
  await installArtefacts(pathsOf(projectRoot, 'proofs'), {
    profile: 'full',
    debezium: defaultDebezium,
    jdk: chooseJava(findJdks()).main,
    onProgress: (line) => console.log(`  ${line}`),
  })
}
