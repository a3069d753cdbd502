package org.apache.flink.metrics.prometheus;

import io.prometheus.client.exporter.HTTPServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Properties;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Flink's Prometheus reporter on one chosen interface.
 *
 * <p>The original binds every interface and takes no host. This class stands in the original's package
 * because the class it extends is visible only there.
 */
public final class LoopbackPrometheusReporterFactory implements MetricReporterFactory {
  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    String host = properties.getProperty("host", "127.0.0.1");
    // Flink puts the port in as an Integer, which getProperty does not see.
    int port = Integer.parseInt(String.valueOf(properties.get("port")));
    return new Reporter(new InetSocketAddress(host, port));
  }

  private static final class Reporter extends AbstractPrometheusReporter {
    private final HTTPServer server;

    Reporter(InetSocketAddress address) {
      try {
        server = new HTTPServer(address, registry, true);
      } catch (IOException failure) {
        throw new UncheckedIOException("cannot listen on " + address, failure);
      }
    }

    @Override
    public void close() {
      server.stop();
      super.close();
    }
  }
}
