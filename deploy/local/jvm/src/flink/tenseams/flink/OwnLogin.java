package tenseams.flink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

/** Flink's own identity. Its file is read for each login, so a rotation needs no restart. */
final class OwnLogin {
  private static final ObjectMapper JSON = new ObjectMapper();

  private OwnLogin() {}

  /** The header {@code Authorization} of this process, out of the file that {@code tenseams.credentials} names. */
  static String authorization() {
    String file = System.getProperty("tenseams.credentials");
    if (file == null) {
      throw new IllegalStateException("start this JVM with -Dtenseams.credentials=<file of its identity>");
    }
    try {
      JsonNode read = JSON.readTree(Path.of(file).toFile());
      String pair = read.required("identity").asText() + ":" + read.required("token").asText();
      return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    } catch (IOException | IllegalArgumentException failure) {
      // Without its cause: an error of parsing quotes the text.
      throw new IllegalStateException(file + " is no file of credentials with a token");
    }
  }
}
