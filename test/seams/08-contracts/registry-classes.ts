import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { chooseJava, findJdks, javaProgram } from '@tenseams/local/launcher/host/java'

/** Which files the registry's own class takes for a compatible successor, each line of base64: before, after. */
const program = `
import io.apicurio.registry.protobuf.rules.compatibility.protobuf.ProtobufCompatibilityCheckerLibrary;
import io.apicurio.registry.utils.protobuf.schema.ProtobufFile;
import java.nio.file.*;
import java.util.*;

public class Judge {
  public static void main(String[] paths) throws Exception {
    List<String> verdicts = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(paths[0]))) {
      String[] texts = line.split(" ");
      verdicts.add(String.valueOf(
        new ProtobufCompatibilityCheckerLibrary(file(texts[0]), file(texts[1])).validate()));
    }
    Files.write(Path.of(paths[1]), verdicts);
  }

  static ProtobufFile file(String text) {
    return new ProtobufFile(new String(Base64.getDecoder().decode(text)));
  }
}
`

const TIMEOUT_MS = 120_000

export type Change = { readonly before: string; readonly after: string }

/** True for each change that the installed registry's own class allows. It runs without the registry. */
export function allowedByRegistry(changes: readonly Change[]): readonly boolean[] {
  const folder = mkdtempSync(join(tmpdir(), 'ten-seams-registry-classes-'))
  const [source, input, output] = ['Judge.java', 'in', 'out'].map((name) => join(folder, name))
  if (source === undefined || input === undefined || output === undefined) return []
  try {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const lines = changes.map(({ before, after }) => `${base64(before)} ${base64(after)}\n`)
    writeFileSync(source, program)
    writeFileSync(input, lines.join(''))
    const classes = join(projectRoot, 'deploy/local/jvm/lib/registry/lib/main/*')
    const { registry } = chooseJava(findJdks())
    execFileSync(javaProgram(registry), ['-cp', classes, source, input, output], {
      timeout: TIMEOUT_MS,
    })
    const verdicts = readFileSync(output, 'utf8').trim().split('\n')
    return verdicts.map((verdict) => verdict === 'true')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
