package tenseams.catalog;

import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.iceberg.rest.responses.ErrorResponse;
import org.apache.iceberg.rest.responses.ErrorResponseParser;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tenseams.login.Logins;

/**
 * Asks for a login, refuses what the identity may not do, and notes who has changed what. A request reads when it is a GET or a HEAD, or
 * when a client reports by it what a scan has cost. Every other one changes something, or is taken to.
 */
final class LoginRequired extends Handler.Wrapper {
  private static final Logger LOG = LoggerFactory.getLogger(LoginRequired.class);
  private static final Set<String> READING = Set.of("GET", "HEAD");

  /** Names that are sent as they are: one with a % or that begins with a dot could be another address to the catalogue. */
  private static final Pattern METRICS =
      Pattern.compile("/v1/namespaces/\\w[\\w.-]*/tables/\\w[\\w.-]*/metrics");

  private final Logins logins;
  private final Set<String> readers;
  private final Set<String> writers;

  /** The declaration is in packages/identities/src/server-rights.ts. */
  LoginRequired(Handler handler, Logins logins, Set<String> readers, Set<String> writers) {
    super(handler);
    this.logins = logins;
    this.readers = readers;
    this.writers = writers;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws Exception {
    String path = request.getHttpURI().getPath();
    Optional<String> identity =
        logins.identityIn(request.getHeaders().get(HttpHeader.AUTHORIZATION));
    if (identity.isEmpty()) {
      // A browser asks its user for it.
      response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Basic realm=\"ten-seams\"");
      String reason =
          "the catalogue needs the login of an identity: its name, and its token as the password";
      return refuse(request, response, callback, HttpStatus.UNAUTHORIZED_401, reason);
    }
    boolean reads = reads(request.getMethod(), path);
    Set<String> permitted = reads ? readers : writers;
    if (!permitted.contains(identity.get())) {
      String who = String.join(", ", new TreeSet<>(permitted));
      String reason =
          String.format("%s may not %s tables; %s may", identity.get(), reads ? "read" : "change", who);
      return refuse(request, response, callback, HttpStatus.FORBIDDEN_403, reason);
    }
    if (!reads) {
      LOG.info("{}: {} {}", identity.get(), request.getMethod(), path);
    }
    return super.handle(request, response, callback);
  }

  private static boolean reads(String method, String path) {
    return READING.contains(method) || (method.equals("POST") && METRICS.matcher(path).matches());
  }

  /** In Iceberg's own form, which its clients turn into an error with the reason. */
  private static boolean refuse(
      Request request, Response response, Callback callback, int status, String reason) {
    boolean isUnknown = status == HttpStatus.UNAUTHORIZED_401;
    ErrorResponse error =
        ErrorResponse.builder()
            .responseCode(status)
            .withType(isUnknown ? "NotAuthorizedException" : "ForbiddenException")
            .withMessage(reason)
            .build();
    if (!request.consumeAvailable()) {
      // The rest of the body is still on its way, so the connection cannot take another request.
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
    }
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    Content.Sink.write(response, true, ErrorResponseParser.toJson(error), callback);
    return true;
  }
}
