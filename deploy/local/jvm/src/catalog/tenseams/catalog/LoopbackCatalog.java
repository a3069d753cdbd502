package tenseams.catalog;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.rest.RESTCatalogAdapter;
import org.apache.iceberg.rest.RESTCatalogServlet;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import tenseams.login.Logins;

/**
 * Iceberg's REST catalogue on one chosen interface, for those who may use it.
 *
 * <p>Iceberg's own RESTCatalogServer binds every interface and takes no host, and asks nobody who they are. Arguments are catalogue
 * properties, {@code name=value}. Ours are {@code host}, {@code port}, {@code logins} (a file: {@link Logins}), {@code readers} and
 * {@code writers} (names of identities, separated by commas). The password of the JDBC catalogue is in none of them, since every
 * user of the machine can read arguments: see {@link CredentialsFile}.
 */
public final class LoopbackCatalog {
  private LoopbackCatalog() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, String> properties = propertiesOf(arguments);
    String host = required(properties, "host");
    int port = Integer.parseInt(required(properties, "port"));
    Logins logins = new Logins(Path.of(required(properties, "logins")));
    Set<String> readers = Set.of(required(properties, "readers").split(","));
    Set<String> writers = Set.of(required(properties, "writers").split(","));
    Catalog catalog = CatalogUtil.buildIcebergCatalog("lake", properties, new Configuration());
    Server server = new Server();
    server.addConnector(connector(server, host, port));
    Handler forIdentities = new LoginRequired(handler(catalog), logins, readers, writers);
    server.setHandler(new SameOrigin(forIdentities));
    server.setStopAtShutdown(true);
    server.start();
    server.join();
  }

  private static Map<String, String> propertiesOf(String[] arguments) {
    Map<String, String> properties = new HashMap<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("expected name=value, got: " + argument);
      }
      properties.put(argument.substring(0, equals), argument.substring(equals + 1));
    }
    return properties;
  }

  private static String required(Map<String, String> properties, String name) {
    String value = properties.remove(name);
    if (value == null) {
      throw new IllegalArgumentException("argument " + name + " is missing");
    }
    return value;
  }

  private static ServerConnector connector(Server server, String host, int port) {
    ServerConnector connector = new ServerConnector(server);
    connector.setHost(host);
    connector.setPort(port);
    return connector;
  }

  private static ServletContextHandler handler(Catalog catalog) {
    ServletContextHandler context = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
    RESTCatalogServlet servlet = new RESTCatalogServlet(new RESTCatalogAdapter(catalog));
    context.addServlet(new ServletHolder(servlet), "/*");
    return context;
  }
}
