package tenseams.flink;

import java.net.URI;
import java.util.Map;
import org.apache.iceberg.rest.HTTPHeaders;
import org.apache.iceberg.rest.HTTPHeaders.HTTPHeader;
import org.apache.iceberg.rest.HTTPRequest;
import org.apache.iceberg.rest.RESTClient;
import org.apache.iceberg.rest.auth.AuthManager;
import org.apache.iceberg.rest.auth.AuthSession;
import org.apache.iceberg.rest.auth.DefaultAuthSession;

/**
 * Logs Flink in to Iceberg's catalogue, as Flink's own identity. SQL names this class as the {@code rest.auth.type} of a catalogue, so
 * nothing secret is in SQL, and so neither in a job graph, a log nor what the REST interfaces show.
 */
public final class CatalogLogin implements AuthManager {
  private static final String ADDRESS = "tenseams.catalog";

  /** Called by Iceberg, with the catalogue's name in SQL. */
  public CatalogLogin(String name) {}

  @Override
  public AuthSession catalogSession(RESTClient client, Map<String, String> properties) {
    return new OwnSession(URI.create(System.getProperty(ADDRESS, "")));
  }

  @Override
  public void close() {}

  /** @param catalogue the only address that gets the login: SQL may name any other as a catalogue's. */
  private record OwnSession(URI catalogue) implements AuthSession {
    @Override
    public HTTPRequest authenticate(HTTPRequest request) {
      URI asked = request.requestUri();
      boolean isOwn =
          asked.getScheme().equals(catalogue.getScheme())
              && asked.getRawAuthority().equals(catalogue.getRawAuthority());
      if (!isOwn) {
        throw new IllegalStateException(
            "Flink logs in at " + catalogue + " only (-D" + ADDRESS + "), not at " + asked);
      }
      HTTPHeader login = HTTPHeader.of("Authorization", OwnLogin.authorization());
      return DefaultAuthSession.of(HTTPHeaders.of(login)).authenticate(request);
    }

    @Override
    public void close() {}
  }
}
